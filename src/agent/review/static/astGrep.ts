import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SgNode } from '@ast-grep/wasm/wasm_bg.js';
import type { Language, Node, Tree, Parser as TreeSitterParser } from 'web-tree-sitter';
import type { Disposable } from '../../shared/disposables.ts';
import { type Grammar, grammarFile, matcherFile, parserFile } from './engineFolder.ts';
import type { Slices } from './slices.ts';

/**
 * One parsed text, seen by both engines: `root` is searched with rules, `node` walks fast. Unusable once disposed. Every
 * `SgNode` keeps a copy of the text alive in WebAssembly, where the garbage collector comes late: free it after use.
 */
export interface SyntaxTree extends Disposable {
  readonly root: SgNode;
  readonly node: Node;
}

export interface AstGrep {
  /** A text with syntax errors parses too; `node.hasError` tells. Offsets are in UTF-16 units of `text`. */
  parse(grammar: Grammar, text: string, slices: Slices): Promise<SyntaxTree>;
}

/** Both engines keep their state in module scope, so a process has one of them, whoever asks and from which folder. */
let shared: Promise<AstGrep> | undefined;

/** Reads the engines from an engine folder at the first call. Rejects when the folder is damaged; a later call retries. */
export function openAstGrep(engineFolder: string): Promise<AstGrep> {
  shared ??= open(engineFolder).catch((error: unknown) => {
    shared = undefined;
    throw error;
  });
  return shared;
}

async function open(engineFolder: string): Promise<AstGrep> {
  const file = (name: string) => join(engineFolder, name);
  const [bindings, { Language, Parser }, matcherBytes, parserBytes] = await Promise.all([
    import('@ast-grep/wasm/wasm_bg.js'),
    import('web-tree-sitter'),
    readFile(file(matcherFile)),
    readFile(file(parserFile)),
  ]);
  // Given its bytes, tree-sitter does not look for a file beside the module, where a bundle has none.
  await Parser.init({ wasmBinary: parserBytes });

  // ast-grep parses in one go, half a second for a megabyte. We parse a text in slices and have its parser answer our
  // tree. The trees of patterns, which it parses too, it never deletes, a kilobyte for each search; when it parses the
  // next one it is done with the last.
  let prepared: Tree | undefined;
  let ofPattern: Tree | null = null;
  const answering = (parser: TreeSitterParser) => ({
    parse: (...given: Parameters<TreeSitterParser['parse']>) => {
      ofPattern?.delete();
      ofPattern = null;
      if (prepared) return prepared;
      ofPattern = parser.parse(...given);
      return ofPattern;
    },
  });
  const replaced = Object.entries(bindings).map(([name, value]): [string, unknown] =>
    name.startsWith('__wbg_parse_') && typeof value === 'function'
      ? [
          name,
          (parser: TreeSitterParser, ...rest: unknown[]) =>
            Reflect.apply(value, undefined, [answering(parser), ...rest]),
        ]
      : [name, value],
  );
  const instance = await WebAssembly.instantiate(await WebAssembly.compile(matcherBytes), {
    './wasm_bg.js': Object.fromEntries(replaced),
  });
  bindings.__wbg_set_wasm(instance.exports);
  const start = instance.exports['__wbindgen_start'];
  if (typeof start !== 'function') throw new Error(`${matcherFile} does not fit the bundled @ast-grep/wasm.`);
  start();
  await bindings.initializeTreeSitter();

  const languages = new Map<Grammar, Promise<Language>>();
  const languageOf = (grammar: Grammar): Promise<Language> => {
    const known = languages.get(grammar);
    if (known) return known;
    const loading = (async () => {
      const path = file(grammarFile(grammar));
      await bindings.registerDynamicLanguage({ [grammar]: { libraryPath: path, ...expando(grammar) } });
      return Language.load(await readFile(path));
    })();
    languages.set(grammar, loading);
    loading.catch(() => languages.delete(grammar));
    return loading;
  };

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
      prepared = tree;
      try {
        const parsed = bindings.parse(grammar, text);
        const root = parsed.root();
        const done = tree;
        return {
          root,
          node: done.rootNode,
          dispose: () => {
            root.free();
            parsed.free();
            done.delete();
          },
        };
      } catch (error) {
        tree.delete();
        throw error;
      } finally {
        prepared = undefined;
      }
    },
  };
}

/** Where `$` cannot begin a name, patterns need another letter for it inside the engine; rules are written with `$` all the same. */
function expando(grammar: Grammar): { expandoChar?: string } {
  return grammar === 'python' || grammar === 'go' ? { expandoChar: 'µ' } : {};
}
