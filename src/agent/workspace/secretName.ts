import { findSecrets } from './redact.ts';

/** Every token is longer than this; looked for first, because most names are not. */
const mayHoldToken = /[\w.-]{16}/;

/**
 * Why a file of this path is kept back when its name, or that of a folder on the way, is a secret: a name goes wherever
 * its file does, and masked it would not lead to the file any more.
 */
export function secretName(path: string): string | undefined {
  return mayHoldToken.test(path) && findSecrets(path).length > 0 ? 'kept back: its name holds a secret' : undefined;
}
