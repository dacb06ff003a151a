/** Prints what the demo does, each step with the seconds since the start. */
export interface Steps {
  done(what: string): void;
  /** Indented below the last step. */
  detail(text: string): void;
}

export function printSteps(write: (line: string) => void): Steps {
  const started = performance.now();
  return {
    done: (what) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
      write(`${seconds} s  ${what}`);
    },
    detail: (text) => {
      for (const line of text.split('\n')) write(`          ${line}`);
    },
  };
}

/** A step that did not happen: the demo ends with this sentence and a failure. */
export class DemoFailed extends Error {}

/** Rejects with the sentence when the promise takes longer. */
export async function within<T>(seconds: number, sentence: string, work: Promise<T>): Promise<T> {
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timeout = setTimeout(() => reject(new DemoFailed(`${sentence} (waited ${seconds} s)`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timeout);
  }
}
