import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dice } from '../fakes/dice.ts';
import { root } from '../setup/paths.ts';

/** Real values to start from, and what they are of: a folder of test/fixtures. */
export interface Sample {
  readonly from: string;
  /** What went before on the same connection, as the dialects' fixtures have it. */
  readonly before: readonly unknown[];
  readonly value: unknown;
}

interface Fixture {
  readonly before?: readonly unknown[];
  readonly frame?: unknown;
  readonly frames?: readonly unknown[];
  readonly text?: string;
}

/** Every message in the fixtures of a dialect, the ones that we send too. */
export function samplesOf(dialect: 'mesh' | 'envelope' | 'mcp'): readonly Sample[] {
  const folder = join(root, 'test', 'fixtures', dialect);
  return readdirSync(folder).flatMap((name): Sample[] => {
    const fixture: Fixture = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const values = [...(fixture.frames ?? []), ...(fixture.frame === undefined ? [] : [fixture.frame])];
    if (fixture.text !== undefined && !isBoundless(fixture.text)) values.push(tried(fixture.text));
    return values.map((value) => ({ from: dialect, before: fixture.before ?? [], value }));
  });
}

/** Those are made here too, and rarely: they are slow to make. */
function isBoundless(text: string): boolean {
  return (text.match(/[[{]/g) ?? []).length > 1000;
}

function tried(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A fixture of what is no JSON: its text is as good a value as any.
    return text;
  }
}

const traps = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'length', '', '\\u0000'];
/** As JSON text, because most of it cannot be had from `JSON.stringify`. */
const oddities = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '-1',
  '1e400',
  '-1e400',
  '1e-400',
  '9007199254740993',
  '2147483648',
  '4294967295',
  '0.1',
  '""',
  '" "',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\u2028\u202e\ufeff"',
  '"1e999"',
  '"9999-12-31T23:59:59Z"',
  '"../../etc/passwd"',
  '"file:///etc/passwd"',
  '"{\\"a\\":[1,{\\"b\\":2}]}"',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '{"polluted":true}',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"length":1000000000}',
  '{"toString":1,"valueOf":2,"then":3}',
];

/** Turns real values into texts that are more or less like them. How far is decided anew for each text. */
export class WordMaker {
  readonly #dice: Dice;
  readonly #samples: readonly Sample[];
  #wildness = 0;

  constructor(dice: Dice, samples: readonly Sample[]) {
    this.#dice = dice;
    this.#samples = samples;
  }

  sample(): Sample {
    return this.#dice.pick(this.#samples);
  }

  /** A JSON text, mostly. */
  text(value: unknown): string {
    const dice = this.#dice;
    this.#wildness = dice.pick([0, 0.02, 0.02, 0.08, 0.08, 0.3]);
    const text = this.#write(value, 0);
    if (dice.chance(0.8)) return text;
    return this.#damage(text);
  }

  #write(value: unknown, depth: number): string {
    const dice = this.#dice;
    if (dice.chance(this.#wildness)) return this.#oddity(depth);
    if (Array.isArray(value)) {
      const items = value.flatMap((item) => (dice.chance(this.#wildness) ? [] : [this.#write(item, depth + 1)]));
      if (dice.chance(this.#wildness)) items.push(...items);
      return `[${items.join(',')}]`;
    }
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value).flatMap(([key, entry]) => this.#entry(key, entry, depth + 1));
      return `{${entries.join(',')}}`;
    }
    if (typeof value === 'string' && dice.chance(this.#wildness)) return this.#string(value);
    return JSON.stringify(value) ?? 'null';
  }

  #entry(key: string, value: unknown, depth: number): readonly string[] {
    const dice = this.#dice;
    const entry = () => `${JSON.stringify(key)}:${this.#write(value, depth)}`;
    if (!dice.chance(this.#wildness)) return [entry()];
    switch (dice.between(0, 5)) {
      case 0:
        return [];
      case 1:
        return [entry(), entry()];
      case 2:
        return [`"${dice.pick(traps)}":${this.#oddity(depth)}`, entry()];
      case 3:
        return [`"${dice.pick(traps)}":${this.#write(value, depth)}`];
      case 4:
        return [
          `${JSON.stringify(dice.chance(0.5) ? key.toUpperCase() : key.replaceAll('_', ''))}:${this.#write(value, depth)}`,
        ];
      default:
        return [`${JSON.stringify(key)}:${this.#write(this.sample().value, depth)}`];
    }
  }

  #oddity(depth: number): string {
    const dice = this.#dice;
    const kind = dice.roll();
    if (kind < 0.9 || depth > 6) return dice.pick(oddities);
    if (kind < 0.98) return this.#string('x');
    if (kind < 0.9995) return nested(dice.pick([10, 63, 64, 65, 200]), dice.chance(0.5));
    return dice.chance(0.5) ? nested(20_000, dice.chance(0.5)) : `[${'0,'.repeat(dice.pick([100, 60_000]))}0]`;
  }

  #string(like: string): string {
    const dice = this.#dice;
    switch (dice.between(0, 7)) {
      case 0:
        return JSON.stringify(like.repeat(dice.between(0, 40)).slice(0, 2000));
      case 1:
        return JSON.stringify(like.slice(0, dice.between(0, like.length)));
      case 2:
        return JSON.stringify(`${like}\u0000\n\r\u001b[31m`);
      case 3:
        return `"${'\\ud83d'.repeat(dice.between(1, 5))}"`;
      case 4:
        // Also longer than anything is allowed to be.
        return dice.chance(0.005) ? `"${'y'.repeat(200_000)}"` : `"${'y'.repeat(300)}"`;
      case 5:
        return JSON.stringify(String(dice.between(-10, 10) * 10 ** dice.between(0, 20)));
      case 6:
        return JSON.stringify(JSON.stringify({ like, nested: { payload: like } }));
      default:
        return JSON.stringify(like.split('').reverse().join(''));
    }
  }

  /** Into something that need not be JSON any more. */
  #damage(text: string): string {
    const dice = this.#dice;
    const at = dice.between(0, text.length);
    switch (dice.between(0, 6)) {
      case 0:
        return text.slice(0, at);
      case 1:
        return text.slice(at);
      case 2:
        return `${text.slice(0, at)}${String.fromCharCode(dice.between(0, 0xffff))}${text.slice(at + 1)}`;
      case 3:
        return `${text.slice(0, at)}${dice.pick(['{', '}', '[', ']', '"', ',', ':', '\\', '\u0000', '1e999'])}${text.slice(at)}`;
      case 4:
        return `${text}${text.slice(0, at)}`;
      case 5:
        return `\ufeff${text}\n`;
      default:
        return Array.from({ length: dice.between(0, 60) }, () => String.fromCharCode(dice.between(0, 0xffff))).join('');
    }
  }
}

function nested(depth: number, objects: boolean): string {
  return objects ? `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}` : `${'['.repeat(depth)}${']'.repeat(depth)}`;
}
