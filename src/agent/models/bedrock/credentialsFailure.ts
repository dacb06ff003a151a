import { type Failure, failures } from '../../failures.ts';

/** Failures of finding or proving credentials, by the error's name and message; undefined when it is about something else. */
export function credentialsFailure(name: string, message: string, detail: string): Failure | undefined {
  switch (name) {
    case 'ExpiredTokenException':
    case 'ExpiredToken':
    case 'RequestExpired':
      return failures.credentialsExpired(detail);
    case 'RequestTimeTooSkewed':
      return failures.clockWrong(detail);
    case 'InvalidSignatureException':
    case 'SignatureDoesNotMatch':
      return /signature (expired|not yet current)/i.test(message)
        ? failures.clockWrong(detail)
        : failures.credentialsRejected(detail);
    case 'UnrecognizedClientException':
    case 'InvalidClientTokenId':
    case 'IncompleteSignatureException':
    case 'MissingAuthenticationTokenException':
      return failures.credentialsRejected(detail);
    case 'CredentialsProviderError':
    case 'TokenProviderError':
    case 'ProviderError':
      return /sso login|sso session|expired/i.test(message)
        ? failures.credentialsExpired(detail)
        : failures.noCredentials(detail);
    default:
      return undefined;
  }
}
