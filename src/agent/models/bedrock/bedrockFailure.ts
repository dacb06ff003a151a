import { type Failure, failures } from '../../failures.ts';
import { proxyFailure, tlsFailure } from '../../network/networkFailure.ts';
import { codeOf, ProxyError } from '../../network/tunnel.ts';
import { suggestProfile } from '../chooseModel.ts';
import { profilePrefix } from '../defaultModels.ts';
import { cleanDetail } from './cleanDetail.ts';
import { credentialsFailure } from './credentialsFailure.ts';

export interface CallContext {
  readonly model: string;
  readonly region: string;
  readonly host: string;
  /** Texts that must never appear in a failure, such as an API key. */
  readonly secrets: readonly string[];
  /** Whether the answer had begun when the error came. */
  readonly began: boolean;
}

/** What the SDK, Node or a stream exception threw, as a failure that a person can act on. */
export function bedrockFailure(error: unknown, context: CallContext): Failure {
  if (error instanceof ProxyError) return proxyFailure(error, context.host);
  const seen = inspect(error, context);
  const failure =
    byName(seen, context) ?? byNetworkCode(seen, context) ?? byStatus(seen, context) ?? unrecognised(seen, context);
  const retryAfterMs = failure.retryable ? retryAfter(seen.headers) : undefined;
  return retryAfterMs === undefined ? failure : { ...failure, retryAfterMs };
}

/** Why whoever has the credentials, at `host`, could not be asked for them. */
export function notAskedFailure(cause: unknown, host: string): Failure {
  if (cause instanceof ProxyError) return proxyFailure(cause, host);
  const code = codeOf(cause);
  return tlsFailure(code, host, 'developerMesh.bedrock.profile') ?? failures.credentialsUnreachable(host, code);
}

export function errorName(error: unknown): string {
  return text(property(error, 'name'));
}

interface Seen {
  readonly error: unknown;
  readonly name: string;
  /** As it came, for recognising; never shown. */
  readonly message: string;
  /** Name and message, fit for the log. */
  readonly detail: string;
  /** Of Node: ECONNRESET, CERT_HAS_EXPIRED, ... */
  readonly code: string;
  readonly status: number | undefined;
  readonly headers: unknown;
}

function inspect(error: unknown, context: CallContext): Seen {
  // Some services send `Name:http://...` or `namespace#Name`.
  const name = errorName(error).replace(/^.*#/, '').replace(/:.*$/s, '');
  const message = text(property(error, 'message'));
  const response = property(error, '$response');
  const status = property(property(error, '$metadata'), 'httpStatusCode') ?? property(response, 'statusCode');
  return {
    error,
    name,
    message,
    detail: cleanDetail(`${name}: ${message}`, context.secrets),
    code: property(error, 'code') === 'EPROTO' ? codeOf(error) : text(property(error, 'code')),
    status: typeof status === 'number' ? status : undefined,
    headers: property(response, 'headers'),
  };
}

function byName(seen: Seen, context: CallContext): Failure | undefined {
  const { name, message, detail, code } = seen;
  switch (name) {
    case 'AccessDeniedException':
      return accessDenied(seen, context);
    case 'ValidationException':
    case 'validationException':
      return invalid(seen, context);
    case 'ResourceNotFoundException':
    case 'FTUFormNotFilled':
    case 'FTUFormNotFilledException':
      return isUseCaseForm(name + message)
        ? failures.useCaseForm(context.model)
        : failures.unknownModel(context.model, detail);
    case 'ThrottlingException':
    case 'throttlingException':
    case 'TooManyRequestsException':
      return /per day|daily/i.test(message) ? failures.quotaExceeded(detail) : failures.throttled(detail);
    case 'ServiceQuotaExceededException':
      return failures.quotaExceeded(detail);
    case 'ModelTimeoutException':
      return failures.modelTimeout();
    case 'ModelErrorException':
    case 'ModelStreamErrorException':
    case 'modelStreamErrorException':
      return failures.modelError(detail);
    case 'ModelNotReadyException':
    case 'InternalServerException':
    case 'internalServerException':
    case 'ServiceUnavailableException':
    case 'serviceUnavailableException':
      return failures.modelUnavailable(detail);
    case 'ConflictException':
      return failures.requestRejected(detail);
    case 'NotBedrock':
      return failures.modelUnavailable(`something other than Bedrock answered, perhaps a proxy: ${detail}`);
    case 'SyntaxError':
      return seen.status === undefined ? undefined : failures.modelUnavailable(`unreadable answer: ${detail}`);
    case 'OversizedAnswer':
      return failures.answerMalformed(detail);
    case 'TimeoutError':
      // The SDK calls a lost connection a timeout as well.
      if (code === 'ECONNRESET' || code === 'EPIPE') return undefined;
      return /connect/i.test(message) && !context.began
        ? failures.bedrockUnreachable(context.host, detail)
        : failures.modelTimeout();
    default:
      return credentialsFailure(name, message, detail);
  }
}

function accessDenied({ message, detail }: Seen, { model, region }: CallContext): Failure {
  if (isUseCaseForm(message)) return failures.useCaseForm(model);
  if (/API key is valid|authentication failed/i.test(message)) return failures.credentialsRejected(detail);
  if (/token has expired/i.test(message)) return failures.credentialsExpired(detail);
  const named = /perform: (bedrock:\w{1,60})(?: on resource: (arn:[\w:./*-]{1,300}))?/.exec(message);
  return failures.accessDenied(model, detail, named?.[1], named?.[2] ?? neededResources(model, region));
}

/** Those other than `aws`, by how their regions begin. */
const partitions: readonly (readonly [string, string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['eusc-', 'aws-eusc'],
];

/** A profile needs permission on itself and on the model in every region it may send the call to. */
function neededResources(model: string, region: string): string {
  if (model.startsWith('arn:')) return `${model} and the model behind it`;
  const partition = partitions.find(([start]) => region.startsWith(start))?.[1] ?? 'aws';
  const bare = model.replace(profilePrefix, '');
  const foundation = `arn:${partition}:bedrock:*::foundation-model/${bare}`;
  return bare === model ? foundation : `arn:${partition}:bedrock:*:*:inference-profile/${model} and ${foundation}`;
}

function invalid({ message, detail }: Seen, { model, region }: CallContext): Failure {
  if (/on-demand throughput isn.{1,3}t supported/i.test(message)) {
    return failures.needsProfile(model, suggestProfile(model, region));
  }
  if (isUseCaseForm(message)) return failures.useCaseForm(model);
  if (/too long|context (window|limit|length)|too many input tokens/i.test(message)) return failures.inputTooLong();
  if (/model identifier is invalid|invalid model|at 'modelId' failed|end of its life/i.test(message)) {
    return failures.unknownModel(model, detail);
  }
  return failures.requestRejected(detail);
}

function isUseCaseForm(text: string): boolean {
  return /FTUForm|use[- ]case (details|form)/i.test(text);
}

function byNetworkCode({ code }: Seen, context: CallContext): Failure | undefined {
  if (code === '') return undefined;
  const tls = tlsFailure(code, context.host, 'developerMesh.bedrock.endpoint');
  if (tls) return tls;
  if (!/^E[A-Z_]+$/.test(code)) return undefined;
  return context.began ? failures.streamCut() : failures.bedrockUnreachable(context.host, code);
}

function byStatus(seen: Seen, context: CallContext): Failure | undefined {
  const { status, detail } = seen;
  if (status === undefined || status < 400) return undefined;
  if (status === 401 || status === 403) return accessDenied(seen, context);
  if (status === 429) return failures.throttled(detail);
  if (status === 404) return failures.unknownModel(context.model, detail);
  if (status === 408) return failures.modelTimeout();
  if (status === 424) return failures.modelError(detail);
  return status >= 500 ? failures.modelUnavailable(detail) : failures.requestRejected(detail);
}

/** Once an answer was under way, what cannot be named is damage to the stream: a bad checksum, half a frame. */
function unrecognised({ status, detail }: Seen, context: CallContext): Failure {
  return context.began || status === 200 ? failures.streamCut() : failures.crashed(detail);
}

/** Milliseconds; undefined when nothing sensible is said. */
function retryAfter(headers: unknown): number | undefined {
  const milliseconds = Number(text(property(headers, 'x-amz-retry-after')) || Number.NaN);
  const seconds = Number(text(property(headers, 'retry-after')) || Number.NaN);
  const wait = Number.isFinite(milliseconds) ? milliseconds : seconds * 1000;
  return wait >= 0 && wait <= 24 * 3600 * 1000 ? wait : undefined;
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && key in value ? Reflect.get(value, key) : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
