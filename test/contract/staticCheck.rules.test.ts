import assert from 'node:assert/strict';
import { createRulesCheck } from '../../src/agent/review/static/rulesCheck.ts';
import { FakeClock } from '../fakes/fakeClock.ts';
import { engineFolder } from '../setup/engineFolder.ts';
import { staticCheckContract } from './staticCheck.ts';

staticCheckContract('rules', async () => ({
  check: createRulesCheck({
    engineFolder: await engineFolder(),
    clock: new FakeClock(),
    log: (_level, message) => assert.fail(message),
  }),
  flawed: {
    file: 'src/report.ts',
    language: 'typescript',
    text: "const 数 = '😀';\r\n\teval(request.body); /* 𝒳 */ eval(数 + '𝒳');\r\nif (total === NaN) process.exit(1);\r\n",
  },
  sound: {
    file: 'src/sound.ts',
    language: 'typescript',
    text: 'export const evaluate = (text: string) => JSON.parse(text);',
  },
  quotes: true,
}));
