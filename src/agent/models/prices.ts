import type { TokenUse } from '../tasks/task.ts';
import { profilePrefix } from './defaultModels.ts';

/** Dollars for a million tokens of each kind. */
export interface Price {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/**
 * List prices on demand, in dollars, as published until August 2026; requests beyond 200,000 tokens, which this agent
 * does not make, cost more. What a contract changes is not known here. A model that is not named has no price: none is
 * guessed from a neighbour's.
 */
export const pricesAsOf = '2026-08';

const claude = (input: number): Price => ({
  input,
  output: 5 * input,
  cacheRead: 0.1 * input,
  cacheWrite: 1.25 * input,
});
const nova = (input: number, output: number): Price => ({
  input,
  output,
  cacheRead: 0.25 * input,
  cacheWrite: input,
});

/** By the model's id without the prefix of an inference profile. */
const prices: ReadonlyMap<string, Price> = new Map([
  ['anthropic.claude-fable-5', claude(10)],
  ['anthropic.claude-opus-5', claude(5)],
  ['anthropic.claude-opus-4-8', claude(5)],
  ['anthropic.claude-opus-4-6-v1', claude(5)],
  ['anthropic.claude-sonnet-5', claude(2)],
  ['anthropic.claude-sonnet-4-6', claude(3)],
  ['anthropic.claude-sonnet-4-5-20250929-v1:0', claude(3)],
  ['anthropic.claude-haiku-4-5-20251001-v1:0', claude(1)],
  ['amazon.nova-pro-v1:0', nova(0.8, 3.2)],
  ['amazon.nova-lite-v1:0', nova(0.06, 0.24)],
  ['amazon.nova-micro-v1:0', nova(0.035, 0.14)],
]);

/** What a profile that keeps to one geography costs more for Claude. */
const regionalShare = 1.1;

/** `model`: an id, an inference profile's id, or the ARN of either. Undefined: not known. */
export function priceOf(model: string): Price | undefined {
  const id = model.startsWith('arn:') ? model.slice(model.lastIndexOf('/') + 1) : model;
  const [, profile] = profilePrefix.exec(id) ?? [];
  const bare = id.replace(profilePrefix, '');
  const price = prices.get(bare);
  if (!price || profile === undefined || profile === 'global' || !bare.startsWith('anthropic.')) return price;
  return {
    input: price.input * regionalShare,
    output: price.output * regionalShare,
    cacheRead: price.cacheRead * regionalShare,
    cacheWrite: price.cacheWrite * regionalShare,
  };
}

/** Dollars. */
export function costOf(tokens: TokenUse, price: Price): number {
  const { input, output, cache_read, cache_write } = tokens;
  const millionths =
    input * price.input + output * price.output + cache_read * price.cacheRead + cache_write * price.cacheWrite;
  return millionths / 1_000_000;
}
