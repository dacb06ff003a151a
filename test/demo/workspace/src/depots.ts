interface AgentOptions {
  readonly rejectUnauthorized?: boolean;
  readonly keepAlive?: boolean;
}

export function depotConnection(create: (options: AgentOptions) => unknown): unknown {
  return create({ keepAlive: true, rejectUnauthorized: false });
}

export function isKnownDistance(kilometres: number): boolean {
  return kilometres !== NaN;
}
