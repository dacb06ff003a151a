import type { TokenUse } from '../tasks/task.ts';

export function sumTokens(a: TokenUse, b: TokenUse): TokenUse {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cache_read: a.cache_read + b.cache_read,
    cache_write: a.cache_write + b.cache_write,
  };
}
