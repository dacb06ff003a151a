import { join } from 'node:path';

/** The repository. */
export const root = join(import.meta.dirname, '..', '..');

/** Editors, browsers' profiles and compiled suites: ignored by git and by the package. */
export const testFolder = join(root, '.vscode-test');
