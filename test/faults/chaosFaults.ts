import { setTimeout as pause } from 'node:timers/promises';
import type { Dice } from '../fakes/dice.ts';
import type { Flow } from '../fakes/faultProxy.ts';
import type { ChaosRun } from './chaosRun.ts';

/** One thing that goes wrong. It resolves when it is over, or when its trap is set. All durations are real milliseconds. */
export interface ChaosFault {
  readonly name: string;
  /** How often, against the others. */
  readonly weight: number;
  strike(run: ChaosRun, dice: Dice): Promise<void> | void;
}

const ends = ['reset', 'end'] as const;
/** Frames at whose passing a line is cut: what says them, and which way. */
const moments = [
  { direction: 'down', word: '"task.assigned"' },
  { direction: 'up', word: '"task.accepted"' },
  { direction: 'up', word: '"task.complete"' },
  { direction: 'down', word: '"ack"' },
  { direction: 'up', word: '"agent.register"' },
  { direction: 'down', word: '"agent.registered"' },
] as const;
const closeCodes = [1000, 1001, 1011, 1012, 1013, 1014, 3000, 4002, 4008];
const slownesses: readonly Flow[] = [
  { kind: 'delay', ms: 20 },
  { kind: 'trickle', bytesPerSecond: 20_000 },
  { kind: 'split' },
  { kind: 'coalesce', ms: 15 },
  { kind: 'hold' },
  { kind: 'stopReading' },
];

async function slowed(run: ChaosRun, dice: Dice): Promise<void> {
  run.flow(dice.pick(['up', 'down', 'both'] as const), dice.pick(slownesses));
  await pause(dice.between(20, 250));
  run.flow('both', { kind: 'pass' });
}

export const chaosFaults: readonly ChaosFault[] = [
  {
    name: 'cut at a frame',
    weight: 8,
    strike: ({ proxy }, dice) => {
      const { direction, word } = dice.pick(moments);
      const how = dice.pick(ends);
      const moment = dice.pick(['before', 'after'] as const);
      proxy.when({ direction, moment, matches: (text) => text.includes(word), act: (line) => line.cut(how) });
    },
  },
  { name: 'cut', weight: 3, strike: ({ proxy }, dice) => proxy.cut(dice.pick(ends)) },
  { name: 'close code', weight: 3, strike: ({ mesh }, dice) => mesh.closeAll(dice.pick(closeCodes)) },
  { name: 'slow line', weight: 4, strike: slowed },
  {
    name: 'black hole',
    weight: 3,
    strike: (run, dice) => run.blackHole(dice.pick([['up'], ['down'], ['up', 'down']] as const)),
  },
  { name: 'server restart', weight: 2, strike: (run, dice) => run.restartServer(dice) },
  {
    name: 'refused upgrades',
    weight: 2,
    strike({ mesh, proxy }, dice) {
      const retryAfter = dice.chance(0.5) ? { retryAfter: '1' } : {};
      mesh.refuseUpgrades({ status: dice.pick([429, 500, 502, 503]), ...retryAfter }, dice.between(1, 3));
      proxy.cut('reset');
    },
  },
  {
    name: 'refused results',
    weight: 2,
    async strike({ mesh }, dice) {
      mesh.resultError = dice.pick([
        { error: 'rate limit exceeded', code: 429 },
        { error: 'internal error', code: 500 },
      ]);
      await pause(dice.between(10, 150));
      mesh.resultError = undefined;
    },
  },
  {
    name: 'swallowed results',
    weight: 2,
    async strike({ mesh, proxy }, dice) {
      mesh.swallowResults = true;
      await pause(dice.between(10, 150));
      proxy.cut(dice.pick(ends));
      mesh.swallowResults = false;
    },
  },
  {
    name: 'no pongs',
    weight: 1,
    async strike({ mesh }, dice) {
      mesh.holdPongs(true);
      await pause(dice.between(20, 900));
      mesh.holdPongs(false);
    },
  },
  {
    name: 'nonsense',
    weight: 1,
    strike: ({ mesh }, dice) => mesh.sendRaw(dice.pick(['{', '[]', '{"type":"error"}', '\u0000'])),
  },
  {
    name: 'broken frame',
    weight: 1,
    strike: ({ proxy }, dice) => proxy.inject(dice.pick([Buffer.from([0xff, 0xff]), Buffer.from([0x83, 0x00])])),
  },
  { name: 'assigned again', weight: 6, strike: (run, dice) => run.assignAgain(dice.between(1, 8), dice) },
  { name: 'cancelled', weight: 6, strike: (run, dice) => run.cancelSome(dice.between(1, 4), dice) },
  { name: 'cancelled before it comes', weight: 2, strike: (run) => run.cancelNext() },
  { name: 'process killed', weight: 2, strike: (run, dice) => run.kill(dice) },
  { name: 'agent begun anew', weight: 2, strike: (run, dice) => run.restartAgent(dice) },
  { name: 'disk fails', weight: 2, strike: (run, dice) => run.failDisk(dice) },
];
