/** The parts of a regular expression, as far as they decide how long a search can take. */
export type Piece =
  | { readonly kind: 'set'; readonly ranges: readonly CodeRange[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Piece[] }
  | { readonly kind: 'choice'; readonly options: readonly Piece[] }
  | { readonly kind: 'repeat'; readonly of: Piece; readonly min: number; readonly max: number; readonly lazy: boolean }
  | { readonly kind: 'group'; readonly index: number; readonly of: Piece }
  /** Once matched it is never matched in another way: a lookaround, an atomic group, a possessive repeat. */
  | { readonly kind: 'once'; readonly of: Piece; readonly looks: 'ahead' | 'behind' | 'on'; readonly negative: boolean }
  | { readonly kind: 'edge'; readonly at: 'start' | 'end' | 'word' | 'inside' }
  | { readonly kind: 'back'; readonly group: number };

/** UTF-16 units, both ends inclusive. */
export type CodeRange = readonly [number, number];

const last = 0xffff;
const digits: CodeRange[] = [[48, 57]];
const word: CodeRange[] = [...digits, [65, 90], [95, 95], [97, 122]];
const space: CodeRange[] = [
  [9, 13],
  [32, 32],
  [160, 160],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const lineEnds: CodeRange[] = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
];
const escapes: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, v: 11, f: 12, a: 7, e: 27, '0': 0 };

export function inverse(ranges: readonly CodeRange[]): CodeRange[] {
  const gaps: CodeRange[] = [];
  let from = 0;
  for (const [low, high] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (low > from) gaps.push([from, low - 1]);
    from = Math.max(from, high + 1);
  }
  if (from <= last) gaps.push([from, last]);
  return gaps;
}

export const includes = (ranges: readonly CodeRange[], code: number): boolean =>
  ranges.some(([low, high]) => code >= low && code <= high);

/**
 * Reads what JavaScript, Python and Java write alike. `flags`: letters of JavaScript (i, m, s, x for free spacing).
 * Undefined: something stands there that it does not know, or the expression is broken, or it is longer than 2,000 units.
 */
export function parseRegex(source: string, flags: string): Piece | undefined {
  if (source.length > 2000 || flags.includes('x')) return undefined;
  const reader = new Reader(source, flags);
  try {
    const piece = reader.choice();
    return reader.done ? piece : undefined;
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

class Unknown extends Error {}

class Reader {
  readonly #source: string;
  #dotAll: boolean;
  #ignoreCase: boolean;
  #at = 0;
  #groups = 0;
  readonly #names = new Map<string, number>();
  #depth = 0;

  constructor(source: string, flags: string) {
    this.#source = source;
    this.#dotAll = flags.includes('s');
    this.#ignoreCase = flags.includes('i');
  }

  get done(): boolean {
    return this.#at === this.#source.length;
  }

  choice(): Piece {
    if (++this.#depth > 40) throw new Unknown();
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    this.#depth--;
    return options.length === 1 && options[0] ? options[0] : { kind: 'choice', options };
  }

  #sequence(): Piece {
    const parts: Piece[] = [];
    while (!this.done && this.#peek() !== '|' && this.#peek() !== ')') parts.push(this.#repeated(this.#atom()));
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'sequence', parts };
  }

  #repeated(of: Piece): Piece {
    const counts = this.#counts();
    if (!counts) return of;
    const [min, max] = counts;
    const possessive = this.#take('+');
    const repeat: Piece = { kind: 'repeat', of, min, max, lazy: !possessive && this.#take('?') };
    const piece: Piece = possessive ? { kind: 'once', of: repeat, looks: 'on', negative: false } : repeat;
    return piece;
  }

  #counts(): [number, number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#take('?')) return [0, 1];
    const braces = /^\{(\d*)(,?)(\d*)\}/.exec(this.#source.slice(this.#at, this.#at + 20));
    if (!braces || (braces[1] === '' && braces[3] === '')) return undefined;
    this.#at += braces[0].length;
    const min = Number(braces[1] ?? 0);
    if (braces[2] === '') return [min, min];
    return [min, braces[3] === '' ? Number.POSITIVE_INFINITY : Number(braces[3])];
  }

  #atom(): Piece {
    const character = this.#next();
    switch (character) {
      case '.':
        return { kind: 'set', ranges: this.#dotAll ? [[0, last]] : inverse(lineEnds) };
      case '^':
        return { kind: 'edge', at: 'start' };
      case '$':
        return { kind: 'edge', at: 'end' };
      case '(':
        return this.#group();
      case '[':
        return this.#set();
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw new Unknown();
      default:
        return this.#one(character.charCodeAt(0));
    }
  }

  #group(): Piece {
    let index = 0;
    let finish = (of: Piece): Piece => ({ kind: 'group', index, of });
    const opening = /^\?(?:(:|=|!|<=|<!|>)|P?<([A-Za-z_]\w*)>|([a-zA-Z]*(?:-[a-zA-Z]+)?)([:)])|P=(\w+)\))/.exec(
      this.#source.slice(this.#at, this.#at + 60),
    );
    if (opening) {
      this.#at += opening[0].length;
      const [, sign, name, letters, close, again] = opening;
      if (again !== undefined) return { kind: 'back', group: this.#names.get(again) ?? 0 };
      if (name !== undefined) {
        index = ++this.#groups;
        this.#names.set(name, index);
      } else if (letters !== undefined) {
        if (/[x-]/.test(letters)) throw new Unknown();
        this.#dotAll ||= letters.includes('s');
        this.#ignoreCase ||= letters.includes('i');
        if (close === ')') return { kind: 'sequence', parts: [] };
        finish = (of) => of;
      } else if (sign === ':') finish = (of) => of;
      else {
        const looks = sign === '>' ? 'on' : sign?.startsWith('<') ? 'behind' : 'ahead';
        finish = (of) => ({ kind: 'once', of, looks, negative: sign?.endsWith('!') ?? false });
      }
    } else {
      if (this.#peek() === '?' || this.#peek() === '*') throw new Unknown();
      index = ++this.#groups;
    }
    const inner = this.choice();
    if (!this.#take(')')) throw new Unknown();
    return finish(inner);
  }

  #escape(): Piece {
    const letter = this.#next();
    if (letter === 'b') return { kind: 'edge', at: 'word' };
    if (letter === 'B') return { kind: 'edge', at: 'inside' };
    if (letter === 'A') return { kind: 'edge', at: 'start' };
    if (letter === 'z' || letter === 'Z') return { kind: 'edge', at: 'end' };
    if (/[1-9]/.test(letter)) return { kind: 'back', group: Number(letter) };
    if (letter === 'k') {
      const name = /^<(\w+)>/.exec(this.#source.slice(this.#at, this.#at + 60));
      if (!name) throw new Unknown();
      this.#at += name[0].length;
      return { kind: 'back', group: this.#names.get(name[1] ?? '') ?? 0 };
    }
    const known = this.#class(letter);
    return known ? { kind: 'set', ranges: known } : this.#one(this.#code(letter));
  }

  #class(letter: string): CodeRange[] | undefined {
    const of: Readonly<Record<string, CodeRange[]>> = { d: digits, w: word, s: space };
    const ranges = of[letter.toLowerCase()];
    if (letter === 'p' || letter === 'P') {
      const name = /^\{\^?(\w+)(?:=\w+)?\}|^\w/.exec(this.#source.slice(this.#at, this.#at + 40));
      this.#at += name?.[0].length ?? 0;
      // Near enough: letters and digits beyond ASCII behave like those within.
      const near = /^\{?(N|Nd|IsDigit|Digit)/.test(name?.[0] ?? '') ? digits : word;
      return letter === 'p' ? near : inverse(near);
    }
    return ranges && (letter === letter.toLowerCase() ? ranges : inverse(ranges));
  }

  #code(letter: string): number {
    const hexadecimal = (pattern: RegExp) => {
      const found = pattern.exec(this.#source.slice(this.#at, this.#at + 12));
      this.#at += found?.[0].length ?? 0;
      return found ? Math.min(Number.parseInt(found[0].replace(/[{}]/g, ''), 16), last) : letter.charCodeAt(0);
    };
    if (letter === 'x') return hexadecimal(/^[\da-fA-F]{2}/);
    if (letter === 'u') return hexadecimal(/^(?:[\da-fA-F]{4}|\{[\da-fA-F]{1,6}\})/);
    if (letter === 'c') return this.#next().charCodeAt(0) % 32;
    return Object.hasOwn(escapes, letter) ? (escapes[letter] ?? 0) : letter.charCodeAt(0);
  }

  #set(): Piece {
    const negative = this.#take('^');
    const ranges: CodeRange[] = [];
    let first = true;
    while (first || this.#peek() !== ']') {
      // An empty set exists in JavaScript only, where it matches nothing.
      if (first && this.#peek() === ']') break;
      first = false;
      if (this.#peek() === '[' || this.#source.startsWith('&&', this.#at)) {
        // Nested sets belong to Java and to JavaScript's flag v; elsewhere the bracket stands for itself.
        if (this.#source.startsWith('&&', this.#at)) throw new Unknown();
      }
      const low = this.#member(ranges);
      if (low === undefined) continue;
      if (this.#peek() === '-' && this.#source[this.#at + 1] !== ']') {
        this.#at++;
        const high = this.#member(ranges) ?? low;
        ranges.push([low, Math.max(low, high)]);
      } else ranges.push([low, low]);
    }
    this.#at++;
    const cased = this.#cased(ranges);
    return { kind: 'set', ranges: negative ? inverse(cased) : cased };
  }

  /** One character of a set, or undefined when it was a class, which then stands in `ranges`. */
  #member(ranges: CodeRange[]): number | undefined {
    const character = this.#next();
    if (character !== '\\') return character.charCodeAt(0);
    const letter = this.#next();
    if (letter === 'b') return 8;
    const known = this.#class(letter);
    if (!known) return this.#code(letter);
    ranges.push(...known);
    return undefined;
  }

  #one(code: number): Piece {
    return { kind: 'set', ranges: this.#cased([[code, code]]) };
  }

  #cased(ranges: CodeRange[]): CodeRange[] {
    if (!this.#ignoreCase) return ranges;
    const other = (low: number, high: number, from: number, to: number, shift: number): CodeRange[] =>
      low <= to && high >= from ? [[Math.max(low, from) + shift, Math.min(high, to) + shift]] : [];
    return ranges.flatMap(([low, high]) => [
      [low, high],
      ...other(low, high, 65, 90, 32),
      ...other(low, high, 97, 122, -32),
    ]);
  }

  #peek(): string | undefined {
    return this.#source[this.#at];
  }

  #next(): string {
    const character = this.#source[this.#at++];
    if (character === undefined) throw new Unknown();
    return character;
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }
}
