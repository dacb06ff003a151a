import { type Failure, failures } from '../failures.ts';
import { certificateCode, type ProxyProblem } from './tunnel.ts';

/** Why no proxy on the way to `host` let us through, and what mends it. */
export function proxyFailure(
  { proxy, problem, code }: { readonly proxy: string; readonly problem: ProxyProblem; readonly code: string },
  host: string,
): Failure {
  switch (problem) {
    case 'unusable':
      return failures.proxyUnusable(proxy, code);
    case 'unreachable':
    case 'silent':
      return failures.proxyUnreachable(proxy, code);
    case 'certificate':
      return failures.proxyCertificate(proxy, code);
    case 'authentication':
      return failures.proxyAuthentication(proxy, code);
    case 'refused':
      return failures.proxyRefused(proxy, host, code);
    case 'broke':
      return failures.proxyBroke(proxy, host, code);
  }
}

/**
 * What an error code of Node or OpenSSL says about TLS with `host`; undefined when it is about something else.
 * `setting` is where the address of the host stands.
 */
export function tlsFailure(code: string, host: string, setting: string): Failure | undefined {
  if (/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/.test(code)) return failures.certificateOutOfDate(host, code);
  if (/ALTNAME|HOSTNAME_MISMATCH/.test(code)) return failures.certificateOfAnother(host, code, setting);
  if (/SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY|CERT_UNTRUSTED|INVALID_CA/.test(code)) {
    return failures.certificateUntrusted(host, code);
  }
  if (/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/.test(code)) return failures.tlsTooOld(host, code);
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LENGTH|HTTP_REQUEST/.test(code)) {
    return failures.noTls(host, code, setting);
  }
  if (/^ERR_(SSL|TLS)_/.test(code)) return failures.tlsFailed(host, code);
  return certificateCode.test(code) ? failures.certificateRefused(host, code) : undefined;
}
