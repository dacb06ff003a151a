import type { Finding } from './finding.ts';
import { fingerprint, movableFingerprint } from './fingerprint.ts';

/** Something a person does not want to be shown again. Paths are relative to the folder that it is said for. */
export type Suppression = {
  /** Why, in the person's words. Given to the next review as data. */
  readonly reason?: string;
  /** `2026-11-23` */
  readonly added: string;
} & (
  | {
      readonly scope: 'finding';
      readonly fingerprint: string;
      /** The same without the path, for code that moves to another file. */
      readonly movable: string;
      /** Which of several in the file that mean the same, from 0, and how many there were. Absent: the only one. */
      readonly place?: readonly [number, number];
      readonly file: string;
      /** Rule, or what kind of finding it is. */
      readonly rule: string;
      readonly title: string;
      /** The code, on one line, cut: so that the same finding with a longer or shorter quote is still known. */
      readonly quote: string;
    }
  | { readonly scope: 'rule'; readonly rule: string }
  | { readonly scope: 'file'; readonly file: string }
);

export const longestQuote = 300;
/** A shorter quote says too little to know a finding by a part of it. */
const tellingQuote = 12;

/** A finding as its own folder names it. */
export interface Standing {
  readonly finding: Finding;
  /** Which of several in the file that mean the same it is, from 0, and how many there are. */
  readonly place: readonly [number, number];
  readonly fingerprint: string;
  readonly movable: string;
  /** On one line, cut. */
  readonly quote: string;
}

/** `alike`: findings that may mean the same, the finding among them. `relative`: its path below its folder. */
export function standing(finding: Finding, alike: readonly Finding[], relative: string): Standing {
  const same = alike
    .filter(({ file, fingerprint: other }) => file === finding.file && other === finding.fingerprint)
    .sort((a, b) => a.range.line - b.range.line || a.range.column - b.range.column);
  const own = { ...finding, file: relative };
  return {
    finding: own,
    place: [
      Math.max(
        same.findIndex(({ id }) => id === finding.id),
        0,
      ),
      Math.max(same.length, 1),
    ],
    fingerprint: fingerprint(own),
    movable: movableFingerprint(own),
    quote: finding.quote.replace(/\s+/g, ' ').trim().slice(0, longestQuote),
  };
}

/** `today` as in `added`. Undefined for the rule of a finding that no rule made. */
export function suppress(
  { finding, place, quote, ...prints }: Standing,
  scope: Suppression['scope'],
  { today, reason }: { readonly today: string; readonly reason?: string },
): Suppression | undefined {
  const own = { added: today, ...(reason && { reason }) };
  switch (scope) {
    case 'rule':
      return finding.ruleId === undefined ? undefined : { scope, rule: finding.ruleId, ...own };
    case 'file':
      return { scope, file: finding.file, ...own };
    case 'finding':
      return {
        scope,
        fingerprint: prints.fingerprint,
        movable: prints.movable,
        ...(place[1] > 1 && { place }),
        file: finding.file,
        rule: kindOf(finding),
        title: finding.title,
        quote,
        ...own,
      };
  }
}

/** `moved`: the file that it was said of is no more, so the same code elsewhere may be what stood in it. */
export function covers(
  suppression: Suppression,
  { finding, place, quote, ...prints }: Standing,
  moved: boolean,
): boolean {
  switch (suppression.scope) {
    case 'rule':
      return finding.ruleId === suppression.rule;
    case 'file':
      return finding.file === suppression.file;
    case 'finding': {
      const [which, of] = suppression.place ?? [0, 1];
      if (suppression.fingerprint === prints.fingerprint) return which === place[0] && of === place[1];
      if (suppression.rule !== kindOf(finding)) return false;
      if (suppression.file !== finding.file) return moved && suppression.movable === prints.movable;
      return of === 1 && quotesMeet(suppression.quote, quote);
    }
  }
}

/** A model quotes now more, now less of the same place; but one line of a long quote is no reason to hide all of it. */
function quotesMeet(a: string, b: string): boolean {
  const [shorter, longer] = a.length < b.length ? [a, b] : [b, a];
  return shorter.length >= Math.max(tellingQuote, longer.length / 2) && longer.includes(shorter);
}

function kindOf({ ruleId, type }: Finding): string {
  return ruleId ?? type;
}
