import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { test } from 'node:test';

interface Source {
  /** Relative to the repository, forward slashes. */
  readonly path: string;
  readonly text: string;
}

const root = join(import.meta.dirname, '..', '..');

function sources(): Source[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({
      path: `src/${name.split(sep).join('/')}`,
      text: readFileSync(join(root, 'src', name), 'utf8'),
    }));
}

interface Import {
  readonly target: string;
  readonly lazy: boolean;
  readonly typeOnly: boolean;
}

/** Every import, export-from and `import()` of a file, type-only ones included; relative targets made repository paths. */
function imports(source: Source): Import[] {
  const found: Import[] = [];
  const pattern =
    /(?:^|[;\s])(?:(import|export)\s+(type\s+)?(?:[\w*{}\s,$]+\sfrom\s+)?|(import)\s*\(\s*|(require)\s*\(\s*)['"]([^'"]+)['"]/g;
  for (const match of source.text.matchAll(pattern)) {
    const specifier = match[5] ?? '';
    const target = specifier.startsWith('.')
      ? normalize(join(dirname(source.path), specifier))
          .split(sep)
          .join('/')
      : specifier;
    found.push({ target, lazy: match[3] !== undefined, typeOnly: match[2] !== undefined });
  }
  return found;
}

/** The broken rules, one sentence each; empty when all hold. */
function brokenRules(files: readonly Source[]): string[] {
  const broken: string[] = [];
  for (const file of files) {
    const inAgent = file.path.startsWith('src/agent/');
    const inEditor = file.path.startsWith('src/editor/') || file.path === 'src/extension.ts';
    const inBedrock = file.path.startsWith('src/agent/models/bedrock/');
    const say = (what: string) => broken.push(`${file.path} ${what}`);

    for (const { target, lazy, typeOnly } of imports(file)) {
      if (target === 'vscode' && !inEditor) say('imports vscode');
      if (inAgent && /^src\/(editor|headless|extension)/.test(target)) say(`imports ${target}, which is a door's`);
      if (!inEditor && /^src\/editor\//.test(target)) say(`imports ${target}, which is the editor's`);
      if (/^(@aws-sdk|@smithy)\//.test(target) && !inBedrock) say(`imports ${target} outside models/bedrock`);
      const fromModels = file.path.startsWith('src/agent/models/');
      if (fromModels && target.startsWith('src/agent/connection/')) say(`imports ${target}: the wire knows the models`);
      const intoBedrock = target.startsWith('src/agent/models/bedrock/') && !inBedrock;
      if (intoBedrock && !lazy && !typeOnly) say(`loads ${target} without await import`);
      const dialect = /^src\/agent\/connection\/dialects\/(mesh|envelope|mcp)\b/;
      const own = dialect.exec(file.path)?.[1];
      const other = dialect.exec(target)?.[1];
      if (own && other && own !== other) say(`imports the dialect ${other}`);
    }

    if (inAgent && file.path !== 'src/agent/shared/clock.ts') {
      const code = withoutComments(file.text);
      for (const ambient of ['setTimeout(', 'setInterval(', 'Date.now(', 'new Date()', 'Math.random(', 'process.env']) {
        if (code.includes(ambient)) say(`uses ${ambient} instead of the clock or the settings it is given`);
      }
    }
    const lines = file.text.split('\n').length;
    if (lines > 500) say(`has ${lines} lines; 500 is the limit`);
  }
  return broken;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

test('every source keeps the layers', () => {
  const files = sources();
  assert.ok(files.length > 10, 'the sources were not found');
  assert.deepEqual(brokenRules(files), []);
});

const planted: readonly [string, Source, RegExp][] = [
  [
    'a type of the wire among the models',
    { path: 'src/agent/models/x.ts', text: "import type { ServerConfig } from '../connection/serverConfig.ts';" },
    /imports src\/agent\/connection/,
  ],
  [
    'a type import of vscode in the agent',
    { path: 'src/agent/x.ts', text: "import type { Uri } from 'vscode';" },
    /imports vscode/,
  ],
  [
    'a lazy import of vscode in the agent',
    { path: 'src/agent/x.ts', text: "await import('vscode')" },
    /imports vscode/,
  ],
  [
    'a type written as an import of vscode',
    { path: 'src/agent/x.ts', text: "let x: import('vscode').Uri;" },
    /imports vscode/,
  ],
  [
    'vscode in the headless door',
    { path: 'src/headless.ts', text: "import * as vscode from 'vscode';" },
    /imports vscode/,
  ],
  ['the editor in the agent', { path: 'src/agent/x.ts', text: "import { a } from '../editor/convert.ts';" }, /editor/],
  [
    'AWS outside its room',
    { path: 'src/agent/models/choose.ts', text: "import { x } from '@aws-sdk/client-bedrock-runtime';" },
    /outside models\/bedrock/,
  ],
  [
    'bedrock loaded at once',
    { path: 'src/agent/agent.ts', text: "import { x } from './models/bedrock/bedrockModel.ts';" },
    /without await import/,
  ],
  [
    'one dialect in another',
    { path: 'src/agent/connection/dialects/mesh.ts', text: "import { x } from './mcp.ts';" },
    /imports the dialect mcp/,
  ],
  ['a real timer', { path: 'src/agent/x.ts', text: 'setTimeout(() => {}, 1);' }, /setTimeout/],
];
for (const [what, source, expected] of planted) {
  test(`the layering check catches ${what}`, () => {
    assert.match(brokenRules([source]).join('\n'), expected);
  });
}

test('bedrock may be loaded lazily, and named as a type', () => {
  const text =
    "import type { X } from './models/bedrock/bedrockModel.ts';\nawait import('./models/bedrock/bedrockModel.ts');";
  assert.deepEqual(brokenRules([{ path: 'src/agent/agent.ts', text }]), []);
});
