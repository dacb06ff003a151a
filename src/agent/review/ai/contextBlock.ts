import { withoutHidden } from './injectionGuard.ts';

/**
 * Something shown beside the code so that the model can judge it: a caller, an imported definition, a project's
 * guideline. Data like the code itself, redacted already, and never under review.
 */
export interface ContextBlock {
  /** What it is and where it is from, one line, e.g. `caller of load, src/api.ts lines 10-24`. */
  readonly title: string;
  readonly text: string;
}

/** Characters of what holds for all files, and how much of it is kept for what people said about earlier findings. */
export const sharedRoom = 16_000;
export const disputesRoom = 3000;

/** As many of the blocks, the most useful first, as have room in `budget` characters; the last one may be cut at a line. */
export function fitting(blocks: readonly ContextBlock[], budget: number): ContextBlock[] {
  const kept: ContextBlock[] = [];
  let room = budget;
  for (const { title, text } of blocks) {
    room -= title.length + 20;
    if (room <= 0) break;
    const whole = text.length <= room;
    const end = whole ? text.length : text.lastIndexOf('\n', room);
    if (end <= 0) break;
    kept.push({ title: whole ? title : `${title}, beginning`, text: text.slice(0, end) });
    room -= end;
    if (!whole) break;
  }
  return kept;
}

/** Each line stands behind a bar, so that no line of a block can look like the code under review or like a mark. */
export function shownBlocks(blocks: readonly ContextBlock[]): string[] {
  return blocks.flatMap(({ title, text }) => [
    `context, not under review: ${JSON.stringify(withoutHidden(title).slice(0, 300))}`,
    ...withoutHidden(text)
      .split(/\r\n|\r|\n/)
      .map((line) => `: ${line}`),
    '',
  ]);
}
