export type Fields = ReadonlyMap<string, unknown>;

const none: Fields = new Map();

/**
 * The fields of a JSON object under one spelling: `agent_id`, `agentId`, `AgentID` and `AgentId` are all read
 * as `agentid`. The snake_case spelling wins over the others. Anything that is no object has no fields.
 * A map, because a key such as `__proto__` is a field like any other there.
 */
export function fieldsOf(value: unknown): Fields {
  if (!isObject(value)) return none;
  const fields = new Map<string, unknown>();
  for (const [key, field] of Object.entries(value)) {
    const name = plainName(key);
    if (!fields.has(name) || key === key.toLowerCase()) fields.set(name, field);
  }
  return fields;
}

/** The first of these fields that is there and not null. */
export function pick(fields: Fields, ...names: readonly string[]): unknown {
  for (const name of names) {
    const value = fields.get(plainName(name));
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function plainName(key: string): string {
  return key.replaceAll('_', '').toLowerCase();
}
