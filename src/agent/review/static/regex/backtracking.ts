import { countSteps } from './countSteps.ts';
import { type CodeRange, includes, inverse, type Piece, parseRegex } from './parseRegex.ts';

/**
 * How the time of one attempt grows with the length of the worst text that was tried: `exponential` doubles with every
 * few characters, `cubic` and `quadratic` are powers. Undefined: nothing worse than in proportion was found.
 */
export type Growth = 'exponential' | 'cubic' | 'quadratic';

export interface GrowthOptions {
  /** The match must reach the end of the text. */
  readonly whole?: boolean;
  /** Called between trials, each of which takes about a millisecond. */
  readonly pause?: () => Promise<void>;
}

/** Steps spent on one expression, about as many nanoseconds times fifty. */
const budget = 30_000;
const limit = 8_000;

/**
 * Looks for a text on which a backtracking matcher takes far too long: what leads to a repeat, then what the repeat
 * matches, many times, then something that makes the match fail. Each such text is really tried, step by step, so an
 * answer is never a guess; an undefined one is no proof.
 */
export async function growthOf(
  source: string,
  flags: string,
  { whole = false, pause = async () => undefined }: GrowthOptions = {},
): Promise<Growth | undefined> {
  const key = `${whole ? '$' : ''}${flags}/${source}`;
  if (!answers.has(key)) {
    if (answers.size >= mostAnswers) answers.clear();
    answers.set(key, await worstOf(source, flags, whole, pause));
  }
  return answers.get(key);
}

/** Several rules ask about the same expression. */
const answers = new Map<string, Growth | undefined>();
const mostAnswers = 500;

async function worstOf(
  source: string,
  flags: string,
  whole: boolean,
  pause: () => Promise<void>,
): Promise<Growth | undefined> {
  const parsed = parseRegex(source, flags);
  if (!parsed || !suspicious(parsed)) return undefined;
  const piece: Piece = whole ? { kind: 'sequence', parts: [parsed, { kind: 'edge', at: 'end' }] } : parsed;
  const letters = alphabetOf(piece);
  let spent = 0;
  let worst: Growth | undefined;
  const steps = (text: string) => {
    const count = countSteps(piece, text, 0, limit);
    spent += count;
    return count;
  };
  for (const { before, of } of repeatsOf(piece, '')) {
    for (const pump of pumpsOf(of, letters)) {
      for (const suffix of ['', ...letters]) {
        if (spent > budget) return worst;
        await pause();
        const attack = (times: number) => before + pump.repeat(times) + suffix;
        const [few, more] = [steps(attack(8)), steps(attack(16))];
        // In proportion it would at most double.
        if (more < few * 2.4 && more < limit) continue;
        if (grows(steps, attack)) return 'exponential';
        const degree = degreeOf(steps, attack);
        if (degree > 2.6) worst = 'cubic';
        else if (degree > 1.65) worst ??= 'quadratic';
      }
    }
  }
  return worst;
}

/** Two more rounds multiply the steps, again and again: no power of a small degree does that at such lengths. */
function grows(steps: (text: string) => number, attack: (times: number) => string): boolean {
  let before = steps(attack(2));
  let factor = 1;
  for (let times = 4; times <= 20; times += 2) {
    const count = steps(attack(times));
    if (count >= limit) return factor >= 1.7 || times <= 10;
    factor = count / before;
    if (times >= 8 && factor < 1.35) return false;
    before = count;
  }
  return factor >= 1.7;
}

/** Of a power: how the steps grow when the text doubles, where the steps can still be counted. */
function degreeOf(steps: (text: string) => number, attack: (times: number) => string): number {
  const [small, middle] = [steps(attack(12)), steps(attack(24))];
  const large = middle * 8 < limit ? steps(attack(48)) : limit;
  return large >= limit ? Math.log2(middle / small) + 0.3 : Math.log2(large / middle);
}

/** Two repeats without end, or one over a choice: less cannot take long from where an attempt begins. */
function suspicious(piece: Piece): boolean {
  let repeats = 0;
  let choices = 0;
  const walk = (current: Piece, repeated: boolean) => {
    if (current.kind === 'repeat') {
      const long = isLong(current);
      if (long) repeats++;
      walk(current.of, repeated || long);
    } else if (current.kind === 'choice') {
      if (repeated) choices++;
      for (const option of current.options) walk(option, repeated);
    } else if (current.kind === 'sequence') for (const part of current.parts) walk(part, repeated);
    else if (current.kind === 'group' || current.kind === 'once') walk(current.of, repeated);
  };
  walk(piece, false);
  return repeats >= 2 || (repeats === 1 && choices > 0);
}

const isLong = (repeat: Piece & { kind: 'repeat' }) => repeat.max >= 40;

interface Repeat {
  /** A text that leads to it. */
  readonly before: string;
  readonly of: Piece;
}

function repeatsOf(piece: Piece, before: string): Repeat[] {
  switch (piece.kind) {
    case 'sequence': {
      let lead = before;
      return piece.parts.flatMap((part) => {
        const found = repeatsOf(part, lead);
        lead += shortest(part);
        return found;
      });
    }
    case 'choice':
      return piece.options.flatMap((option) => repeatsOf(option, before));
    case 'group':
      return repeatsOf(piece.of, before);
    case 'once':
      return piece.negative ? [] : repeatsOf(piece.of, before);
    case 'repeat':
      return [...(isLong(piece) ? [{ before, of: piece.of }] : []), ...repeatsOf(piece.of, before)];
    default:
      return [];
  }
}

function shortest(piece: Piece): string {
  return words(piece, undefined).reduce((best, word) => (word.length < best.length ? word : best));
}

/** Some texts that a piece matches, made of `letter` wherever that fits. */
function words(piece: Piece, letter: string | undefined): string[] {
  switch (piece.kind) {
    case 'set':
      return [letter !== undefined && includes(piece.ranges, letter.charCodeAt(0)) ? letter : sampleOf(piece.ranges)];
    case 'sequence':
      return piece.parts.reduce<string[]>(
        (leads, part) => leads.flatMap((lead) => words(part, letter).map((word) => lead + word)).slice(0, 6),
        [''],
      );
    case 'choice':
      return [...new Set(piece.options.flatMap((option) => words(option, letter)))].slice(0, 8);
    case 'group':
      return words(piece.of, letter);
    case 'repeat': {
      const one = words(piece.of, letter);
      const least = one.map((word) => word.repeat(Math.min(piece.min, 60)));
      return piece.min === 0 ? ['', ...one] : least;
    }
    case 'once':
      return piece.looks === 'on' ? words(piece.of, letter) : [''];
    default:
      return [''];
  }
}

function pumpsOf(of: Piece, letters: readonly string[]): string[] {
  const all = letters.flatMap((letter) => words(of, letter));
  return [...new Set(all)].filter((word) => word !== '' && word.length <= 12).slice(0, 10);
}

/** One character that can be read by people, if there is one. */
function sampleOf(ranges: readonly CodeRange[]): string {
  const readable = ['a', '0', ' ', '-', 'A', '_', '/', '.', '"'].find((letter) =>
    includes(ranges, letter.charCodeAt(0)),
  );
  return readable ?? String.fromCharCode(ranges[0]?.[0] ?? 0);
}

/** Characters that tell the sets of the expression apart, those that are in most of them first, and one that is in none. */
function alphabetOf(piece: Piece): string[] {
  const sets: (readonly CodeRange[])[] = [];
  const walk = (current: Piece) => {
    if (current.kind === 'set') sets.push(current.ranges);
    else if (current.kind === 'sequence') current.parts.forEach(walk);
    else if (current.kind === 'choice') current.options.forEach(walk);
    else if ('of' in current) walk(current.of);
  };
  walk(piece);
  const candidates = new Set(sets.flatMap((ranges) => [sampleOf(ranges), String.fromCharCode(ranges[0]?.[0] ?? 0)]));
  for (const ranges of sets) {
    const outside = inverse(ranges)[0];
    if (outside && sets.length <= 20) candidates.add(sampleOf([outside]));
  }
  const bySets = new Map<string, string>();
  const counted = [...candidates].map((letter) => {
    const inside = sets.map((ranges) => (includes(ranges, letter.charCodeAt(0)) ? '1' : '0')).join('');
    return { letter, inside, count: inside.replaceAll('0', '').length };
  });
  for (const { letter, inside } of counted) if (!bySets.has(inside)) bySets.set(inside, letter);
  const distinct = counted.filter(({ letter, inside }) => bySets.get(inside) === letter);
  const ordered = distinct.sort((a, b) => b.count - a.count).map(({ letter }) => letter);
  const most = 6;
  return [...new Set([...ordered.slice(0, most), '\u0001', '\n'])];
}
