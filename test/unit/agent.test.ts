import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { createAgent } from '../../src/agent/agent.ts';
import { defaultSettings, type Settings } from '../../src/agent/settings.ts';
import { systemClock } from '../../src/agent/shared/clock.ts';
import { FakeHost } from '../fakes/fakeHost.ts';
import { ScriptedModel } from '../fakes/scriptedModel.ts';

test('the model is looked for anew when its own settings change, and not for any other', async () => {
  const host = new FakeHost({ files: { 'a.ts': 'export const one = 1;\n' } });
  const wanted: string[] = [];
  const models = async (choice: { readonly wanted: string }) => {
    wanted.push(choice.wanted);
    return [new ScriptedModel(choice.wanted)];
  };
  let settings: Settings = {
    ...defaultSettings,
    model: { provider: 'editor', editorModel: 'first' },
  };
  const agent = createAgent(Object.assign(host, { models }), settings, {
    clock: systemClock,
    environment: {},
    engineFolder: tmpdir(),
    processId: process.pid,
    machineName: 'test',
    version: '1.2.3',
  });
  const taskWith = async (changes: Partial<Settings>) => {
    settings = structuredClone({ ...settings, ...changes });
    agent.useSettings(settings);
    await agent.run('analysis', 'a question', { question: 'What is one?' }, new AbortController().signal);
  };
  try {
    await taskWith({});
    await taskWith({ limits: { ...settings.limits, modelCalls: 2 } });
    assert.deepEqual(wanted, ['first']);
    await taskWith({ model: { ...settings.model, editorModel: 'second' } });
    await taskWith({ bedrock: { ...settings.bedrock, region: 'eu-west-1' } });
    assert.deepEqual(wanted, ['first', 'second', 'second']);
  } finally {
    agent.dispose();
    host.dispose();
  }
});
