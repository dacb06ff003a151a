/** What the code of a WebSocket close means for whoever was closed. The table is that of graphql-ws, with the platform's own codes. */

/** The key was seen and is not accepted; 4403 says that it may not, which no repetition changes either. */
const aboutTheKey: ReadonlySet<number> = new Set([1008, 4001, 4401, 4403]);
/** 1009, and what the platform calls it: sent smaller, the same may be welcome at once. */
const tooLarge: ReadonlySet<number> = new Set([1009, 4007]);
const final: ReadonlySet<number> = new Set([4004, 4005, 4400, 4406, 4409, 4429, 4500]);
/** Of 1000 to 1999, where everything else is final. 1000 is how some servers hang up on anything. */
const passing: ReadonlySet<number> = new Set([1000, 1001, 1005, 1006, 1012, 1013, 1014]);

export type CloseMeaning = 'key' | 'tooLarge' | 'final' | 'passing';

export function meaningOf(code: number): CloseMeaning {
  if (aboutTheKey.has(code)) return 'key';
  if (tooLarge.has(code)) return 'tooLarge';
  const isFinal = final.has(code) || (code >= 1000 && code <= 1999 && !passing.has(code));
  return isFinal ? 'final' : 'passing';
}
