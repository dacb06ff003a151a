import {
  BedrockRuntimeClient,
  type BedrockRuntimeClientConfig,
  ConverseCommand,
  ConverseStreamCommand,
  type ConverseStreamCommandInput,
  type ConverseStreamOutput,
  CountTokensCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Log } from '../../host.ts';
import { editorProxyError, refusalOf } from '../../network/editorProxy.ts';
import { profilePrefix } from '../defaultModels.ts';
import { errorName } from './bedrockFailure.ts';
import { guardResponse, type RawResponse } from './guardResponse.ts';
import { createCredentialsRequests, createRequestHandler, type NetworkParts } from './requestHandler.ts';
import { streamOf } from './wholeAnswer.ts';

/** Milliseconds. */
export interface Timeouts {
  readonly connect: number;
  /** Until the headers of the answer are there. */
  readonly response: number;
  /** Silence on the connection, before or during the answer. */
  readonly idle: number;
}

export const defaultTimeouts: Timeouts = { connect: 10_000, response: 90_000, idle: 60_000 };
/** For an answer that comes in one piece, milliseconds: nothing is heard of it until it is complete. */
const wholeAnswerLimit = 300_000;

export interface BedrockClientOptions {
  readonly region: string;
  /** Empty: what the environment says. */
  readonly profile: string;
  /** As `resolveEndpoint` allowed it. */
  readonly endpoint: URL;
  /** Present: used as a bearer token, and no other credentials are looked for. */
  readonly apiKey?: string;
  readonly timeouts: Timeouts;
}

export interface BedrockClient {
  /**
   * One call, one attempt. Resolves with the first event of the answer at hand; rejects as the SDK does.
   * Expired credentials are read anew once. Aborting the signal closes the connection.
   */
  converse(input: ConverseStreamCommandInput, signal: AbortSignal): Promise<AsyncIterable<ConverseStreamOutput>>;
  /** The same answer, not streamed: it comes in one piece. For who may not call the other. */
  converseWhole(input: ConverseStreamCommandInput, signal: AbortSignal): Promise<AsyncIterable<ConverseStreamOutput>>;
  /** Tokens of the input, which costs nothing; rejects as the SDK does. */
  countTokens(input: ConverseStreamCommandInput, signal: AbortSignal): Promise<number | undefined>;
  /** Finds the credentials; rejects as the SDK does. */
  findCredentials(): Promise<void>;
}

export interface BedrockClientParts extends NetworkParts {
  readonly log: Log;
}

export function createBedrockClient(options: BedrockClientOptions, parts: BedrockClientParts): BedrockClient {
  const streaming = createCaller(options, options.timeouts, parts);
  const patience = { ...options.timeouts, response: wholeAnswerLimit, idle: wholeAnswerLimit };
  /** Only for who may not stream. */
  let patient: Caller | undefined;
  return {
    converse: (input, abortSignal) =>
      streaming.call(async (client) => {
        const { stream } = await client.send(new ConverseStreamCommand(input), { abortSignal });
        if (!stream) throw new Error('The answer has no stream.');
        return stream;
      }, abortSignal),
    converseWhole(input, abortSignal) {
      patient ??= createCaller(options, patience, parts);
      return patient.call(
        async (client) => streamOf(await client.send(new ConverseCommand(input), { abortSignal })),
        abortSignal,
      );
    },
    countTokens: ({ modelId, messages, system, toolConfig }, abortSignal) =>
      streaming.call(async (client) => {
        const converse = { messages, ...(system && { system }), ...(toolConfig && { toolConfig }) };
        // The count is the model's, through whichever profile it is called.
        const command = new CountTokensCommand({ modelId: modelId?.replace(profilePrefix, ''), input: { converse } });
        return (await client.send(command, { abortSignal })).inputTokens;
      }, abortSignal),
    async findCredentials() {
      await streaming.findCredentials();
    },
  };
}

interface Caller {
  /** Calls once; a second time, with credentials read anew, when they have expired. */
  call<T>(send: (client: BedrockRuntimeClient) => Promise<T>, signal: AbortSignal): Promise<T>;
  findCredentials(): Promise<void>;
}

function createCaller(options: BedrockClientOptions, timeouts: Timeouts, parts: BedrockClientParts): Caller {
  const { log } = parts;
  const requestHandler = createRequestHandler(timeouts, parts);
  const credentials = createCredentialsRequests(options.timeouts, parts);
  const create = () => createSdkClient(options, requestHandler, credentials.handler, log);
  let current = create();
  return {
    async findCredentials() {
      await credentials.explained(() => current.config.credentials());
    },
    async call(send, signal) {
      const used = current;
      try {
        return await send(used);
      } catch (error) {
        // The editor's text can hold the password of its proxy.
        const proxyError = editorProxyError(error);
        if (proxyError) throw proxyError;
        if (options.apiKey !== undefined || signal.aborted || !hasExpired(error)) throw error;
        log('info', 'The AWS credentials have expired; reading them anew');
        // Calls that ran side by side share the one new client.
        if (current === used) current = create();
        return await send(current);
      }
    },
  };
}

/** Everything that the environment or a config file could otherwise decide is said here. */
function createSdkClient(
  options: BedrockClientOptions,
  requestHandler: NodeHttpHandler,
  credentialsHandler: NodeHttpHandler,
  log: Log,
): BedrockRuntimeClient {
  const common: BedrockRuntimeClientConfig = {
    region: options.region,
    endpoint: options.endpoint.href,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    defaultsMode: 'standard',
    // Retries are ours: they also cover what the SDK does not retry, and two budgets would multiply.
    maxAttempts: 1,
    retryMode: 'standard',
    requestHandler,
  };
  const client = new BedrockRuntimeClient(
    options.apiKey === undefined
      ? {
          ...common,
          authSchemePreference: ['sigv4'],
          credentials: findCredentials(options.profile, credentialsHandler, log),
        }
      : { ...common, authSchemePreference: ['httpBearerAuth'], token: { token: options.apiKey } },
  );
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      // The deserialize step hands on what the request handler gave.
      const response = result.response as RawResponse;
      const { statusCode, body } = response;
      const overTls = options.endpoint.protocol === 'https:';
      const refusal = overTls && body.socket ? refusalOf({ statusCode, socket: body.socket }) : undefined;
      if (refusal) {
        body.destroy?.();
        throw refusal;
      }
      guardResponse(response, context.commandName === 'ConverseStreamCommand' ? 'stream' : 'whole');
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'guardResponse' },
  );
  return client;
}

/** The usual chain: environment, SSO, profile, process, web identity, container, instance. */
function findCredentials(profile: string, requestHandler: NodeHttpHandler, log: Log) {
  return fromNodeProviderChain({
    ...(profile !== '' && { profile }),
    // Files that another program has renewed since are read again.
    ignoreCache: true,
    // No region here: it would send an SSO sign-in of another region to the wrong place.
    clientConfig: { ignoreConfiguredEndpointUrls: true, requestHandler },
    // A laptop has no instance metadata service; asking takes one second, not many.
    timeout: 1000,
    maxRetries: 0,
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: () => log('warn', 'AWS credentials are set both by a profile and in the environment; the profile counts'),
      error: () => undefined,
    },
  });
}

function hasExpired(error: unknown): boolean {
  return ['ExpiredTokenException', 'ExpiredToken'].includes(errorName(error));
}
