/**
 * Every failure that a person can meet. In one file, long as it is, so that its sentences read as written by one hand and
 * no two of them say the same.
 */

/** What a person can do about a failure. The editor shows it as a button; headless prints it as text. */
export type NextStep =
  | { readonly action: 'signIn'; readonly title: 'Sign In' }
  | { readonly action: 'reconnect'; readonly title: 'Reconnect Now' }
  | { readonly action: 'showLog'; readonly title: 'Show Log' }
  | { readonly action: 'openSetting'; readonly title: 'Open Setting'; readonly setting: string }
  | { readonly action: 'openFolder'; readonly title: 'Open Folder' }
  | { readonly action: 'manageTrust'; readonly title: 'Manage Workspace Trust' };

/** An expected failure, as a value. `message` is one sentence for a person; `detail` is for the log alone. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly next?: NextStep;
  /** Whether doing the same again, later, can help. */
  readonly retryable: boolean;
  /** How long the other side asked to be left alone, milliseconds from when it said so. */
  readonly retryAfterMs?: number;
  readonly detail?: string;
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

export const succeeded = <T>(value: T): Outcome<T> => ({ ok: true, value });
export const failed = (failure: Failure): { readonly ok: false; readonly failure: Failure } => ({ ok: false, failure });

const signIn: NextStep = { action: 'signIn', title: 'Sign In' };
const reconnect: NextStep = { action: 'reconnect', title: 'Reconnect Now' };
const showLog: NextStep = { action: 'showLog', title: 'Show Log' };
const openFolder: NextStep = { action: 'openFolder', title: 'Open Folder' };
const manageTrust: NextStep = { action: 'manageTrust', title: 'Manage Workspace Trust' };
const openSetting = (setting: string): NextStep => ({ action: 'openSetting', title: 'Open Setting', setting });

const final = (code: string, message: string, next?: NextStep, detail?: string): Failure => ({
  code,
  message,
  retryable: false,
  ...(next && { next }),
  ...(detail && { detail }),
});
const passing = (code: string, message: string, next?: NextStep, detail?: string): Failure => ({
  ...final(code, message, next, detail),
  retryable: true,
});

/** For a sentence: no server is believed that it needs more than a day. */
function span(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  if (minutes > 24 * 60) return 'more than a day';
  return ms <= 60_000 ? `${Math.ceil(ms / 1000)} s` : `${minutes} minutes`;
}

/** Add yours here, in the group it belongs to. */
export const failures = {
  // Connecting
  signedOut: () => final('signed-out', 'You are not signed in to a Developer Mesh server.', signIn),
  badServerUrl: (reason: string) => final('bad-server-url', `The server URL cannot be used: ${reason}`, signIn),
  keyRejected: (host: string) => final('key-rejected', `${host} did not accept the key.`, signIn),
  noKeyForServer: (host: string) => final('no-key', `No key is stored for ${host}.`, signIn),
  untrusted: () => final('untrusted', 'Nothing connects or is read until you trust this workspace.', manageTrust),
  unreachable: (host: string, detail: string) =>
    passing('unreachable', `${host} cannot be reached.`, reconnect, detail),
  connectTimeout: (host: string, seconds: number) =>
    passing('connect-timeout', `${host} did not answer within ${seconds} s.`, reconnect),
  connectionLost: (host: string, detail: string) =>
    passing('connection-lost', `The connection to ${host} was lost.`, reconnect, detail),
  closedForGood: (host: string, code: number, reason: string) =>
    passing(
      'closed-for-good',
      `${host} closed the connection with code ${code}, so it is tried again slowly.`,
      reconnect,
      reason,
    ),
  protocolBroken: (host: string, detail: string) =>
    passing(
      'protocol-broken',
      `${host} broke the WebSocket protocol or hung up at once, time after time, so it is tried again slowly.`,
      reconnect,
      detail,
    ),
  serverBusy: (host: string, status: number) =>
    passing('server-busy', `${host} is busy (HTTP ${status}) and asked to wait.`, reconnect),
  upgradeRefused: (host: string, status: number) =>
    passing('upgrade-refused', `${host} answered HTTP ${status} instead of opening a WebSocket.`, reconnect),
  /** An answer that a web site gives, or the page of a network that wants a sign-in first. It is never followed. */
  webPage: (host: string, status: number) =>
    passing(
      'upgrade-refused',
      `${host} answered with a web page or a redirection (HTTP ${status}) instead of opening a WebSocket: sign in to this network in a browser if it asks for that, or check developerMesh.server.url.`,
      openSetting('developerMesh.server.url'),
    ),
  notWebSocket: (host: string, detail: string) =>
    passing(
      'upgrade-refused',
      `${host} answers, but not as a WebSocket server does; check developerMesh.server.url.`,
      openSetting('developerMesh.server.url'),
      detail,
    ),
  registrationRefused: (host: string, detail: string) =>
    passing('registration-refused', `${host} refused the registration of this agent.`, showLog, detail),
  noDialectFits: (host: string) =>
    passing(
      'no-dialect-fits',
      `${host} hangs up on every way of speaking that this agent knows.`,
      openSetting('developerMesh.server.dialect'),
    ),
  noTasksThere: (host: string) =>
    final(
      'no-tasks-there',
      `${host} is connected, but servers of its kind give no tasks; everything you start yourself works as always.`,
    ),
  /** `forMs`: so long it wants to be left alone; without it, it refuses and does not say for how long. */
  serverResting: (host: string, detail: string, forMs?: number) =>
    passing(
      'server-resting',
      forMs === undefined
        ? `${host} refuses to be asked for tasks at present; they come again once it answers.`
        : `${host} wants no questions for ${span(forMs)}; tasks come again then.`,
      undefined,
      detail,
    ),
  /** Two agents that one id stands for would take turns at each other's tasks. */
  agentIdInUse: (wanted: string, used: string) =>
    final(
      'agent-id-in-use',
      `Another window of this computer is connected as ${wanted}, so this one is ${used}.`,
      openSetting('developerMesh.agent.id'),
    ),
  /** Nobody whom this computer trusts has signed it. */
  certificateUntrusted: (host: string, code: string) =>
    passing(
      'certificate',
      `${host} shows a certificate that this computer does not trust (${code}); add its issuer to the certificates of the system, with http.systemCertificates on, or name its file in NODE_EXTRA_CA_CERTS. The check cannot be switched off, not by http.proxyStrictSSL either.`,
      openSetting('http.systemCertificates'),
      code,
    ),
  certificateOutOfDate: (host: string, code: string) =>
    passing(
      'certificate',
      `The certificate of ${host} is not valid at this time (${code}): whoever runs it has to renew it, unless the clock of this computer is wrong.`,
      showLog,
      code,
    ),
  /** `setting`: where the address stands. */
  certificateOfAnother: (host: string, code: string, setting: string) =>
    passing(
      'certificate',
      `The certificate that ${host} shows is for another host (${code}); check the address in ${setting}.`,
      openSetting(setting),
      code,
    ),
  certificateRefused: (host: string, code: string) =>
    passing('certificate', `The certificate of ${host} was not accepted (${code}).`, showLog, code),
  tlsTooOld: (host: string, code: string) =>
    passing(
      'tls',
      `${host} speaks no version of TLS that is still safe (${code}); it has to offer TLS 1.2 or later.`,
      showLog,
      code,
    ),
  noTls: (host: string, code: string, setting: string) =>
    passing(
      'tls',
      `${host} does not answer in TLS (${code}); check the port in ${setting}, and http.proxy or HTTPS_PROXY where a proxy is in between.`,
      openSetting(setting),
      code,
    ),
  tlsFailed: (host: string, code: string) =>
    passing('tls', `${host} and this computer could not agree on an encrypted connection (${code}).`, showLog, code),

  // On the way there. `proxy` is `host:port`; whatever else an address holds can be a password.
  proxyUnusable: (proxy: string, reason: string) =>
    passing(
      'proxy-unusable',
      `The proxy ${proxy} cannot be used: ${reason}; correct the http.proxy settings, or HTTPS_PROXY in the environment.`,
      openSetting('http.proxy'),
    ),
  proxyUnreachable: (proxy: string, code: string) =>
    passing(
      'proxy-unreachable',
      `The proxy ${proxy} cannot be reached (${code}); check http.proxy, or HTTPS_PROXY in the environment.`,
      openSetting('http.proxy'),
      code,
    ),
  proxyCertificate: (proxy: string, code: string) =>
    passing(
      'proxy-certificate',
      `The certificate of the proxy ${proxy} was not accepted (${code}); add its issuer to the certificates of the system, or name its file in NODE_EXTRA_CA_CERTS, and check that http.proxy or HTTPS_PROXY has the name that is in the certificate.`,
      openSetting('http.systemCertificates'),
      code,
    ),
  proxyAuthentication: (proxy: string, code: string) =>
    passing(
      'proxy-authentication',
      `The proxy ${proxy} did not accept the sign-in, or wants one (${code}); write it into http.proxy or HTTPS_PROXY as http://user:password@host:port.`,
      openSetting('http.proxy'),
      code,
    ),
  proxyRefused: (proxy: string, host: string, code: string) =>
    passing(
      'proxy-refused',
      `The proxy ${proxy} does not connect to ${host} (${code}); have it allowed there, or name ${host} in http.noProxy or NO_PROXY to go without the proxy.`,
      openSetting('http.noProxy'),
      code,
    ),
  proxyBroke: (proxy: string, host: string, code: string) =>
    passing(
      'proxy-broke',
      `The proxy ${proxy} broke off before ${host} was connected (${code}); check that http.proxy or HTTPS_PROXY names an HTTP proxy and its right port.`,
      openSetting('http.proxy'),
      code,
    ),

  badSetting: (setting: string, reason: string) =>
    final(
      'bad-setting',
      `The setting ${setting} cannot be used (${reason}), so its default applies.`,
      openSetting(setting),
    ),

  // Tasks
  unsupportedTask: (type: string) => final('unsupported-task', `unsupported task type: ${type}`),
  malformedPayload: (reason: string) => final('malformed-payload', `The task's payload cannot be read: ${reason}`),
  cancelled: () => final('cancelled', 'It was cancelled.'),
  taskTimedOut: () => final('task-timed-out', 'The deadline of the task passed before it was done.'),
  tooManyAttempts: (attempts: number) =>
    final('too-many-attempts', `The task brought the agent down ${attempts} times and was given up.`, showLog),
  tooManyTasks: (most: number) =>
    passing('too-many-tasks', `The server gave more than ${most} tasks within a minute, so this one was not taken.`),
  notAllowed: () => final('not-allowed', 'The person at this editor did not allow the task.'),
  nobodyToAsk: () =>
    final('nobody-to-ask', 'Each task of a server is to be allowed by a person here, and there is nobody to ask.'),
  queueFull: (limit: number) => passing('queue-full', `The queue is full (${limit} tasks).`),
  crashed: (detail: string) =>
    final('crashed', 'Something in the agent went wrong; the log has the details.', showLog, detail),
  resultRefused: (detail: string) =>
    final(
      'result-refused',
      'The server does not take the result of a task; it is kept on this machine.',
      showLog,
      detail,
    ),
  storageDegraded: (detail: string) =>
    passing(
      'storage-degraded',
      'Tasks cannot be written to disk, so they will not survive a restart.',
      showLog,
      detail,
    ),

  // Files
  noFolder: () => final('no-folder', 'Open a folder first: there is nothing to review.', openFolder),
  outsideWorkspace: (path: string) => final('outside-workspace', `${path} is not inside the workspace.`),
  unreadable: (path: string, reason: string) => final('unreadable', `${path} cannot be read: ${reason}`),
  nothingMatches: (patterns: string) => final('nothing-matches', `No file of the workspace matches ${patterns}.`),
  noSuchLines: (file: string, count: number) =>
    final('no-such-lines', `${file} has only ${count === 1 ? 'one line' : `${count} lines`}.`),
  noRepository: () => final('no-repository', 'This folder is not a Git repository, so there are no changes to review.'),
  gitFailed: (detail: string) => passing('git-failed', 'Git could not list the changes.', showLog, detail),
  unknownRevision: (name: string) => final('unknown-revision', `Git knows no branch or commit ${name}.`),
  badSuppressions: (file: string, reason: string) =>
    final('bad-suppressions', `${file} cannot be used: ${reason}. No finding is hidden by it.`),
  notKept: (file: string, reason: string) =>
    passing('not-kept', `${file} could not be written, so the finding comes back.`, showLog, reason),
  nothingReviewed: (reason: string) => final('nothing-reviewed', `Nothing was reviewed: ${reason}`),
  notebookUndocumented: (path: string) =>
    final('notebook-undocumented', `${path} is a notebook: its cells can be reviewed, but not documented.`),
  noSymbol: (name: string) => final('no-symbol', `There is no symbol ${name} here to document.`),

  // Model
  noCredentials: (detail: string) =>
    final(
      'no-credentials',
      'No AWS credentials were found for Amazon Bedrock.',
      openSetting('developerMesh.bedrock.profile'),
      detail,
    ),
  credentialsUnreachable: (host: string, code: string) =>
    passing(
      'credentials-unreachable',
      `${host}, which has the AWS credentials, cannot be reached (${code}).`,
      showLog,
      code,
    ),
  credentialsExpired: (detail: string) =>
    final(
      'credentials-expired',
      'The AWS credentials have expired; run "aws sso login" or renew them.',
      showLog,
      detail,
    ),
  noRegion: () =>
    final('no-region', 'No AWS region is set for Amazon Bedrock.', openSetting('developerMesh.bedrock.region')),
  modelOff: () => final('model-off', 'The AI review is switched off.', openSetting('developerMesh.review.useModel')),
  credentialsRejected: (detail: string) =>
    final(
      'credentials-rejected',
      'AWS did not accept the credentials.',
      openSetting('developerMesh.bedrock.profile'),
      detail,
    ),
  noApiKey: () =>
    final(
      'no-api-key',
      'There is no Amazon Bedrock API key in AWS_BEARER_TOKEN_BEDROCK.',
      openSetting('developerMesh.bedrock.authentication'),
    ),
  badEndpoint: (reason: string) =>
    final(
      'bad-endpoint',
      `The endpoint for Amazon Bedrock cannot be used: ${reason}`,
      openSetting('developerMesh.bedrock.endpoint'),
    ),
  clockWrong: (detail: string) =>
    final('clock-wrong', 'AWS refused the signature because the clock of this computer is wrong.', showLog, detail),
  /** `resource` is an ARN, or words for several. */
  accessDenied: (
    model: string,
    detail: string,
    permission = 'bedrock:InvokeModelWithResponseStream',
    resource = 'the model and its inference profile',
  ) =>
    final(
      'access-denied',
      `AWS does not let this identity use ${model}; it needs ${permission} on ${resource}.`,
      openSetting('developerMesh.bedrock.model'),
      detail,
    ),
  needsProfile: (model: string, profile = `us.${model}`) =>
    final(
      'needs-inference-profile',
      `${model} can only be called through an inference profile such as ${profile}.`,
      openSetting('developerMesh.bedrock.model'),
    ),
  useCaseForm: (model: string) =>
    final(
      'use-case-form',
      `AWS wants the use case form of the provider of ${model} filled in first: open the model in the Amazon Bedrock console.`,
      openSetting('developerMesh.bedrock.model'),
    ),
  unknownModel: (model: string, detail: string) =>
    final(
      'unknown-model',
      `Amazon Bedrock does not know the model ${model} in this region.`,
      openSetting('developerMesh.bedrock.model'),
      detail,
    ),
  requestRejected: (detail: string) =>
    final('request-rejected', 'Amazon Bedrock rejected the request.', showLog, detail),
  throttled: (detail: string) => passing('throttled', 'Amazon Bedrock is throttling this account.', showLog, detail),
  modelUnavailable: (detail: string) =>
    passing('model-unavailable', 'Amazon Bedrock is not available right now.', showLog, detail),
  bedrockUnreachable: (host: string, detail: string) =>
    passing('bedrock-unreachable', `Amazon Bedrock cannot be reached at ${host}.`, showLog, detail),
  quotaExceeded: (detail: string) =>
    final('quota-exceeded', 'The Amazon Bedrock quota of this account is used up.', showLog, detail),
  noEditorModel: () =>
    final(
      'no-editor-model',
      'The editor has no language model that this extension may use.',
      openSetting('developerMesh.model.provider'),
    ),
  editorModelDenied: (model: string) =>
    final(
      'editor-model-denied',
      `You have not allowed Developer Mesh to use the language model ${model} of this editor.`,
      openSetting('developerMesh.model.provider'),
    ),
  editorModelBlocked: (model: string, detail: string) =>
    final('editor-model-blocked', `The editor does not let ${model} be used right now.`, showLog, detail),
  editorModelBusy: (model: string, detail: string) =>
    passing('throttled', `The language model ${model} of this editor asks for fewer requests.`, showLog, detail),
  /** `setting`: where a person changes it, absent where it is the server's; `limit`: such as `20,000 tokens a day`. */
  budgetUsedUp: (setting: string | undefined, limit: string) =>
    final(
      'budget',
      `The budget of ${limit}${setting ? '' : ', which the server sets,'} leaves no room for another call to the model.`,
      setting ? openSetting(setting) : undefined,
    ),
  /** `limits`: in words; `minutes` until the next call would fit, absent: never. */
  rateLimited: (limits: string, minutes?: number) =>
    final(
      'rate-limited',
      minutes === undefined
        ? `The server allows ${limits}, and this call alone is larger.`
        : `The server allows ${limits}: the next call to the model fits in ${minutes} min, which is too late for this task.`,
    ),
  priceUnknown: (model: string) =>
    final(
      'price-unknown',
      `The price of ${model} is not known, so no budget in dollars can be kept with it: choose another model, or a budget in tokens.`,
      openSetting('developerMesh.bedrock.model'),
    ),
  modelError: (detail: string) => passing('model-error', 'The model failed while it was answering.', showLog, detail),
  modelTimeout: () => passing('model-timeout', 'The model did not answer in time.'),
  streamCut: () => passing('stream-cut', 'The answer of the model broke off.'),
  answerTooLong: () => final('answer-too-long', 'The answer of the model was cut at its length limit.'),
  inputTooLong: () => final('input-too-long', 'The code does not fit into the context of the model.'),
  answerBlocked: () => final('answer-blocked', 'A content filter or guardrail held the answer back.'),
  codeChanged: (place: string) =>
    final('code-changed', `The proposed documentation of ${place} would change the code as well, so it was refused.`),
  nothingProposed: () => passing('nothing-proposed', 'The model proposed no documentation for it.'),
  answerMalformed: (detail: string) =>
    passing('answer-malformed', 'The answer of the model could not be read.', showLog, detail),
} as const;
