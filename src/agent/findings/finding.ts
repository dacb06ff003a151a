/** 1-based lines; 1-based UTF-16 columns; the end is exclusive. The same numbers go on the wire. */
export interface Range {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export const severities = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof severities)[number];

export const categories = [
  'security',
  'correctness',
  'performance',
  'reliability',
  'maintainability',
  'injection-attempt',
] as const;
export type Category = (typeof categories)[number];

/** Replaces `old`, which must stand verbatim inside the finding's file, by `new`. Never applied unless it still does. */
export interface Fix {
  readonly old: string;
  readonly new: string;
}

export interface Finding {
  /** Unique in the store. */
  readonly id: string;
  readonly taskId: string;
  /** Which phase found it. */
  readonly source: 'rule' | 'editor' | 'secrets' | 'model';
  readonly type: Category;
  readonly severity: Severity;
  /** 0..1 */
  readonly confidence: number;
  /** Workspace path, as in `workspace/paths.ts`. */
  readonly file: string;
  /**
   * Not in the workspace as it stands: the code came inside the task, and `file` is a name that we gave it; or it is an
   * earlier state of the file, and gone.
   */
  readonly inTask?: true;
  /** For a notebook: the place of the cell in it, from 1, with cells of every kind counted; `range` is inside that cell. */
  readonly cell?: number;
  readonly range: Range;
  /** One line, at most 100 characters, no Markdown: what stands in the Problems list. */
  readonly title: string;
  /** Plain text: why it matters, with the concrete scenario in which it fails. */
  readonly description: string;
  readonly suggestion?: string;
  readonly fix?: Fix;
  /** The weakness it is an instance of, e.g. `CWE-89`. */
  readonly cwe?: string;
  /** Name of the innermost declaration around it, as the model or the syntax tells. */
  readonly symbol?: string;
  readonly ruleId?: string;
  /** https link that explains the rule; only from our own rules, never from a model. */
  readonly ruleUrl?: string;
  /** The exact text at `range` when it was found. */
  readonly quote: string;
  /** Survives moves inside the file and rewording; see `fingerprint.ts`. */
  readonly fingerprint: string;
  /** The text under the range was edited since. */
  readonly stale?: true;
}

/** What a phase of the review hands over; `review.ts` adds the id, the task and the fingerprint. */
export type FoundIssue = Omit<Finding, 'id' | 'taskId' | 'fingerprint' | 'inTask' | 'cell' | 'stale'>;
