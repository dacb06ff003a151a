interface Mark {
  readonly name: string;
  readonly startTime: number;
}

declare global {
  /** The extension host's own measurements, one list for all extensions. */
  var MonacoPerformanceMarks: { getMarks(): readonly Mark[] } | undefined;
}

export interface ActivationTimes {
  /** Milliseconds to read, compile and evaluate the code. */
  readonly load: number;
  /** Milliseconds inside `activate`, without what it awaits. */
  readonly activate: number;
}

/** What this editor measured for an extension, or undefined when it has not been activated. */
export function activationMarks(extensionId: string): ActivationTimes | undefined {
  const marks = globalThis.MonacoPerformanceMarks?.getMarks() ?? [];
  const between = (what: string) => {
    const at = (when: string) => marks.find(({ name }) => name === `code/extHost/${when}${what}/${extensionId}`);
    const start = at('will');
    const end = at('did');
    return start && end && Math.round((end.startTime - start.startTime) * 100) / 100;
  };
  const load = between('LoadExtensionCode');
  const activate = between('ActivateExtension');
  return load === undefined || activate === undefined ? undefined : { load, activate };
}
