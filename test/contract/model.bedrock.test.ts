import assert from 'node:assert/strict';
import { openBedrock } from '../../src/agent/models/bedrock/bedrockModel.ts';
import { systemClock } from '../../src/agent/shared/clock.ts';
import { answerTool, cutAfter } from '../fakes/bedrockAnswers.ts';
import { BedrockServer } from '../fakes/bedrockServer.ts';
import { modelContract } from './model.ts';

for (const authentication of ['credentials', 'apiKey'] as const) {
  modelContract(`Bedrock, by ${authentication}`, async () => {
    const server = await new BedrockServer().start();
    Object.assign(process.env, server.environment);
    const opened = await openBedrock(
      { region: server.region, profile: '', endpoint: server.url, authentication, apiKey: server.apiKey },
      { clock: systemClock, log: () => undefined, environment: {} },
    );
    assert.ok(opened.ok);
    const long = JSON.stringify(Array.from({ length: 5000 }, (_, index) => index));
    return {
      model: opened.value.model('us.anthropic.claude-sonnet-4-5-20250929-v1:0'),
      answer: (json) => server.queue(answerTool('report', json)),
      answerWithoutEnd: () => server.queue(answerTool('report', long, { pieceLength: 5, delay: 2 })),
      fallSilent: () => server.queue(cutAfter(answerTool('report', long), 3, [{ do: 'stall' }])),
      breakOff: () => server.queue(cutAfter(answerTool('report', long), 5)),
      ignore: () => server.queue({ kind: 'silence' }),
      callsLeft: () => server.requests.filter(({ ending }) => ending === 'left').length,
      callsSeen: () => server.requests.length,
      dispose: () => server.close(),
    };
  });
}
