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
  /** What stands in the file now, where `text` is an earlier state that differs; null when the file cannot be read. */
  readonly today?: string | null;
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
