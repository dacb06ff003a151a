/** One file as it stood when a review began. Every later step works on this text, never on a fresh read. */
export interface Snapshot {
  /** Workspace path (`paths.ts`), or `payload.<ext>` for code that came inside the task. */
  readonly file: string;
  /** Absolute path on disk; absent for code that came inside the task. */
  readonly absolutePath?: string;
  /** VS Code language id: typescript, typescriptreact, javascript, javascriptreact, python, go, java, ... */
  readonly language: string;
  /** Of a notebook the code of its cells alone, each below a line of comment that names it. */
  readonly text: string;
  /** For a notebook: where the code of its cells is in `text`. */
  readonly cells?: readonly NotebookCell[];
  /**
   * For a review of changes or of a selection: the 1-based inclusive line ranges that are meant. Absent: the whole file.
   */
  readonly changed?: readonly LineSpan[];
  /** For a review of changes: what they took away. */
  readonly removed?: readonly RemovedLines[];
  /** What stands in the file now, where `text` is an earlier state that differs; null when the file cannot be read. */
  readonly today?: string | null;
  /** For a notebook: where the code of its cells is in `today`. */
  readonly todaysCells?: readonly NotebookCell[];
}

export interface NotebookCell {
  /** Its place in the notebook, from 1, with cells of every kind counted. */
  readonly number: number;
  /** 1-based inclusive lines. */
  readonly from: number;
  readonly to: number;
}

/** Lines that a change took away. */
export interface RemovedLines {
  /** The 1-based line of the new text that stands where they stood; one behind the last when they were at the end. */
  readonly before: number;
  readonly text: string;
}

export interface LineSpan {
  readonly from: number;
  readonly to: number;
}

/** Why a file, or a phase for a file, was left out. Shown to the person and sent with the result. */
export interface NotReviewed {
  readonly file: string;
  readonly reason: string;
}

/** Reasons of what was asked for and leads to no file. */
export const notFound = 'not found';
export const noMatch = 'no file matches';

export function leadsNowhere({ reason }: NotReviewed): boolean {
  return reason === notFound || reason === noMatch;
}

/** How many files an entry stands for: a folder that was not entered is none, and `(12 more)` are twelve. */
export function filesLeftOut(entry: NotReviewed): number {
  if (entry.file.endsWith('/') || leadsNowhere(entry)) return 0;
  return Number(/^\((\d+) more\)$/.exec(entry.file)?.[1] ?? 1);
}
