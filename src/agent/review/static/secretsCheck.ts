import type { FoundIssue } from '../../findings/finding.ts';
import type { FoundSecret } from '../../workspace/redact.ts';
import type { Snapshot } from '../../workspace/snapshot.ts';
import { linesOf } from '../lines.ts';
import { byPlace, quoteAt } from './quote.ts';
import type { StaticCheck } from './staticCheck.ts';

/** `findSecrets` of `workspace/redact.ts`, perhaps with the values that are known to be secret. */
export type FindSecrets = (text: string) => readonly FoundSecret[];

/** Of these only a name or a prefix tells that they are secret, so some are examples. */
const guessed = new Set(['password', 'secret value', 'authorization header', 'password in a URL']);

/** Beyond so many in one file, the file is a list of keys, and one more line about it helps nobody. */
const mostSecrets = 100;

/**
 * Keys and passwords that stand in the source. Where they stand and of which kind is told, never the secret: the quote,
 * which for other findings is the text at the range, is empty, for it travels to the server and into reports. The
 * fingerprint then rests on the title, so the title counts secrets of one kind.
 */
export function createSecretsCheck(findSecrets: FindSecrets): StaticCheck {
  return {
    name: 'secrets',
    check: async (snapshot, signal) => {
      signal.throwIfAborted();
      return issuesOf(findSecrets(snapshot.text), snapshot);
    },
  };
}

function issuesOf(secrets: readonly FoundSecret[], snapshot: Snapshot): FoundIssue[] {
  const lines = linesOf(snapshot.text);
  const seen = new Map<string, number>();
  return [...secrets]
    .sort((a, b) => a.start - b.start)
    .slice(0, mostSecrets)
    .map((secret): FoundIssue => {
      const count = (seen.get(secret.kind) ?? 0) + 1;
      seen.set(secret.kind, count);
      const kind = secret.kind.slice(0, 60);
      return {
        source: 'secrets',
        type: 'security',
        severity: guessed.has(secret.kind) ? 'high' : 'critical',
        confidence: guessed.has(secret.kind) ? 0.6 : 0.9,
        file: snapshot.file,
        range: quoteAt(snapshot.text, lines, secret.start, secret.end).range,
        title: `Secret in the source: ${kind}${count > 1 ? ` (${count})` : ''}`,
        description:
          'Whoever can read this file, its history, a build artefact or a backup of either can use the secret. ' +
          'Taking it out later does not help: it stays in the history and must be regarded as known.',
        suggestion:
          'Revoke the secret, issue a new one, and read it at run time from a secret store or the environment.',
        ruleId: `secret/${kind.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`,
        ruleUrl: 'https://cwe.mitre.org/data/definitions/798.html',
        quote: '',
      };
    })
    .sort(byPlace);
}
