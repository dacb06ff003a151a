import type { Incoming } from '../../src/agent/connection/messages.ts';
import { parseJson } from '../../src/agent/connection/safeJson.ts';
import { Dice } from '../fakes/dice.ts';
import { TaskDesk } from '../fakes/taskDesk.ts';
import { MemoryWatch } from './fuzzMemory.ts';
import { allTargets, type Target } from './fuzzTargets.ts';
import { WordMaker } from './fuzzWords.ts';

export interface FuzzReport {
  /** How many each reader got. */
  readonly counts: ReadonlyMap<string, number>;
  readonly total: number;
  /** Everything that must not be: a throw, a hang, a changed prototype. Empty is what is wanted. */
  readonly wrong: readonly string[];
  readonly slowest: { readonly ms: number; readonly name: string; readonly text: string };
  readonly memory: MemoryWatch;
}

export const hangMs = 100;
const inOneLife = 20;
const checkEvery = 2000;
const mostWrong = 20;

/**
 * `count` messages, each one made from a real one and given to its reader, to all that read the wire, and to some of the
 * others. A seed repeats the run.
 */
export async function fuzzMessages(seed: number, count: number, warmUp = count / 4): Promise<FuzzReport> {
  const dice = new Dice(seed);
  const runner = new RunnerTarget();
  const targets = allTargets(dice.fork(), (words) => runner.hear(words));
  const makers = new Map(targets.map((target) => [target, new WordMaker(dice.fork(), target.samples)]));
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  const memory = new MemoryWatch();
  let slowest = { ms: 0, name: 'none', text: '' };
  let total = 0;

  const give = async (target: Target, text: string, value: unknown) => {
    counts.set(target.name, (counts.get(target.name) ?? 0) + 1);
    const before = performance.now();
    try {
      const taking = target.take(text, value);
      if (taking) await taking;
    } catch (error) {
      wrong.push(`${target.name} threw ${error instanceof Error ? error.stack : String(error)} for ${shown(text)}`);
    }
    const ms = performance.now() - before;
    if (ms > slowest.ms) slowest = { ms, name: target.name, text: shown(text) };
    if (ms > hangMs && (await isSlowAgain(target, text, value)))
      wrong.push(`${target.name} took ${ms} ms for ${shown(text)}`);
  };

  while (total < count && wrong.length < mostWrong) {
    for (const target of targets) {
      const maker = makers.get(target);
      const sample = maker?.sample();
      if (!maker || !sample) continue;
      target.begin?.(sample);
      for (let message = 0; message < inOneLife; message++) {
        // The first is what the set-up waits for; the later ones are whatever else there is.
        const text = maker.text((message < 3 ? sample : maker.sample()).value);
        const value = jsonOf(text);
        for (const reader of targets) {
          if (reader === target || reader.every === 1 || dice.chance(1 / reader.every)) await give(reader, text, value);
        }
        total += 1;
        if (total % checkEvery === 0) {
          wrong.push(...pollution());
          if (total < warmUp) memory.warm();
          else memory.look();
        }
      }
    }
  }
  wrong.push(...runner.wrong, ...pollution());
  counts.set('task runner (words)', runner.count);
  runner.dispose();
  return { counts, total, wrong, slowest, memory };
}

/** A pause of the machine is no hang: what is slow is slow each time. */
async function isSlowAgain(target: Target, text: string, value: unknown): Promise<boolean> {
  for (let times = 0; times < 3; times++) {
    const before = performance.now();
    await target.take(text, value);
    if (performance.now() - before <= hangMs) return false;
  }
  return true;
}

/** The real runner under whatever the dialects understood. */
class RunnerTarget {
  count = 0;
  readonly wrong: string[] = [];
  #desk = new TaskDesk();

  hear(words: readonly Incoming[]): void {
    for (const word of words) {
      this.count += 1;
      if (this.count % 500 === 0) {
        this.dispose();
        this.#desk = new TaskDesk();
      }
      try {
        this.#desk.runner.hear(word);
      } catch (error) {
        this.wrong.push(`the runner threw ${String(error)} for ${shown(JSON.stringify(word))}`);
      }
    }
  }

  dispose(): void {
    this.#desk.runner.dispose();
  }
}

const prototypes: readonly [string, object][] = [
  ['Object', Object.prototype],
  ['Array', Array.prototype],
  ['Function', Function.prototype],
  ['String', String.prototype],
  ['Map', Map.prototype],
];
const ownNames = new Map(prototypes.map(([name, prototype]) => [name, Reflect.ownKeys(prototype).length]));

/** What has been put where every object would have it. */
export function pollution(): readonly string[] {
  return prototypes.flatMap(([name, prototype]) =>
    Reflect.ownKeys(prototype).length === ownNames.get(name) ? [] : [`${name}.prototype was changed`],
  );
}

function jsonOf(text: string): unknown {
  const json = parseJson(text);
  return json.ok ? json.value : undefined;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 400 ? `${text.slice(0, 400)} ... ${text.length} characters` : text);
}
