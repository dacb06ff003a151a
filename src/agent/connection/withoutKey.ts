import type { Log } from '../host.ts';
import type { LinkEnd } from './ending.ts';

/**
 * Takes the key out of what others say: a server may well repeat it in an error or a close reason.
 * A very short key would take ordinary words with it and stays.
 */
export interface KeyRemover {
  text(text: string): string;
  end(end: LinkEnd): LinkEnd;
  /** The same log, with the key taken out of the fields that are text. */
  log: Log;
}

export function keyRemover(key: string, log: Log): KeyRemover {
  const clean = (text: string) => (key.length < 4 ? text : text.replaceAll(key, '[key]'));
  return {
    text: clean,
    end: (end) => {
      switch (end.kind) {
        case 'closed':
          return { ...end, reason: clean(end.reason) };
        case 'error':
          return { ...end, message: clean(end.message) };
        case 'refused':
          return { ...end, text: clean(end.text) };
        default:
          return end;
      }
    },
    log: (level, message, fields = {}) => {
      const cleaned = Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === 'string' ? clean(value) : value,
      ]);
      log(level, message, Object.fromEntries(cleaned));
    },
  };
}
