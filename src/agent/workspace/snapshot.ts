/** One file as it stood when a review began. Every later step works on this text, never on a fresh read. */
export interface Snapshot {
  /** Workspace path (`paths.ts`), or `payload.<ext>` for code that came inside the task. */
  readonly file: string;
  /** Absolute path on disk; absent for code that came inside the task. */
  readonly absolutePath?: string;
  /** VS Code language id: typescript, typescriptreact, javascript, javascriptreact, python, go, java, ... */
  readonly language: string;
  readonly text: string;
  /**
   * For a review of changes or of a selection: the 1-based inclusive line ranges that are meant. Absent: the whole file.
   */
  readonly changed?: readonly LineSpan[];
  /** For a review of changes: what they took away. */
  readonly removed?: readonly RemovedLines[];
  /** What stands in the file now, where `text` is an earlier state that differs; null when the file cannot be read. */
  readonly today?: string | null;
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
