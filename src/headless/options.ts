import { parseArgs } from 'node:util';
import { checkSettings, type Settings } from '../agent/settings.ts';

export interface HeadlessOptions {
  readonly settings: Settings;
  readonly key: string;
  /** As given; the first is the current folder when none is. */
  readonly workspaces: readonly string[];
  /** undefined: a folder of its own below the person's state folder. */
  readonly storage: string | undefined;
  readonly once: boolean;
  readonly verbose: boolean;
}

export type ParsedOptions =
  | { readonly kind: 'run'; readonly options: HeadlessOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly problem: string };

export type Environment = Readonly<Record<string, string | undefined>>;

export const usage = `Usage: developer-mesh-agent --server URL [options]

Takes the tasks that a Developer Mesh server assigns, and reports each result once.
Prints one JSON object a line on stdout for everything that happens; logs go to stderr.

  --server URL            wss://, or ws:// on this machine (default: MCP_SERVER_URL)
  --workspace DIR         the folder to work in; may be given again (default: .)
  --dialect NAME          auto (default, finds out), mesh, envelope or mcp
  --tasks allow           whether this server's tasks are done; ask needs an editor
  --name NAME             what the server's people see
  --agent-id ID           the same where the server shows nothing but an id
  --region REGION         AWS region (default: AWS_REGION, AWS_DEFAULT_REGION, the profile's)
  --profile NAME          AWS profile
  --model ID              Amazon Bedrock model, inference profile or ARN
  --bedrock-endpoint URL  instead of the region's own
  --no-model              static checks only
  --concurrent-tasks N    1 to 10 (default: 2)
  --tokens-per-task N     what the model may cost one task (default: 2000000; 0: no limit)
  --tokens-per-day N      the same for a day of UTC (default: 10000000)
  --dollars-per-day N     by list price (default: no limit)
  --dollars-per-month N   the same for a month
  --storage DIR           journal and identity (default: below XDG_STATE_HOME or ~/.local/state)
  --once                  drain and exit after the first task is delivered
  --verbose               log everything
  --help, --version

The key comes from MCP_API_KEY, never from a flag.
HTTPS_PROXY, ALL_PROXY and NO_PROXY are heeded; NODE_EXTRA_CA_CERTS names further authorities.
SIGTERM and SIGINT finish what runs, take nothing new and exit with 0.
Exit codes: 0 done, 1 the server refused the key or the result, 2 wrong usage.
`;

export function parseOptions(args: readonly string[], environment: Environment): ParsedOptions {
  let flags: ReturnType<typeof parseFlags>;
  try {
    flags = parseFlags(args);
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
  if (flags.help) return { kind: 'help' };
  if (flags.version) return { kind: 'version' };

  const url = flags.server ?? environment['MCP_SERVER_URL'] ?? '';
  if (url === '') return wrong('no server: give --server URL or set MCP_SERVER_URL');
  const key = environment['MCP_API_KEY']?.trim() ?? '';
  if (key === '') return wrong('no key: set MCP_API_KEY');

  if (flags.tasks === 'ask') return wrong('--tasks: ask needs a person to ask, and without an editor there is none');

  const { settings, problems } = checkSettings({
    server: given({ url, dialect: flags.dialect, tasks: flags.tasks }),
    agent: given({ name: flags.name, id: flags['agent-id'] }),
    bedrock: given({
      region: flags.region,
      profile: flags.profile,
      model: flags.model,
      endpoint: flags['bedrock-endpoint'],
      authentication: environment['AWS_BEARER_TOKEN_BEDROCK'] ? 'apiKey' : undefined,
    }),
    review: given({ useModel: flags['no-model'] ? false : undefined }),
    limits: given({ concurrentTasks: flags['concurrent-tasks'] && Number(flags['concurrent-tasks']) }),
    budget: given({
      tokensPerTask: flags['tokens-per-task'] && Number(flags['tokens-per-task']),
      tokensPerDay: flags['tokens-per-day'] && Number(flags['tokens-per-day']),
      dollarsPerDay: flags['dollars-per-day'] && Number(flags['dollars-per-day']),
      dollarsPerMonth: flags['dollars-per-month'] && Number(flags['dollars-per-month']),
    }),
  });
  const [problem] = problems;
  if (problem) return wrong(`${flagOf[problem.path] ?? problem.path}: ${problem.reason}`);
  return {
    kind: 'run',
    options: {
      settings,
      key,
      workspaces: flags.workspace ?? ['.'],
      storage: flags.storage,
      once: flags.once ?? false,
      verbose: flags.verbose ?? false,
    },
  };
}

const flagOf: Readonly<Record<string, string>> = {
  'server.url': '--server',
  'server.dialect': '--dialect',
  'server.tasks': '--tasks',
  'agent.name': '--name',
  'agent.id': '--agent-id',
  'bedrock.region': '--region',
  'bedrock.profile': '--profile',
  'bedrock.model': '--model',
  'bedrock.endpoint': '--bedrock-endpoint',
  'limits.concurrentTasks': '--concurrent-tasks',
  'budget.tokensPerTask': '--tokens-per-task',
  'budget.tokensPerDay': '--tokens-per-day',
  'budget.dollarsPerDay': '--dollars-per-day',
  'budget.dollarsPerMonth': '--dollars-per-month',
};

function parseFlags(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      server: { type: 'string' },
      workspace: { type: 'string', multiple: true },
      dialect: { type: 'string' },
      tasks: { type: 'string' },
      name: { type: 'string' },
      'agent-id': { type: 'string' },
      region: { type: 'string' },
      profile: { type: 'string' },
      model: { type: 'string' },
      'bedrock-endpoint': { type: 'string' },
      'no-model': { type: 'boolean' },
      'concurrent-tasks': { type: 'string' },
      'tokens-per-task': { type: 'string' },
      'tokens-per-day': { type: 'string' },
      'dollars-per-day': { type: 'string' },
      'dollars-per-month': { type: 'string' },
      storage: { type: 'string' },
      once: { type: 'boolean' },
      verbose: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
    },
  }).values;
}

function wrong(problem: string): ParsedOptions {
  return { kind: 'wrong', problem };
}

/** Without the keys that were not given, so that their defaults apply. */
function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
