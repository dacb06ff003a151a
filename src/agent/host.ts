import type { Outcome } from './failures.ts';
import type { Range } from './findings/finding.ts';
import type { LineSpan } from './workspace/snapshot.ts';

/** What the agent needs from whoever runs it: the editor, or plain Node. */
export interface Host {
  readonly name: 'vscode' | 'headless';
  /** Shown to the server's people, e.g. `Visual Studio Code 1.139.1`. */
  readonly description: string;
  /** Absolute path of a folder that is this installation's and workspace's alone. Exists. Plain files are written there. */
  readonly storage: string;
  /** The open folders, in order; empty when none is open. */
  folders(): readonly WorkspaceFolder[];
  /** Whether the person trusts the workspace. When false nothing is read and nothing connects. */
  trusted(): boolean;
  /** The text of an open, unsaved document; undefined when the disk has the truth. */
  unsavedText(absolutePath: string): string | undefined;
  /** Uncommitted changes of all folders, untracked files included. */
  changes(signal: AbortSignal): Promise<Outcome<readonly FileChange[]>>;
  /** Declared symbols of one file, outermost first; empty when nobody can tell. */
  symbols(absolutePath: string, signal: AbortSignal): Promise<readonly CodeSymbol[]>;
  /** What the editor's own language tools say about one file; empty when nobody can tell. */
  diagnostics(absolutePath: string, signal: AbortSignal): Promise<readonly ExistingDiagnostic[]>;
  readonly secrets: Secrets;
  readonly log: Log;
}

export interface WorkspaceFolder {
  readonly name: string;
  /** Absolute path, native separators. */
  readonly path: string;
}

export interface FileChange {
  readonly absolutePath: string;
  readonly kind: 'added' | 'modified' | 'renamed' | 'deleted' | 'untracked';
  /** 1-based inclusive line ranges of the new text that were added or changed; the whole file when it is new. */
  readonly lines: readonly LineSpan[] | 'whole';
}

export interface CodeSymbol {
  readonly name: string;
  /** function, method, class, interface, variable, ... in lower case */
  readonly kind: string;
  readonly range: Range;
  readonly children: readonly CodeSymbol[];
}

export interface ExistingDiagnostic {
  readonly range: Range;
  readonly severity: 'error' | 'warning' | 'information' | 'hint';
  readonly message: string;
  /** ts, eslint, pylint, ... */
  readonly source: string;
  readonly code?: string;
}

/** Keys bound to the origin (`scheme://host:port`) they were entered for. */
export interface Secrets {
  key(origin: string): Promise<string | undefined>;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
/** One record, one line. `fields` are serialised after cleaning; a key or a file's text never goes in. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;
