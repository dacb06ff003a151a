import assert from 'node:assert/strict';
import type { Failure } from '../../../src/agent/failures.ts';
import { type BedrockOptions, openBedrock } from '../../../src/agent/models/bedrock/bedrockModel.ts';
import type { Model, ModelEvent, ModelRequest } from '../../../src/agent/models/model.ts';
import { systemClock } from '../../../src/agent/shared/clock.ts';
import type { BedrockServer } from '../../fakes/bedrockServer.ts';

export const profileId = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';

export const form: ModelRequest = {
  system: 'You review code.',
  prompt: 'const a = 1;',
  maxTokens: 2000,
  tool: { name: 'report', description: 'Reports findings.', schema: { type: 'object' } },
};

export const never = new AbortController().signal;

/** A model on the fake service, with the keys that the service knows in the environment. */
export async function modelOn(
  server: BedrockServer,
  options: Partial<BedrockOptions> = {},
  id = profileId,
): Promise<Model> {
  useEnvironment(server.environment);
  const opened = await openBedrock(
    { region: server.region, profile: '', endpoint: server.url, authentication: 'credentials', ...options },
    { clock: systemClock, log: () => undefined, environment: {} },
  );
  assert.ok(opened.ok, opened.ok ? '' : opened.failure.message);
  return opened.value.model(id);
}

export async function collect(stream: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

export async function failureOf(stream: AsyncIterable<ModelEvent>): Promise<Failure> {
  const last = (await collect(stream)).at(-1);
  assert.ok(last?.kind === 'failed', `it ended in ${last?.kind}`);
  return last.failure;
}

/** What the AWS SDK reads of the environment is this and nothing of the machine's. Holds for the rest of the file. */
export function useEnvironment(variables: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, {
    AWS_CONFIG_FILE: '/nonexistent/config',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...variables,
  });
}

export async function eventually(isTrue: () => boolean, what: string): Promise<void> {
  for (let polls = 0; polls < 200; polls += 1) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail(what);
}
