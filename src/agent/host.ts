import type { Outcome } from './failures.ts';
import type { Range } from './findings/finding.ts';
import type { Model } from './models/model.ts';
import type { NetworkSettings } from './network/proxyFor.ts';
import type { TaskRequest } from './tasks/consent.ts';
import type { LineSpan, RemovedLines } from './workspace/snapshot.ts';

/** What the agent needs from whoever runs it: the editor, or plain Node. */
export interface Host {
  readonly name: 'vscode' | 'headless';
  /** Shown to the server's people, e.g. `Visual Studio Code 1.139.1`. */
  readonly description: string;
  /** Absolute path of a folder that is this installation's and workspace's alone. Exists. Plain files are written there. */
  readonly storage: string;
  /** The same for all workspaces of this installation; absent where there is no such folder. May not exist yet. */
  readonly sharedStorage?: string;
  /** The open folders, in order; empty when none is open. */
  folders(): readonly WorkspaceFolder[];
  /** Whether the person trusts the workspace. When false nothing is read and nothing connects. */
  trusted(): boolean;
  /** The text of an open, unsaved document; undefined when the disk has the truth. */
  unsavedText(absolutePath: string): string | undefined;
  /** The changes of all folders. */
  changes(scope: ChangeScope, signal: AbortSignal): Promise<Outcome<readonly FileChange[]>>;
  /** Declared symbols of one file, outermost first; empty when nobody can tell. */
  symbols(absolutePath: string, signal: AbortSignal): Promise<readonly CodeSymbol[]>;
  /** Where else the thing that is named at a place is used; undefined when nobody can tell. */
  references?(
    absolutePath: string,
    at: { readonly line: number; readonly column: number },
    signal: AbortSignal,
  ): Promise<readonly CodePlace[] | undefined>;
  /** What the editor's own language tools say about one file; empty when nobody can tell. */
  diagnostics(absolutePath: string, signal: AbortSignal): Promise<readonly ExistingDiagnostic[]>;
  /** Through which proxies connections go, as of now. */
  network(): NetworkSettings;
  /** The editor's own language models, best first; absent where there is no editor. `mayAsk`: the person may be asked for consent. */
  models?(choice: { readonly wanted: string; readonly mayAsk: boolean }): Promise<readonly Model[]>;
  /**
   * Asks the person whether a server's task may be done; may take for ever. Rejects with the signal's reason when the
   * answer is no longer wanted. Absent where there is nobody to ask.
   */
  mayRun?(request: TaskRequest, signal: AbortSignal): Promise<boolean>;
  readonly secrets: Secrets;
  readonly log: Log;
}

export interface WorkspaceFolder {
  readonly name: string;
  /** Absolute path, native separators. */
  readonly path: string;
}

/** Which changes are meant. Names of branches and commits are anybody's words: they are checked before Git sees them. */
export type ChangeScope =
  /** Against the last commit: staged, unstaged and untracked together. */
  | { readonly kind: 'uncommitted' }
  /** What the next commit would bring, in the text it would have. */
  | { readonly kind: 'staged' }
  /** The files as they stand, untracked ones too, against where this branch left `base`; empty: the main branch. */
  | { readonly kind: 'branch'; readonly base: string }
  /** What one commit changed against its first parent, in the text it had then. */
  | { readonly kind: 'commit'; readonly commit: string };

export interface FileChange {
  readonly absolutePath: string;
  readonly kind: 'added' | 'modified' | 'renamed' | 'deleted' | 'untracked';
  /** 1-based inclusive line ranges of the new text that were added or changed; the whole file when it is new. */
  readonly lines: readonly LineSpan[] | 'whole';
  /** What was taken away; of a large change only the beginning. */
  readonly removed?: readonly RemovedLines[];
  /** The text that was changed, where it may not be the one on disk; undefined when it is larger than `mostBytes`. */
  readonly saved?: (mostBytes: number, signal: AbortSignal) => Promise<Outcome<Uint8Array | undefined>>;
}

export interface CodeSymbol {
  readonly name: string;
  /** function, method, class, interface, variable, ... in lower case */
  readonly kind: string;
  readonly range: Range;
  readonly children: readonly CodeSymbol[];
}

export interface CodePlace {
  readonly absolutePath: string;
  /** 1-based. */
  readonly line: number;
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
