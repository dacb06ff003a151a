import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createModelService } from '../../../src/agent/models/modelService.ts';
import { defaultSettings, type Settings } from '../../../src/agent/settings.ts';
import { systemClock } from '../../../src/agent/shared/clock.ts';
import { answerTool } from '../../fakes/bedrockAnswers.ts';
import { BedrockServer } from '../../fakes/bedrockServer.ts';
import { formAnswer, ScriptedModel } from '../../fakes/scriptedModel.ts';
import { collect, form, never, useEnvironment } from './bedrockSetup.ts';
import { ledgerFolder, taskWith } from './meterSetup.ts';

let server: BedrockServer;
before(async () => {
  server = await new BedrockServer().start();
});
after(() => server.close());
beforeEach(() => {
  useEnvironment(server.environment);
  server.onRequest = () => answerTool('report', {});
});

interface Choice {
  readonly provider: Settings['model']['provider'];
  readonly bedrock?: Partial<Settings['bedrock']>;
  /** Models of the editor that may be used, by whether the person may be asked first. */
  readonly editor?: (mayAsk: boolean) => readonly string[];
}

function service({ provider, bedrock, editor }: Choice) {
  const asked: { wanted: string; mayAsk: boolean }[] = [];
  const settings: Settings = {
    ...defaultSettings,
    model: { provider, editorModel: 'family' },
    bedrock: { ...defaultSettings.bedrock, endpoint: server.url, model: 'us.some-model', ...bedrock },
  };
  const models = createModelService({
    clock: systemClock,
    log: () => undefined,
    environment: process.env,
    folder: ledgerFolder(),
    settings: () => settings,
    ...(editor && {
      editorModels: async (choice) => {
        asked.push(choice);
        return editor(choice.mayAsk).map((id) => new ScriptedModel(id, formAnswer({}), formAnswer({})));
      },
    }),
  });
  return { asked, models };
}

const allowed = () => ['fake/chat'];
const onlyWhenAsked = (mayAsk: boolean) => (mayAsk ? ['fake/chat'] : []);

async function answeredBy(models: ReturnType<typeof service>['models']): Promise<string> {
  const opened = await models.forTask(taskWith());
  if (!opened.ok) return opened.failure.code;
  assert.equal((await collect(opened.value.stream(form, never))).at(-1)?.kind, 'done');
  return opened.value.id;
}

test('Bedrock is used where it is set up, and the editor is not asked', async () => {
  for (const provider of ['auto', 'bedrock'] as const) {
    const { models, asked } = service({ provider, editor: allowed });
    assert.equal(await answeredBy(models), 'us.some-model');
    assert.deepEqual(asked, []);
  }
});

test("without credentials the editor's models are used that the person has allowed, and nobody is asked for more", async () => {
  useEnvironment({ AWS_REGION: 'us-east-1' });
  const { models, asked } = service({ provider: 'auto', editor: allowed });
  assert.equal(await answeredBy(models), 'fake/chat');
  assert.deepEqual(asked, [{ wanted: 'family', mayAsk: false }]);
  assert.equal(await answeredBy(service({ provider: 'auto', editor: onlyWhenAsked }).models), 'no-credentials');
  assert.equal(await answeredBy(service({ provider: 'auto' }).models), 'no-credentials');
});

test('who chose Bedrock gets no other model, and neither does who set it up wrongly', async () => {
  useEnvironment({ AWS_REGION: 'us-east-1' });
  assert.equal(await answeredBy(service({ provider: 'bedrock', editor: allowed }).models), 'no-credentials');
  const wrong = { endpoint: 'http://elsewhere.example.com' };
  assert.equal(await answeredBy(service({ provider: 'auto', bedrock: wrong, editor: allowed }).models), 'bad-endpoint');
});

test("who chose the editor's models may be asked for consent, and Bedrock is not called", async () => {
  const calls = server.requests.length;
  assert.equal(await answeredBy(service({ provider: 'editor', editor: onlyWhenAsked }).models), 'fake/chat');
  assert.equal(await answeredBy(service({ provider: 'editor', editor: () => [] }).models), 'no-editor-model');
  assert.equal(await answeredBy(service({ provider: 'editor' }).models), 'no-editor-model');
  assert.equal(server.requests.length, calls);
});

test('what tasks of either spend is known together', async () => {
  const { models } = service({ provider: 'editor', editor: allowed });
  await answeredBy(models);
  const first = models.spend.tokensToday;
  assert.ok(first > 0);
  await answeredBy(models);
  assert.equal(models.spend.tokensToday, 2 * first);
  assert.equal(models.spend.tokensWithoutPrice, 2 * first);
});
