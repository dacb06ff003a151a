import { orAborted } from '../../shared/orAborted.ts';

/** Goes on as `source` does, or throws the signal's reason as soon as it aborts, even while the source is silent. */
export function untilAborted<T>(source: AsyncIterator<T>, signal: AbortSignal): AsyncIterable<T> {
  const iterator: AsyncIterator<T> = { next: () => orAborted(source.next(), signal) };
  return { [Symbol.asyncIterator]: () => iterator };
}
