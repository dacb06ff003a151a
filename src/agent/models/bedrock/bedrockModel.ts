/** The one file of this folder that the outside loads, and only by `await import`: behind it is the AWS SDK. */
import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { type Failure, failed, failures, type Outcome, succeeded } from '../../failures.ts';
import type { Log } from '../../host.ts';
import type { NetworkSettings } from '../../network/proxyFor.ts';
import type { Clock } from '../../shared/clock.ts';
import { orAborted } from '../../shared/orAborted.ts';
import { type Model, type ModelEvent, type ModelRequest, noTokens } from '../model.ts';
import { type BedrockClient, createBedrockClient, defaultTimeouts, type Timeouts } from './bedrockClient.ts';
import { bedrockFailure, type CallContext, errorName, notAskedFailure } from './bedrockFailure.ts';
import { isRegion, resolveEndpoint } from './endpoint.ts';
import { fromConverse } from './fromConverse.ts';
import { NotAsked } from './requestHandler.ts';
import { fullCapabilities, learnFrom, toConverse } from './toConverse.ts';
import { untilAborted } from './untilAborted.ts';

export interface BedrockOptions {
  /** Empty: what the environment, else the profile says. */
  readonly region: string;
  /** Empty: what the environment says. */
  readonly profile: string;
  /** Empty: the region's own. */
  readonly endpoint: string;
  readonly authentication: 'credentials' | 'apiKey';
  /** Used with `apiKey` alone; absent: what the environment says. */
  readonly apiKey?: string;
  readonly timeouts?: Timeouts;
}

export interface BedrockParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Asked before each connection; absent: no proxies. */
  network?(): NetworkSettings;
}

/** An account at one endpoint, with credentials that were found. Its models share connections. */
export interface Bedrock {
  readonly region: string;
  /** Where requests go, to be shown. */
  readonly endpoint: string;
  model(id: string): Model;
}

/** Milliseconds that finding the credentials may take before it counts as not found. */
const credentialsLimit = 5000;
/** Milliseconds that a connection may take to end after the answer has, before it is cut. */
const lingerLimit = 1000;

/** Checks region, endpoint and credentials, in this order. Makes no call to a model. */
export async function openBedrock(options: BedrockOptions, parts: BedrockParts): Promise<Outcome<Bedrock>> {
  const { environment, clock } = parts;
  const region = await findRegion(options, environment);
  if (!isRegion(region)) return failed(failures.noRegion());
  const endpoint = resolveEndpoint(options.endpoint, region, environment['AWS_USE_FIPS_ENDPOINT'] === 'true');
  if (!endpoint.ok) return endpoint;

  const apiKey = options.authentication === 'apiKey' ? findApiKey(options, environment) : undefined;
  if (apiKey === '') return failed(failures.noApiKey());
  const client = createBedrockClient(
    {
      region,
      profile: options.profile,
      endpoint: endpoint.value,
      ...(apiKey !== undefined && { apiKey }),
      timeouts: options.timeouts ?? defaultTimeouts,
    },
    parts,
  );
  const context = { region, host: endpoint.value.host, secrets: apiKey === undefined ? [] : [apiKey] };
  if (apiKey === undefined) {
    const failure = await probeCredentials(client, context, clock);
    const profile = options.profile || environment['AWS_PROFILE'] || 'none';
    if (failure) return failed({ ...failure, detail: `${failure.detail ?? ''} (profile: ${profile})` });
  }
  return succeeded({
    region,
    endpoint: endpoint.value.origin,
    model: (id) => createBedrockModel(id, client, context, parts),
  });
}

/** The region and nothing else may come from the profile; `AWS_DEFAULT_REGION` is what the SDK does not read. */
async function findRegion(
  options: BedrockOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const named = options.region || environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'];
  if (named) return named;
  try {
    const reader = new BedrockRuntimeClient(options.profile === '' ? {} : { profile: options.profile });
    return await reader.config.region();
  } catch {
    // The SDK throws when there is none, and when the config file cannot be read; both leave us without a region.
    return '';
  }
}

function findApiKey(options: BedrockOptions, environment: Readonly<Record<string, string | undefined>>): string {
  return (options.apiKey || environment['AWS_BEARER_TOKEN_BEDROCK'] || '').trim();
}

async function probeCredentials(
  client: BedrockClient,
  context: SharedContext,
  clock: Clock,
): Promise<Failure | undefined> {
  const limit = new AbortController();
  const timer = clock.after(credentialsLimit, () => limit.abort());
  try {
    await orAborted(client.findCredentials(), limit.signal);
    return undefined;
  } catch (error) {
    if (limit.signal.aborted) return failures.noCredentials(`not found within ${credentialsLimit / 1000} s`);
    if (error instanceof NotAsked) return notAskedFailure(error.cause, error.host);
    return bedrockFailure(error, { ...context, model: '', began: false });
  } finally {
    timer.dispose();
  }
}

type SharedContext = Pick<CallContext, 'region' | 'host' | 'secrets'>;

function createBedrockModel(id: string, client: BedrockClient, shared: SharedContext, parts: BedrockParts): Model {
  /** Corrected by what the model refuses. */
  let capabilities = fullCapabilities;
  let mayStream = true;
  let mayCount = true;

  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const connection = new AbortController();
    const onAbort = () => connection.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    let began = false;
    let ended = false;
    try {
      const answer = await converse(request, connection.signal);
      began = true;
      const events = answer[Symbol.asyncIterator]();
      const textWillDo = !capabilities.tools || !capabilities.forcedTool;
      for await (const event of fromConverse(untilAborted(events, connection.signal), request.tool?.name, textWillDo)) {
        if (event.kind === 'done' || event.kind === 'failed') {
          ended = true;
          finishReading(events, connection);
          return yield event;
        }
        yield event;
      }
    } catch (error) {
      ended = true;
      connection.abort();
      // The SDK reports an abort during the answer as a lost connection.
      const failure = signal.aborted ? failures.cancelled() : bedrockFailure(error, { ...shared, model: id, began });
      return yield { kind: 'failed', failure, tokens: noTokens };
    } finally {
      signal.removeEventListener('abort', onAbort);
      // Whoever leaves the loop early must not go on paying for the rest.
      if (!ended) connection.abort();
    }
  }

  async function converse(request: ModelRequest, signal: AbortSignal) {
    for (;;) {
      const asked = capabilities;
      const input = toConverse(id, request, asked);
      try {
        return await orAborted(
          mayStream ? client.converse(input, signal) : client.converseWhole(input, signal),
          signal,
        );
      } catch (error) {
        if (mayStream && isStreamingDenied(error)) return await converseWhole(input, signal, error);
        if (errorName(error) !== 'ValidationException' || !(error instanceof Error)) throw error;
        // Each thing is learnt once, so this ends.
        const learnt = learnFrom(error.message, asked);
        if (!learnt) throw error;
        parts.log('info', 'The model cannot do what was asked; asking for less', { model: id, ...learnt });
        capabilities = learnt;
      }
    }
  }

  /** `denied`: what is thrown when the answer is not to be had in one piece either. */
  async function converseWhole(input: ReturnType<typeof toConverse>, signal: AbortSignal, denied: unknown) {
    try {
      const answer = await orAborted(client.converseWhole(input, signal), signal);
      parts.log('info', 'This identity may not stream answers, so they come in one piece', { model: id });
      mayStream = false;
      return answer;
    } catch (error) {
      // Not to be had either way: what is missing for streaming is what to mend.
      throw ['AccessDeniedException', 'ValidationException'].includes(errorName(error)) ? denied : error;
    }
  }

  /** Reads to the end of the connection, so that the next call can use it again. */
  function finishReading(events: AsyncIterator<unknown>, connection: AbortController): void {
    const timer = parts.clock.after(lingerLimit, () => connection.abort());
    const read = async () => {
      while (!(await events.next()).done);
    };
    // The answer is complete; how its connection ends changes nothing.
    const ignored = () => undefined;
    void read()
      .catch(ignored)
      .finally(() => timer.dispose());
  }

  async function countTokens(request: ModelRequest, signal: AbortSignal): Promise<number | undefined> {
    if (!mayCount) return undefined;
    try {
      return await orAborted(client.countTokens(toConverse(id, request, capabilities), signal), signal);
    } catch (error) {
      signal.throwIfAborted();
      const { code, detail } = bedrockFailure(error, { ...shared, model: id, began: false });
      parts.log('info', 'The tokens of a request are estimated', { model: id, code, detail });
      // Not allowed, or not there for this model: the next answer would be the same.
      if (['access-denied', 'request-rejected', 'unknown-model', 'needs-inference-profile'].includes(code)) {
        mayCount = false;
      }
      return undefined;
    }
  }

  return { id, stream, countTokens };
}

/** A policy that allows the model and denies the streamed call alone. */
function isStreamingDenied(error: unknown): boolean {
  return (
    errorName(error) === 'AccessDeniedException' &&
    error instanceof Error &&
    error.message.includes('bedrock:InvokeModelWithResponseStream')
  );
}
