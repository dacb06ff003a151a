import { failed, failures, type Outcome, succeeded } from '../../failures.ts';

/** Whether a text has the shape of a region, so that it can stand in a host name. */
export function isRegion(text: string): boolean {
  return /^[a-z]{2,8}(-[a-z]{1,16}){1,3}-\d{1,2}$/.test(text);
}

/** Domains of the partitions, by how their regions begin; the first that fits counts. */
const domains: readonly (readonly [string, string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['us-iso-', 'c2s.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['eusc-', 'amazonaws.eu'],
];

/**
 * Where Bedrock is called: the person's own endpoint, else the region's. It is always given to the SDK, which
 * otherwise lets AWS_ENDPOINT_URL or a profile send the request, credentials included, anywhere.
 * `region` has passed `isRegion`.
 */
export function resolveEndpoint(setting: string, region: string, fips: boolean): Outcome<URL> {
  if (setting === '') {
    const domain = domains.find(([start]) => region.startsWith(start))?.[1] ?? 'amazonaws.com';
    return succeeded(new URL(`https://bedrock-runtime${fips ? '-fips' : ''}.${region}.${domain}`));
  }
  const url = URL.canParse(setting) ? new URL(setting) : undefined;
  if (!url) return failed(failures.badEndpoint('it is not a URL.'));
  if (url.username !== '' || url.password !== '') return failed(failures.badEndpoint('it contains a user name.'));
  if (url.search !== '' || url.hash !== '') return failed(failures.badEndpoint('it contains a query or a fragment.'));
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return succeeded(url);
  return failed(failures.badEndpoint('it must start with https://.'));
}

/** The URL parser has already turned every spelling of an IPv4 address into four decimal numbers. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
