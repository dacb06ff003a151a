/** Settles as `work` does, or rejects with the signal's reason as soon as it aborts. */
export function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Goes on as `source` does, or throws the signal's reason as soon as it aborts, even while the source is silent. */
export function orAborted<T>(source: AsyncIterator<T>, signal: AbortSignal): AsyncIterable<T> {
  const iterator: AsyncIterator<T> = { next: () => orAbort(source.next(), signal) };
  return { [Symbol.asyncIterator]: () => iterator };
}
