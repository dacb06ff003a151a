/**
 * The rules over real files, against `@ast-grep/napi` with the same rules over the same files, in turns in one process:
 * how fast, how long the event loop is held, and how soon an open file has its findings. The files are the packages that
 * are installed here, in the order of their names. Run: `npm run bench:static [files]`.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { js, type NapiConfig } from '@ast-grep/napi';
import { fillEngineFolder } from '../../src/agent/review/static/engineFolder.ts';
import type { RuleFile } from '../../src/agent/review/static/rule.ts';
import { readRuleFiles } from '../../src/agent/review/static/ruleFiles.ts';
import { createRulesCheck } from '../../src/agent/review/static/rulesCheck.ts';
import type { StaticCheck } from '../../src/agent/review/static/staticCheck.ts';
import { systemClock } from '../../src/agent/shared/clock.ts';

const wanted = Number(process.argv[2] ?? 1000);
const repository = join(import.meta.dirname, '..', '..');
const { signal } = new AbortController();

const packages = join(repository, 'node_modules');
const names = (await readdir(packages, { recursive: true }))
  .filter((name) => /\.(js|mjs|cjs)$/.test(name) && !/\.min\./.test(name))
  .sort();
const all: { file: string; text: string }[] = [];
for (const file of names) {
  const text = await readFile(join(packages, file), 'utf8');
  // What people write: neither a few lines that only export, nor a bundle.
  if (text.length < 1000 || text.length > 60_000 || /^.{1000,}$/m.test(text)) continue;
  all.push({ file, text });
}
// Evenly over all packages, so that no one of them decides.
const files = Array.from({ length: Math.min(wanted, all.length) }, (_, index) => {
  const picked = all[Math.floor((index * all.length) / Math.min(wanted, all.length))];
  if (!picked) throw new Error('There are no files to measure with.');
  return picked;
});

const rules: readonly RuleFile[] = (
  await readRuleFiles(join(repository, 'src', 'agent', 'review', 'static', 'rules'))
).filter((rule) => rule.language === 'javascript');
// The same objects; only its type names the keys.
const configs: readonly NapiConfig[] = JSON.parse(
  JSON.stringify(rules.map(({ rule, constraints }) => ({ rule, constraints }))),
);

function native(text: string): number {
  const root = js.parse(text).root();
  return configs.reduce((sum, config) => sum + root.findAll(config).length, 0);
}

async function ours(check: StaticCheck, { file, text }: { file: string; text: string }): Promise<number> {
  return (await check.check({ file, language: 'javascript', text }, signal)).length;
}

/** How much processor time passes between two turns of the event loop: what others on the machine take does not count. */
function watchTurns(): { stop(): Promise<readonly number[]> } {
  const stretches: number[] = [];
  let going = true;
  const watching = (async () => {
    let before = process.cpuUsage();
    while (going) {
      await nextTurn();
      const { user, system } = process.cpuUsage(before);
      before = process.cpuUsage();
      stretches.push((user + system) / 1000);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await watching;
      return stretches;
    },
  };
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const milliseconds = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

const engineFolder = await mkdtemp(join(tmpdir(), 'bench-static-'));
try {
  await fillEngineFolder(repository, engineFolder);
  const log = (level: string, message: string) => console.error(level, message);
  const check = createRulesCheck({ engineFolder, clock: systemClock, log });
  for (const file of files.slice(0, 30)) {
    native(file.text);
    await ours(check, file);
  }
  const time = { ours: 0, native: 0 };
  let found = 0;
  let matched = 0;
  const delays: number[] = [];
  const stretches: number[] = [];
  const chunk = 100;
  for (let at = 0; at < files.length; at += chunk) {
    const part = files.slice(at, at + chunk);
    const began = performance.now();
    for (const { text } of part) matched += native(text);
    time.native += performance.now() - began;
    // One of its own for each turn, and in place before it: the other's turn must not be seen.
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await wait(20);
    delay.reset();
    const turns = watchTurns();
    const from = performance.now();
    for (const file of part) found += await ours(check, file);
    time.ours += performance.now() - from;
    delay.disable();
    stretches.push(...(await turns.stop()));
    delays.push(delay.max / 1e6);
  }
  const lines = files.reduce((sum, { text }) => sum + text.split('\n').length, 0);
  console.log(`${files.length} files, ${lines} lines, ${rules.length} rules`);
  console.log(`ours            ${milliseconds(time.ours)}, ${found} findings`);
  console.log(`@ast-grep/napi  ${milliseconds(time.native)}, ${matched} matches of the patterns alone`);
  console.log(`speed           ${(time.native / time.ours).toFixed(2)} of @ast-grep/napi (goal: 0.5 or more)`);
  stretches.sort((a, b) => a - b);
  const at = (share: number) => milliseconds(stretches[Math.floor((stretches.length - 1) * share)] ?? 0);
  console.log(`event loop      held for ${at(0.99)} at the 99th percentile, ${at(1)} at most, of processor time`);
  console.log(
    `                ${milliseconds(median(delays))} at most by the clock, in the median of ${delays.length} turns (goal: 20 ms)`,
  );
  const open = files.map((file) => ({ ...file, text: `${file.text}\neval(request.body);\n` }));
  const first: number[] = [];
  for (const file of open.slice(0, 200)) {
    const began = performance.now();
    await ours(check, file);
    first.push(performance.now() - began);
  }
  console.log(
    `open warm file  median ${milliseconds(median(first))}, longest ${milliseconds(Math.max(...first))} (goal: at most 150 ms)`,
  );
} finally {
  await rm(engineFolder, { recursive: true, force: true });
}
