import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly once: boolean;
  /** A folder of the person's own; undefined: the sample. */
  readonly workspace: string | undefined;
  /** Label of a theme; undefined: the editor's own choice. */
  readonly theme: string | undefined;
}

/** Throws with the reason when the flags are wrong. */
export function demoOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { once: { type: 'boolean' }, workspace: { type: 'string' }, theme: { type: 'string' } },
  });
  return { once: values.once ?? false, workspace: values.workspace, theme: values.theme };
}
