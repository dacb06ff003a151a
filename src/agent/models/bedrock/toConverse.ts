import type { ConverseStreamCommandInput, ToolConfiguration } from '@aws-sdk/client-bedrock-runtime';
import type { ModelRequest, ToolForm } from '../model.ts';

/** What one model lets be asked of it. */
export interface Capabilities {
  /** Whether it can call a tool while it streams; otherwise it writes the form out as text. */
  readonly tools: boolean;
  /** Whether it lets itself be made to call a tool. */
  readonly forcedTool: boolean;
  /** The longest answer that it may be allowed, in tokens. */
  readonly maxTokens: number;
}

/** What is supposed of a model until it refuses. */
export const fullCapabilities: Capabilities = { tools: true, forcedTool: true, maxTokens: Number.POSITIVE_INFINITY };

/** Our request in the words of Converse. No temperature: the newest models refuse one. */
export function toConverse(
  model: string,
  request: ModelRequest,
  capabilities: Capabilities,
): ConverseStreamCommandInput {
  const { tool } = request;
  const reminder = tool ? reminderFor(tool, capabilities) : '';
  // The service rejects blank text.
  const system = [request.system, reminder].filter((text) => text.trim() !== '');
  return {
    modelId: model,
    ...(system.length > 0 && { system: system.map((text) => ({ text })) }),
    messages: [{ role: 'user', content: [{ text: request.prompt }] }],
    inferenceConfig: { maxTokens: Math.min(request.maxTokens, capabilities.maxTokens) },
    ...(tool && capabilities.tools && { toolConfig: toolConfiguration(tool, capabilities) }),
  };
}

function reminderFor({ name, schema }: ToolForm, { tools, forcedTool }: Capabilities): string {
  if (!tools) {
    return `There is no tool ${name} here. Write what you would have called it with: one JSON object and nothing else, by this JSON Schema: ${JSON.stringify(schema)}`;
  }
  return forcedTool ? '' : `Answer only by calling the tool ${name}, once.`;
}

type JsonSchema = NonNullable<NonNullable<ToolConfiguration['tools']>[number]['toolSpec']>['inputSchema'];

function toolConfiguration(tool: ToolForm, { forcedTool }: Capabilities): ToolConfiguration {
  const inputSchema = { json: tool.schema } as JsonSchema;
  return {
    tools: [{ toolSpec: { name: tool.name, description: tool.description, inputSchema } }],
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
  const limit = Number(/maximum tokens you requested exceeds the model limit of (\d{1,7})/i.exec(message)?.[1]);
  return limit > 0 && known.maxTokens === Number.POSITIVE_INFINITY ? { ...known, maxTokens: limit } : undefined;
}
