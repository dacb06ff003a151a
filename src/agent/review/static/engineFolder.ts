import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readRuleFiles } from './ruleFiles.ts';

/**
 * The engine folder holds what the rules need at run time and a bundle cannot: both WebAssembly engines, the grammars
 * and the rules. It stands as `dist/engine` in the extension; nothing of it is read before the first review.
 */
export const engineFiles = {
  matcher: 'ast-grep.wasm',
  parser: 'web-tree-sitter.wasm',
  rules: 'rules.json',
} as const;

export const grammars = ['typescript', 'tsx', 'javascript', 'python', 'go', 'java'] as const;
export type Grammar = (typeof grammars)[number];

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

/**
 * Fills an engine folder; the build and the tests use it, the running agent only reads what it wrote. The rules become
 * one checked JSON file, without their examples: plain Node cannot import YAML, and parsing it takes time at run time.
 */
export async function fillEngineFolder(repository: string, target: string): Promise<void> {
  const packages = join(repository, 'node_modules');
  const grammarFolder = join(packages, '@vscode', 'tree-sitter-wasm', 'wasm');
  await mkdir(target, { recursive: true });
  await Promise.all([
    copyFile(join(packages, '@ast-grep', 'wasm', 'wasm_bg.wasm'), join(target, engineFiles.matcher)),
    copyFile(join(packages, 'web-tree-sitter', 'web-tree-sitter.wasm'), join(target, engineFiles.parser)),
    ...grammars.map((grammar) =>
      copyFile(join(grammarFolder, grammarFile(grammar)), join(target, grammarFile(grammar))),
    ),
  ]);
  const files = await readRuleFiles(join(repository, 'src', 'agent', 'review', 'static', 'rules'));
  const rules = files.map(({ examples, ...rule }) => rule);
  await writeFile(join(target, engineFiles.rules), JSON.stringify(rules));
}
