import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Language, Node, Tree, Parser as TreeSitterParser } from 'web-tree-sitter';
import type { Disposable } from '../../shared/disposables.ts';
import { type Grammar, grammarFile, parserFile } from './engineFolder.ts';
import type { Slices } from './slices.ts';

/** One parsed text. Unusable once disposed. Offsets are in UTF-16 units. */
export interface SyntaxTree extends Disposable {
  readonly node: Node;
}

export interface Syntax {
  /** A text with syntax errors parses too; `node.hasError` tells. */
  parse(grammar: Grammar, text: string, slices: Slices): Promise<SyntaxTree>;
  /** For patterns, which are short. It stays, and is shared by all who ask. */
  parser(grammar: Grammar): Promise<TreeSitterParser>;
}

/** The engine keeps its state in module scope, so a process has one of them, whoever asks and from which folder. */
let shared: Promise<Syntax> | undefined;

/** Reads the engine from an engine folder at the first call. Rejects when the folder is damaged; a later call retries. */
export function openSyntax(engineFolder: string): Promise<Syntax> {
  shared ??= open(engineFolder).catch((error: unknown) => {
    shared = undefined;
    throw error;
  });
  return shared;
}

async function open(engineFolder: string): Promise<Syntax> {
  const file = (name: string) => join(engineFolder, name);
  const [{ Language, Parser }, wasmBinary] = await Promise.all([import('web-tree-sitter'), readFile(file(parserFile))]);
  // Given its bytes, tree-sitter does not look for a file beside the module, where a bundle has none.
  await Parser.init({ wasmBinary });

  const languages = new Map<Grammar, Promise<Language>>();
  const languageOf = (grammar: Grammar): Promise<Language> => {
    const known = languages.get(grammar);
    if (known) return known;
    const loading = readFile(file(grammarFile(grammar))).then((bytes) => Language.load(bytes));
    languages.set(grammar, loading);
    loading.catch(() => languages.delete(grammar));
    return loading;
  };
  const parsers = new Map<Grammar, TreeSitterParser>();

  return {
    parse: async (grammar, text, slices) => {
      const language = await languageOf(grammar);
      // A halted parse is kept by its parser, so each text has its own.
      const parser = new Parser();
      let tree: Tree | null = null;
      try {
        parser.setLanguage(language);
        while (!tree) {
          await slices.pause();
          tree = parser.parse(text, null, { progressCallback: () => slices.spent() });
        }
      } finally {
        parser.delete();
      }
      const parsed = tree;
      return { node: parsed.rootNode, dispose: () => parsed.delete() };
    },
    parser: async (grammar) => {
      const language = await languageOf(grammar);
      const known = parsers.get(grammar);
      if (known) return known;
      const parser = new Parser();
      parser.setLanguage(language);
      parsers.set(grammar, parser);
      return parser;
    },
  };
}
