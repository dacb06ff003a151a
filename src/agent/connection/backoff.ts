const firstWindowMs = 250;
const secondWindowMs = 500;
const longestWindowMs = 5 * 60_000;
const slowMs = 60_000;

export interface Failed {
  /** Tries in a row that did not become healthy, this one included: 1 or more. */
  readonly failures: number;
  /** 0 <= value < 1 */
  readonly random: number;
  /** What the server asked for; never undercut, but no server can send us away for longer than five minutes. */
  readonly retryAfterMs?: number;
  /** Trying again so soon cannot help: not within a minute, and then spread over one more at least. */
  readonly slow?: boolean;
}

/**
 * Milliseconds until the next try. The whole window is jitter: a thousand agents that lost one server
 * at one moment must not come back at one moment. That is also why a server's wish is a floor below the jitter.
 */
export function retryDelay({ failures, random, retryAfterMs = 0, slow = false }: Failed): number {
  const least = slow ? slowMs : 0;
  const window = failures <= 1 ? firstWindowMs : Math.min(longestWindowMs, secondWindowMs * 2 ** (failures - 2));
  const floor = Math.min(longestWindowMs, Math.max(least, retryAfterMs));
  return Math.round(floor + random * Math.max(least, window));
}
