import type { Page } from 'playwright-core';
import { type EditorOptions, type EditorSession, openEditor } from '../../setup/editorSession.ts';
import { nobody } from '../editorRun.ts';

/** What every scenario starts with. */
export interface Desk extends Pick<EditorOptions, 'editor' | 'browser'> {
  /** The VSIX. */
  readonly package: string;
  /** A fresh copy of test/fixtures/workspace. */
  readonly workspace: string;
}

export interface Scenario {
  readonly name: string;
  open(desk: Desk): Promise<Sitting>;
}

/** One person at one editor. */
export interface Sitting {
  /** What happens, in order; each step starts where the one before ended. */
  readonly steps: Readonly<Record<string, () => Promise<void>>>;
  /** The window that the person looks at now. */
  page(): Page;
  close(): Promise<void>;
}

/** The editor with the package installed, and nobody signed in anywhere unless `own` says so. */
export function sitDown(
  desk: Desk,
  own: Partial<Omit<EditorOptions, 'editor' | 'browser' | 'workspace'>>,
): Promise<EditorSession> {
  const { package: vsix, editor, browser, workspace } = desk;
  return openEditor({
    editor,
    browser,
    workspace,
    install: [vsix],
    ...own,
    environment: { ...nobody, ...own.environment },
    settings: {
      'workbench.startupEditor': 'none',
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      // As on the desktop; in a browser VS Code saves by itself.
      'files.autoSave': 'off',
      // Nothing is clicked while it still moves.
      'workbench.reduceMotion': 'on',
      ...own.settings,
    },
  });
}
