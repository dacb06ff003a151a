import type { Outcome } from '../failures.ts';
import { languageOf } from '../workspace/languages.ts';
import type { NotReviewed, Snapshot } from '../workspace/snapshot.ts';
import type { CodeSource } from './payload.ts';

/** What the workers need of the workspace. It checks every pattern and path; nothing else opens files. */
export interface SnapshotSource {
  snapshots(
    scope: Exclude<CodeSource, { kind: 'code' }>,
    signal: AbortSignal,
  ): Promise<Outcome<{ readonly snapshots: readonly Snapshot[]; readonly notReviewed: readonly NotReviewed[] }>>;
  read(path: string, signal: AbortSignal): Promise<Outcome<Snapshot>>;
}

/** Names of languages, in lower case, to the extension of their files, where the name is not the extension itself. */
const extensions: Readonly<Record<string, string>> = {
  javascript: 'js',
  node: 'js',
  nodejs: 'js',
  javascriptreact: 'jsx',
  typescript: 'ts',
  typescriptreact: 'tsx',
  python: 'py',
  python3: 'py',
  golang: 'go',
  rust: 'rs',
  ruby: 'rb',
  kotlin: 'kt',
  csharp: 'cs',
  'c#': 'cs',
  'c++': 'cpp',
  'objective-c': 'm',
  shell: 'sh',
  shellscript: 'sh',
  powershell: 'ps1',
  markdown: 'md',
  terraform: 'tf',
  perl: 'pl',
  haskell: 'hs',
  elixir: 'ex',
  erlang: 'erl',
  clojure: 'clj',
};

/** Code that came inside a task, under a name of our own: the name the server gave it only tells the language. */
export function payloadSnapshot(source: Extract<CodeSource, { kind: 'code' }>): Snapshot {
  const language = source.language?.toLowerCase() ?? '';
  const named = /\.([a-z0-9]{1,10})$/i.exec(source.name ?? '')?.[1]?.toLowerCase();
  const given = Object.hasOwn(extensions, language) ? extensions[language] : language;
  const extension = [given, named].find((word) => word && languageOf(`payload.${word}`) !== 'plaintext') ?? 'txt';
  return { file: `payload.${extension}`, language: languageOf(`payload.${extension}`), text: source.code };
}
