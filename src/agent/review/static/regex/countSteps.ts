import { type CodeRange, includes, type Piece } from './parseRegex.ts';

/** A backtracking matcher remembers where the groups stand, because references back ask for it. */
type Next = (at: number) => boolean;

class TooMany extends Error {}

/** Each level takes some frames of the stack, of which an editor may have used a part already. */
const deepest = 900;

/**
 * How many steps a backtracking matcher, such as those of JavaScript, Python and Java, takes to try `piece` at offset
 * `from` of the text. At most `limit` steps are made; then, or when the matcher would need more stack, `limit` is the answer.
 */
export function countSteps(piece: Piece, text: string, from: number, limit: number): number {
  let steps = 0;
  let depth = 0;
  const groups: (readonly [number, number] | undefined)[] = [];
  const step = () => {
    if (++steps >= limit) throw new TooMany();
  };
  const has = (ranges: readonly CodeRange[], at: number) => at < text.length && includes(ranges, text.charCodeAt(at));

  const run = (current: Piece, at: number, next: Next): boolean => {
    step();
    if (++depth > deepest) throw new TooMany();
    const matched = tried(current, at, next);
    depth--;
    return matched;
  };

  const tried = (current: Piece, at: number, next: Next): boolean => {
    switch (current.kind) {
      case 'set':
        return has(current.ranges, at) && next(at + 1);
      case 'sequence':
        return parts(current.parts, 0, at, next);
      case 'choice':
        return current.options.some((option) => run(option, at, next));
      case 'group': {
        const before = groups[current.index];
        if (
          run(current.of, at, (end) => {
            const inner = groups[current.index];
            groups[current.index] = [at, end];
            if (next(end)) return true;
            groups[current.index] = inner;
            return false;
          })
        ) {
          return true;
        }
        groups[current.index] = before;
        return false;
      }
      case 'once': {
        if (current.looks === 'behind') return next(at); // What stands before was not made to fail here.
        let end = -1;
        const matched = run(current.of, at, (reached) => {
          end = reached;
          return true;
        });
        return matched !== current.negative && next(current.looks === 'on' ? end : at);
      }
      case 'edge':
        return onEdge(current.at, at, text) && next(at);
      case 'back': {
        const group = groups[current.group];
        const again = group ? text.slice(...group) : '';
        return text.startsWith(again, at) && next(at + again.length);
      }
      case 'repeat':
        return current.of.kind === 'set'
          ? repeatedSet(current.of.ranges, current.min, current.max, current.lazy, at, next)
          : repeated(current, at, 0, next);
    }
  };

  const parts = (all: readonly Piece[], index: number, at: number, next: Next): boolean => {
    const part = all[index];
    return part ? run(part, at, (end) => parts(all, index + 1, end, next)) : next(at);
  };

  const repeated = (piece: Piece & { kind: 'repeat' }, at: number, count: number, next: Next): boolean => {
    step();
    const again = () =>
      count < piece.max &&
      run(piece.of, at, (end) => (end > at || count < piece.min) && repeated(piece, end, count + 1, next));
    if (count < piece.min) return again();
    return piece.lazy ? next(at) || again() : again() || next(at);
  };

  const repeatedSet = (
    ranges: readonly CodeRange[],
    min: number,
    max: number,
    lazy: boolean,
    at: number,
    next: Next,
  ) => {
    let end = at;
    while (end - at < (lazy ? min : max) && has(ranges, end)) {
      step();
      end++;
    }
    if (end - at < min) return false;
    if (lazy) {
      while (!next(end)) {
        step();
        if (end - at >= max || !has(ranges, end)) return false;
        end++;
      }
      return true;
    }
    for (; end >= at + min; end--) {
      step();
      if (next(end)) return true;
    }
    return false;
  };

  try {
    run(piece, from, () => true);
  } catch (error) {
    if (!(error instanceof TooMany)) throw error;
    return limit;
  }
  return steps;
}

function onEdge(edge: 'start' | 'end' | 'word' | 'inside', at: number, text: string): boolean {
  if (edge === 'start') return at === 0;
  if (edge === 'end') return at === text.length;
  const isWord = (index: number) => /\w/.test(text.charAt(index));
  return (isWord(at - 1) !== isWord(at)) === (edge === 'word');
}
