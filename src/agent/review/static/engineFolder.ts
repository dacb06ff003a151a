import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The engine folder holds what is data rather than code: the parser and the grammars, which are WebAssembly, and the rules.
 * It stands as `dist/engine` in the extension, and nothing of it is read before the first review.
 */
export const grammars = ['typescript', 'tsx', 'javascript', 'python', 'go', 'java'] as const;
export type Grammar = (typeof grammars)[number];

export const parserFile = 'web-tree-sitter.wasm';
export const rulesFile = 'rules.json';
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

/** For the build and the tests: fills the folder from a repository's packages and rules. Makes it. Throws on a bad rule. */
export async function fillEngineFolder(repository: string, target: string): Promise<void> {
  const packages = join(repository, 'node_modules');
  const copy = (name: string, ...from: string[]) => copyFile(join(packages, ...from), join(target, name));
  await mkdir(target, { recursive: true });
  await Promise.all([
    copy(parserFile, 'web-tree-sitter', 'web-tree-sitter.wasm'),
    ...grammars.map(grammarFile).map((name) => copy(name, '@vscode', 'tree-sitter-wasm', 'wasm', name)),
    writeRules(repository, join(target, rulesFile)),
  ]);
}

/** Checked and without their examples, so that nobody has to read YAML later. */
async function writeRules(repository: string, path: string): Promise<void> {
  const { readRuleFiles } = await import('./ruleFiles.ts');
  const files = await readRuleFiles(join(repository, 'src', 'agent', 'review', 'static', 'rules'));
  await writeFile(path, JSON.stringify(files.map(({ examples: _examples, ...rule }) => rule)));
}
