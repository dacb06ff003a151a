import * as z from 'zod/mini';
import { severities } from './findings/finding.ts';

/** Everything a person can set. `editor/settings.ts` reads it from VS Code, `headless/options.ts` from flags. */
const settingsSchema = z.object({
  server: z.object({
    /** ws:// (loopback only) or wss://; empty: not signed in. */
    url: z._default(z.string().check(z.maxLength(2048)), ''),
    /** `auto`: found out, and remembered for each server. */
    dialect: z._default(z.enum(['auto', 'mesh', 'envelope', 'mcp']), 'auto'),
    connectOnStart: z._default(z.boolean(), true),
    /** Whether signing in is consent to the server's tasks, or a person is asked about each. */
    tasks: z._default(z.enum(['allow', 'ask']), 'allow'),
    /** More are refused. */
    tasksPerMinute: z._default(z.int().check(z.minimum(1), z.maximum(10_000)), 1000),
  }),
  agent: z.object({
    /** Shown to the server's people; empty: made from the host's name. */
    name: z._default(z.string().check(z.maxLength(255)), ''),
    /** Where the id is all that a server shows of an agent; empty: made from the computer's name. */
    id: z._default(z.string().check(z.regex(/^[A-Za-z0-9._-]{0,255}$/)), ''),
  }),
  model: z.object({
    /** `auto`: Amazon Bedrock, and without credentials for it the editor's models that its use was consented to. */
    provider: z._default(z.enum(['auto', 'bedrock', 'editor']), 'auto'),
    /** Id, family or `vendor/id` of one of the editor's models; empty: the one with the longest input. */
    editorModel: z._default(z.string().check(z.maxLength(255)), ''),
  }),
  bedrock: z.object({
    region: z._default(z.string().check(z.regex(/^([a-z]{2,8}(-[a-z]{1,16}){1,3}-\d{1,2})?$/)), ''),
    profile: z._default(z.string().check(z.maxLength(255)), ''),
    /** Model id, inference profile id or ARN; empty: the first of `defaultModels` that answers. */
    model: z._default(z.string().check(z.maxLength(2048)), ''),
    /** https, or http on loopback; empty: the region's own. */
    endpoint: z._default(z.string().check(z.maxLength(2048)), ''),
    authentication: z._default(z.enum(['credentials', 'apiKey']), 'credentials'),
  }),
  review: z.object({
    useModel: z._default(z.boolean(), true),
    minimumSeverity: z._default(z.enum(severities), 'low'),
    /** 0..1 */
    minimumConfidence: z._default(z.number().check(z.minimum(0), z.maximum(1)), 0.5),
    findingsPerFile: z._default(z.int().check(z.minimum(1), z.maximum(1000)), 50),
    findingsPerRun: z._default(z.int().check(z.minimum(1), z.maximum(10_000)), 500),
    /** Whether the model is asked to refute its grave findings before they count. */
    verify: z._default(z.boolean(), false),
  }),
  limits: z.object({
    concurrentTasks: z._default(z.int().check(z.minimum(1), z.maximum(10)), 2),
    queuedTasks: z._default(z.int().check(z.minimum(1), z.maximum(10_000)), 200),
    filesPerTask: z._default(z.int().check(z.minimum(1), z.maximum(5000)), 200),
    fileKilobytes: z._default(z.int().check(z.minimum(1), z.maximum(4096)), 512),
    /** Model calls under way at once. */
    modelCalls: z._default(z.int().check(z.minimum(1), z.maximum(16)), 4),
  }),
  /** Checked before each call to the model; 0: no limit. Tokens are those of input and output. Days are those of UTC. */
  budget: z.object({
    tokensPerTask: z._default(z.int().check(z.minimum(0), z.maximum(1_000_000_000)), 2_000_000),
    tokensPerDay: z._default(z.int().check(z.minimum(0), z.maximum(10_000_000_000)), 10_000_000),
    dollarsPerDay: z._default(z.number().check(z.minimum(0), z.maximum(100_000)), 0),
    dollarsPerMonth: z._default(z.number().check(z.minimum(0), z.maximum(1_000_000)), 0),
  }),
});

export type Settings = z.output<typeof settingsSchema>;

export interface SettingProblem {
  /** e.g. `limits.concurrentTasks` */
  readonly path: string;
  readonly reason: string;
}

export const defaultSettings: Settings = settingsSchema.parse({
  server: {},
  agent: {},
  model: {},
  bedrock: {},
  review: {},
  limits: {},
  budget: {},
});

type Sections = Record<string, Record<string, unknown>>;

/** Takes what it can: a value that does not fit is replaced by its default and reported, never fatal. */
export function checkSettings(input: unknown): { settings: Settings; problems: readonly SettingProblem[] } {
  const candidate: Sections = {};
  for (const section of Object.keys(defaultSettings)) {
    const given = isRecord(input) ? input[section] : undefined;
    candidate[section] = isRecord(given) ? { ...given } : {};
  }
  const problems: SettingProblem[] = [];
  const first = settingsSchema.safeParse(candidate);
  if (first.success) return { settings: first.data, problems };
  for (const issue of first.error.issues) {
    const [section, key] = issue.path;
    problems.push({ path: issue.path.join('.'), reason: wanted(issue) });
    if (section !== undefined && key !== undefined) delete candidate[String(section)]?.[String(key)];
  }
  return { settings: settingsSchema.parse(candidate), problems };
}

/** What would have fitted. `zod/mini` carries no sentences of its own. */
function wanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `one of ${issue.values.join(', ')} is wanted`;
    case 'invalid_type':
      return issue.expected === 'int' ? 'a whole number is wanted' : `a ${issue.expected} is wanted`;
    case 'too_small':
      return `at least ${issue.minimum} is wanted`;
    case 'too_big':
      return issue.origin === 'string'
        ? `at most ${issue.maximum} characters are wanted`
        : `at most ${issue.maximum} is wanted`;
    default:
      return 'it does not have the form that is wanted';
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
