import { failures, type Outcome } from '../failures.ts';
import type { ChangeScope } from '../host.ts';
import { type CodeSource, parseAnalysis, parseDocumentation, parseReview } from './payload.ts';
import type { Task } from './task.ts';

/**
 * What a task wants, to go on after "asks to": `review 3 files`. Names in it are the requester's words, uncleaned. A
 * payload that cannot be read fails with the reason.
 */
export function wishOf({ type, payload }: Pick<Task, 'type' | 'payload'>): Outcome<string> {
  switch (type) {
    case 'code_review':
      return said(parseReview(payload), ({ source }) => `review ${objectOf(source)}`);
    case 'documentation':
      return said(parseDocumentation(payload), ({ source, symbol }) => {
        const where = source.kind === 'file' ? source.path : objectOf(source);
        return symbol === undefined ? `document ${where}` : `document ${symbol} in ${where}`;
      });
    case 'analysis':
      return said(parseAnalysis(payload), ({ source, question }) =>
        question === undefined ? `analyse ${objectOf(source)}` : `answer a question about ${objectOf(source)}`,
      );
    default:
      return { ok: false, failure: failures.unsupportedTask(type) };
  }
}

function said<T>(parsed: Outcome<T>, sentence: (payload: T) => string): Outcome<string> {
  return parsed.ok ? { ok: true, value: sentence(parsed.value) } : parsed;
}

function objectOf(source: CodeSource): string {
  switch (source.kind) {
    case 'code':
      return 'code that it sent along';
    case 'files': {
      // What is meant when the guessed names lead nowhere may be much more than they are.
      const { otherwise } = source;
      if (otherwise) return `${objectOf({ kind: 'files', patterns: source.patterns })}, or else ${objectOf(otherwise)}`;
      const [only = '', ...others] = source.patterns;
      if (source.patterns.includes('**/*')) return 'all files of this workspace';
      if (others.length === 0) return only;
      const wide = source.patterns.find((pattern) => /[*?[\]{}]|\/$/.test(pattern));
      const count = source.patterns.length;
      return wide === undefined ? `${count} files` : `the files of ${count} patterns such as ${wide}`;
    }
    case 'selection':
      return `lines ${source.lines.from} to ${source.lines.to} of ${source.path}`;
    case 'changes':
      return changesOf(source.changes);
  }
}

function changesOf(scope: ChangeScope): string {
  switch (scope.kind) {
    case 'uncommitted':
      return 'your uncommitted changes';
    case 'staged':
      return 'your staged changes';
    case 'branch':
      return scope.base === '' ? 'the changes of this branch' : `the changes since ${scope.base}`;
    case 'commit':
      return `commit ${scope.commit}`;
  }
}
