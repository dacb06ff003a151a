import type { ConverseStreamCommandInput, ToolConfiguration } from '@aws-sdk/client-bedrock-runtime';
import type { ModelRequest, ToolForm } from '../model.ts';

/** What one model lets be asked of it. */
export interface Capabilities {
  /** Whether it can call a tool while it streams; otherwise it writes the form out as text. */
  readonly tools: boolean;
  /** Whether it can be held to the schema of a form that keeps to the strict subset. */
  readonly strictTool: boolean;
  /** Whether it lets itself be made to call a tool. */
  readonly forcedTool: boolean;
  /** Whether it keeps what several requests begin with, at a point that the request marks. */
  readonly cachePoints: boolean;
  /** The longest answer that it may be allowed, in tokens. */
  readonly maxTokens: number;
}

/** What is supposed of a model until it refuses. */
export const fullCapabilities: Capabilities = {
  tools: true,
  strictTool: true,
  forcedTool: true,
  cachePoints: true,
  maxTokens: Number.POSITIVE_INFINITY,
};

/** Our request in the words of Converse. No temperature: the newest models refuse one. */
export function toConverse(
  model: string,
  request: ModelRequest,
  capabilities: Capabilities,
): ConverseStreamCommandInput {
  const { tool, reuse } = request;
  const keep = reuse !== undefined && capabilities.cachePoints && mayCache(model);
  const reminder = tool ? reminderFor(tool, capabilities) : '';
  // The service rejects blank text.
  const system = [request.system, reminder].filter((text) => text.trim() !== '');
  return {
    modelId: model,
    ...(system.length > 0 && { system: [...system.map((text) => ({ text })), ...(keep ? [cachePoint] : [])] }),
    messages: [{ role: 'user', content: promptBlocks(request.prompt, keep ? reuse.promptPrefix : 0) }],
    inferenceConfig: { maxTokens: Math.min(request.maxTokens, capabilities.maxTokens) },
    ...(tool && capabilities.tools && { toolConfig: toolConfiguration(model, tool, capabilities) }),
  };
}

const cachePoint = { cachePoint: { type: 'default' } } as const;

/** The prompt, with a point behind what the next request begins with as well. */
function promptBlocks(prompt: string, prefix: number) {
  const [shared, own] = [prompt.slice(0, prefix), prompt.slice(prefix)];
  if (shared.trim() === '' || own.trim() === '') return [{ text: prompt }];
  return [{ text: shared }, cachePoint, { text: own }];
}

/**
 * Claude and Nova keep what is marked, and the other families refuse the mark. An application profile's ARN does not
 * name its model, so it is tried.
 */
function mayCache(model: string): boolean {
  return /(?:^|[./])(?:anthropic\.claude|amazon\.nova)/.test(model) || model.startsWith('arn:');
}

function reminderFor({ name, schema }: ToolForm, { tools, forcedTool }: Capabilities): string {
  if (!tools) {
    return `There is no tool ${name} here. Write what you would have called it with: one JSON object and nothing else, by this JSON Schema: ${JSON.stringify(schema)}`;
  }
  return forcedTool ? '' : `Answer only by calling the tool ${name}, once.`;
}

type JsonSchema = NonNullable<NonNullable<ToolConfiguration['tools']>[number]['toolSpec']>['inputSchema'];

/** The Claude models that are known to hold themselves to a schema; others would refuse the request first. */
function knowsStrict(model: string): boolean {
  return /anthropic\.claude-(?:(?:haiku|sonnet|opus)-4-[56]|sonnet-5)(?![\d])/.test(model);
}

function toolConfiguration(model: string, tool: ToolForm, { strictTool, forcedTool }: Capabilities): ToolConfiguration {
  const inputSchema = { json: tool.schema } as JsonSchema;
  const strict = tool.strict && strictTool && knowsStrict(model) ? { strict: true } : {};
  return {
    tools: [{ toolSpec: { name: tool.name, description: tool.description, inputSchema, ...strict } }],
    toolChoice: forcedTool ? { tool: { name: tool.name } } : { auto: {} },
  };
}

/**
 * What a refusal teaches about the model; undefined when it is about something else, or was learnt before.
 * `message` is the service's.
 */
export function learnFrom(message: string, known: Capabilities): Capabilities | undefined {
  if (known.tools && /\bsupport tool use\b/i.test(message)) return { ...known, tools: false };
  if (known.forcedTool && /tool_?choice/i.test(message)) return { ...known, forcedTool: false };
  if (known.cachePoints && /prompt caching|cache_?point|cache_?control/i.test(message))
    return { ...known, cachePoints: false };
  if (known.strictTool && /\bstrict\b|structured output|grammar|json ?schema/i.test(message))
    return { ...known, strictTool: false };
  const limit = Number(/maximum tokens you requested exceeds the model limit of (\d{1,7})/i.exec(message)?.[1]);
  return limit > 0 && known.maxTokens === Number.POSITIVE_INFINITY ? { ...known, maxTokens: limit } : undefined;
}
