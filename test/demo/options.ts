import { parseArgs } from 'node:util';
import { DemoFailed } from './steps.ts';

export interface DemoOptions {
  readonly once: boolean;
  /** A folder of the person's own; undefined: the sample. */
  readonly workspace: string | undefined;
  /** Label of a theme; undefined: the editor's own choice. */
  readonly theme: string | undefined;
}

/** Throws with the reason when the flags are wrong. */
export function demoOptions(args: readonly string[]): DemoOptions {
  try {
    const { once = false, workspace, theme } = parse(args);
    return { once, workspace, theme };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DemoFailed(`${reason} The flags are --once, --workspace DIR and --theme LABEL.`);
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: { once: { type: 'boolean' }, workspace: { type: 'string' }, theme: { type: 'string' } },
  }).values;
}
