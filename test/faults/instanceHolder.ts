import { rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { claimInstance } from '../../src/agent/instance.ts';
import { systemClock } from '../../src/agent/shared/clock.ts';

/*
 * One window: claims a slot, proves by a file that it is alone there, lets go, over and over.
 * Arguments: storage, rounds; 0 rounds: claims once and holds until it is killed. One JSON line a claim.
 */
const [storage = '', rounds = '0'] = process.argv.slice(2);
const say = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`);

for (let round = 0; round < Math.max(1, Number(rounds)); round++) {
  const instance = await claimInstance(storage, {
    clock: systemClock,
    log: (level, message) => level === 'error' && say({ error: message }),
    processId: process.pid,
    hostName: 'here',
  });
  const proof = join(instance.folder, 'somebody-is-here');
  try {
    writeFileSync(proof, '', { flag: 'wx' });
  } catch {
    say({ error: `two in ${instance.folder}` });
  }
  say({ folder: instance.folder, agentId: instance.agentId });
  if (rounds === '0') await new Promise(() => setInterval(() => undefined, 60_000));
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
  rmSync(proof, { force: true });
  instance.dispose();
}
