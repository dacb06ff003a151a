/** Below this share of equal characters two lines are different lines. */
const least = 0.93;
/** Longer lines are only compared as they are: the comparison costs the product of the lengths. */
const longest = 400;

/**
 * How alike two lines are, as 1 - edits / longer length: 0.93 to 1, or 0 when they are not alike enough. Numbers do not
 * slip, nor does one word become another: `case 3` and `case 4`, `load(user)` and `load(order)` are two lines.
 */
export function resembles(a: string, b: string): number {
  if (a === b) return 1;
  if (a.replace(/\D+/g, ' ').trim() !== b.replace(/\D+/g, ' ').trim()) return 0;
  const length = Math.max(a.length, b.length);
  const allowed = Math.floor(length * (1 - least) + 1e-9);
  if (length > longest || Math.abs(a.length - b.length) > allowed) return 0;
  const edits = editsBetween(a, b);
  return edits <= allowed && sameWords(a, b) ? 1 - edits / length : 0;
}

/** Where both have as many words, whether each is its counterpart, give or take a slip or two of the hand. */
function sameWords(a: string, b: string): boolean {
  const words = /[\p{L}_$]+/gu;
  const ours = a.match(words) ?? [];
  const theirs = b.match(words) ?? [];
  if (ours.length !== theirs.length) return true;
  return ours.every((word, index) => {
    const other = theirs[index] ?? '';
    return (
      word === other || editsBetween(word, other) <= Math.min(2, Math.ceil(Math.max(word.length, other.length) / 4))
    );
  });
}

/** Levenshtein distance. */
function editsBetween(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const changed = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(changed, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
