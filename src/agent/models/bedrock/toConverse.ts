import type { ConverseStreamCommandInput, ToolConfiguration } from '@aws-sdk/client-bedrock-runtime';
import type { ModelRequest, ToolForm } from '../model.ts';

/** How firmly the form is asked for. Not every model lets itself be forced; `offered` leaves it the choice. */
export type ToolRung = 'forced' | 'offered';

/** Our request in the words of Converse. No temperature: the newest models refuse one. */
export function toConverse(model: string, request: ModelRequest, rung: ToolRung): ConverseStreamCommandInput {
  const { tool } = request;
  const reminder = tool && rung === 'offered' ? `Answer only by calling the tool ${tool.name}, once.` : '';
  // The service rejects blank text.
  const system = [request.system, reminder].filter((text) => text.trim() !== '');
  return {
    modelId: model,
    ...(system.length > 0 && { system: system.map((text) => ({ text })) }),
    messages: [{ role: 'user', content: [{ text: request.prompt }] }],
    inferenceConfig: { maxTokens: request.maxTokens },
    ...(tool && { toolConfig: toolConfiguration(tool, rung) }),
  };
}

type JsonSchema = NonNullable<NonNullable<ToolConfiguration['tools']>[number]['toolSpec']>['inputSchema'];

function toolConfiguration(tool: ToolForm, rung: ToolRung): ToolConfiguration {
  const inputSchema = { json: tool.schema } as JsonSchema;
  return {
    tools: [{ toolSpec: { name: tool.name, description: tool.description, inputSchema } }],
    toolChoice: rung === 'forced' ? { tool: { name: tool.name } } : { auto: {} },
  };
}
