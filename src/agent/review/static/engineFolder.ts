import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The engine folder holds what a bundle cannot: both WebAssembly engines and the grammars. It stands as `dist/engine`
 * in the extension, and nothing of it is read before a file has something in it that a rule looks for.
 */
export const grammars = ['typescript', 'tsx', 'javascript', 'python', 'go', 'java'] as const;
export type Grammar = (typeof grammars)[number];

export const matcherFile = 'ast-grep.wasm';
export const parserFile = 'web-tree-sitter.wasm';
export const grammarFile = (grammar: Grammar): string => `tree-sitter-${grammar}.wasm`;

const grammarOfLanguage: Readonly<Record<string, Grammar>> = {
  typescript: 'typescript',
  typescriptreact: 'tsx',
  javascript: 'javascript',
  javascriptreact: 'javascript',
  python: 'python',
  go: 'go',
  java: 'java',
};

/** `language` is a VS Code language id; undefined: there is no grammar for it. */
export function grammarFor(language: string): Grammar | undefined {
  return Object.hasOwn(grammarOfLanguage, language) ? grammarOfLanguage[language] : undefined;
}

/** For the build and the tests: copies the files out of the packages of a repository. Makes the folder. */
export async function fillEngineFolder(repository: string, target: string): Promise<void> {
  const packages = join(repository, 'node_modules');
  const copy = (name: string, ...from: string[]) => copyFile(join(packages, ...from), join(target, name));
  await mkdir(target, { recursive: true });
  await Promise.all([
    copy(matcherFile, '@ast-grep', 'wasm', 'wasm_bg.wasm'),
    copy(parserFile, 'web-tree-sitter', 'web-tree-sitter.wasm'),
    ...grammars.map(grammarFile).map((name) => copy(name, '@vscode', 'tree-sitter-wasm', 'wasm', name)),
  ]);
}
