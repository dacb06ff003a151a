export interface Lazy<T> {
  (): Promise<T>;
  /** The next call makes it anew. */
  forget(): void;
}

/** Makes it on the first call and keeps it. A rejection is not kept: the next call tries again. */
export function lazy<T>(make: () => Promise<T>): Lazy<T> {
  let made: Promise<T> | undefined;
  const get = () => {
    if (made) return made;
    const making = make();
    made = making;
    making.catch(() => {
      if (made === making) made = undefined;
    });
    return making;
  };
  const forget = () => {
    made = undefined;
  };
  return Object.assign(get, { forget });
}
