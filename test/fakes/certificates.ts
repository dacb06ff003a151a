import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';

const folder = join(import.meta.dirname, '..', 'fixtures', 'tls');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

/**
 * Certificates for localhost and 127.0.0.1, for servers of tests, whose keys are open to everybody. `good` also for
 * `*.mesh.test`; `expired` since 2021; `another` for another host; `alone` signed by nobody but itself.
 */
export function certificate(name: 'good' | 'expired' | 'another' | 'alone'): { cert: string; key: string } {
  return { cert: read(`${name}.pem`), key: read(`${name}.key.pem`) };
}

/** Who signed all of them but `alone`: a path, as NODE_EXTRA_CA_CERTS takes it. */
export const authorityPath = join(folder, 'authority.pem');

/** Makes this process trust it from now on, and gives back a way to trust it no longer. */
export function trustAuthority(): () => void {
  const before = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...before, read('authority.pem')]);
  return () => tls.setDefaultCACertificates(before);
}
