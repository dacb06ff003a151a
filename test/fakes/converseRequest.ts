import * as z from 'zod/mini';

/** Text, or the point up to which the service is to keep what it has read. */
const block = z
  .strictObject({
    text: z.optional(z.string().check(z.regex(/\S/, 'The text field in the ContentBlock object is blank'))),
    cachePoint: z.optional(z.strictObject({ type: z.literal('default') })),
  })
  .check(z.refine(({ text, cachePoint }) => (text === undefined) !== (cachePoint === undefined), 'Exactly one member'));
const blocks = z.array(block).check(z.minLength(1));
const tool = z.strictObject({
  toolSpec: z.strictObject({
    name: z.string().check(z.regex(/^[a-zA-Z0-9_-]{1,64}$/)),
    description: z.optional(z.string().check(z.minLength(1))),
    inputSchema: z.strictObject({ json: z.looseObject({ type: z.literal('object') }) }),
    strict: z.optional(z.boolean()),
  }),
});
const choice = z.union([
  z.strictObject({ auto: z.strictObject({}) }),
  z.strictObject({ any: z.strictObject({}) }),
  z.strictObject({ tool: z.strictObject({ name: z.string() }) }),
]);
const schema = z.strictObject({
  system: z.optional(blocks),
  messages: z.array(z.strictObject({ role: z.enum(['user', 'assistant']), content: blocks })).check(z.minLength(1)),
  // Stricter than the service: an unset maxTokens reserves the whole quota, and new models refuse a temperature.
  inferenceConfig: z.strictObject({ maxTokens: z.int().check(z.minimum(1), z.maximum(200_000)) }),
  toolConfig: z.optional(
    z.strictObject({ tools: z.array(tool).check(z.minLength(1)), toolChoice: z.optional(choice) }),
  ),
});

export type ConverseBody = z.output<typeof schema>;

/** Keywords that a strict tool's schema may not use. */
const refusedWhenStrict = ['maxItems', 'minItems', 'minimum', 'maximum', 'minLength', 'maxLength', 'pattern'];

/** The body as the service reads it, or what it says against it. */
export function readConverseBody(text: string): { readonly body: ConverseBody } | { readonly refusal: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { refusal: 'The request body is not valid JSON' };
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return {
      refusal: `Malformed input request: #/${issue?.path.join('/')}: ${issue?.message}, please reformat your input and try again.`,
    };
  }
  const refusal = contradiction(parsed.data);
  return refusal === undefined ? { body: parsed.data } : { refusal };
}

function contradiction({ messages, toolConfig }: ConverseBody): string | undefined {
  for (const [index, { role }] of messages.entries()) {
    if (index === 0 && role !== 'user') return 'A conversation must start with a user message.';
    if (role === messages[index - 1]?.role) return 'Roles must alternate between "user" and "assistant".';
  }
  if (messages.at(-1)?.role === 'assistant') return 'This model does not support assistant message prefill.';
  const chosen =
    toolConfig?.toolChoice && 'tool' in toolConfig.toolChoice ? toolConfig.toolChoice.tool.name : undefined;
  const names = toolConfig?.tools.map(({ toolSpec }) => toolSpec.name) ?? [];
  if (chosen !== undefined && !names.includes(chosen))
    return `toolChoice names the tool ${chosen}, which is not in tools.`;
  if (new Set(names).size < names.length) return 'The names of tools must be unique.';
  for (const { toolSpec } of toolConfig?.tools ?? []) {
    const refused = toolSpec.strict ? findKeyword(toolSpec.inputSchema.json) : undefined;
    if (refused) return `For 'strict' tools, property '${refused}' is not supported`;
  }
  return undefined;
}

function findKeyword(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = refusedWhenStrict.includes(key) ? key : findKeyword(inner);
    if (found) return found;
  }
  return undefined;
}
