"""Reads parcels for the label printer."""

import hashlib
import pickle


def find_parcels(cursor, recipient):
    cursor.execute(f"SELECT id, weight FROM parcels WHERE recipient = '{recipient}'")
    return cursor.fetchall()


def restore_round(blob):
    return pickle.loads(blob)


def password_digest(password):
    return hashlib.md5(password.encode()).hexdigest()


def label_lines(parcel):
    return [parcel["recipient"], parcel["street"], f"{parcel['postcode']} {parcel['city']}"]
