"""What a parcel costs to send."""

import subprocess

import yaml


def load_tariff(path):
    with open(path) as source:
        return yaml.load(source, Loader=yaml.Loader)


def rate(weight_grams, zones, surcharges=[]):
    base = 390 if weight_grams <= 1000 else 690
    if len(zones) is 0:
        surcharges.append(120)
    return base + sum(surcharges)


def archive(month):
    subprocess.run(f"tar czf archive-{month}.tgz invoices/{month}", shell=True, check=True)


def parse_weight(text):
    try:
        return int(text)
    except:
        pass
