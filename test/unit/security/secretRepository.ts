import type { ExistingDiagnostic } from '../../../src/agent/host.ts';
import type { Repository } from '../../fakes/repository.ts';
import { type Planted, type Style, secretMaker } from './plantedSecrets.ts';

export interface SecretRepository {
  readonly planted: readonly Planted[];
  /** Those that the server itself wrote into its tasks. */
  readonly inTasks: ReadonlySet<Planted>;
  /** By path below the folder. */
  readonly diagnostics: ReadonlyMap<string, readonly ExistingDiagnostic[]>;
  /** Every kind of work over all of it. */
  readonly tasks: readonly {
    readonly type: string;
    readonly payload: object;
    readonly title?: string;
    readonly description?: string;
  }[];
}

const extensions: Readonly<Record<Exclude<Style, 'prose'>, string>> = {
  python: 'py',
  typescript: 'ts',
  go: 'go',
  java: 'java',
  yaml: 'yaml',
};

/** Plants secrets wherever a repository, its history, its tools and its tasks can hold one. */
export function plantSecrets(count: number, repository: Repository): SecretRepository {
  const { any, token } = secretMaker(20_260_101);
  const planted: Planted[] = [];
  const plant = (secret: Planted) => {
    planted.push(secret);
    return secret;
  };
  const write = (path: string, text: string) => repository.write(path, text);

  // In source files: two a file, in every style.
  const styles = Object.keys(extensions) as (keyof typeof extensions)[];
  for (let index = 0; index < 30; index++) {
    const style = styles[index % styles.length] ?? 'python';
    const one = plant(any()).written(style);
    const other = plant(any()).written(style);
    write(`src/file${index}.${extensions[style]}`, source(style, one, other, index));
  }
  // Around the places where a long file is cut for the model, and in long lines.
  for (let index = 0; index < 10; index++) {
    const rows = Array.from({ length: 1000 }, (_, row) => `value_${row} = compute(${row}, "some words of code")`);
    rows.splice(700 + index * 17, 0, plant(any()).written('python'));
    rows.splice(720 + index * 23, 0, `${'x = 1; '.repeat(130 + index)}${plant(token()).written('python')}`);
    write(`long/long${index}.py`, `${rows.join('\n')}\n`);
  }
  // In files that exist to hold secrets.
  const kept = [
    '.env',
    '.env.production',
    'id_rsa',
    'deploy/server.pem',
    '.npmrc',
    'infra/prod.tfstate',
    'credentials.json',
    '.aws/credentials',
    'service-account.json',
    'secrets.yaml',
    '.netrc',
    'infra/prod.tfvars',
    'app/.env.local',
    'keys/app.key',
    '.ssh/id_ed25519',
  ];
  for (const path of kept) write(path, `${plant(any()).written('yaml')}\n`);
  // In files that are ignored.
  write('.gitignore', 'ignored/\n*.local.py\n');
  write('.developer-meshignore', 'private/\n');
  for (let index = 0; index < 5; index++) write(`ignored/i${index}.py`, `${plant(token()).written('python')}\n`);
  for (let index = 0; index < 5; index++) write(`private/p${index}.py`, `${plant(token()).written('python')}\n`);
  // In names.
  for (let index = 0; index < 8; index++)
    write(`names/export-${plant(token()).value}.py`, `def f${index}():\n    return 1 / 0\n`);
  for (let index = 0; index < 7; index++)
    write(`names/${plant(token()).value}/report.py`, `def g${index}():\n    return 1 / 0\n`);
  // In what tells how to review.
  const instructions = [
    'AGENTS.md',
    'src/AGENTS.md',
    'long/AGENTS.md',
    '.github/copilot-instructions.md',
    ...Array.from({ length: 8 }, (_, index) => `.github/instructions/i${index}.instructions.md`),
  ];
  for (const path of instructions) {
    const head = path.includes('/instructions/') ? '---\napplyTo: "**"\n---\n' : '';
    // The second at the place where a long file is cut.
    const filling = 'Write short functions. '.repeat(690);
    const late = plant(token());
    const cutAt = 16_000 - 12;
    const first = `${head}${plant(any()).written('prose')}\n`;
    write(path, `${`${first}${filling}`.slice(0, cutAt)}${late.value} and more\n`);
  }
  write('.developer-mesh/review.yaml', `instructions: |\n  ${plant(token()).written('prose')}\n`);
  // In what is shown beside the code: imported definitions, callers, reasons of dismissals.
  for (let index = 0; index < 5; index++) {
    write(
      `context/lib${index}.py`,
      `def helper_number_${index}(value):\n    ${plant(any()).written('python').replaceAll('\n', '\n    ')}\n    return value / 2\n`,
    );
    write(
      `context/use${index}.py`,
      `from context.lib${index} import helper_number_${index}\n\ndef caller_${index}():\n    ${plant(token()).written('python')}\n    return helper_number_${index}(0)\n`,
    );
  }
  const suppressed = Array.from({ length: 5 }, () => ({
    scope: 'rule',
    rule: 'any',
    reason: `It is known: ${plant(token()).value}`,
  }));
  write('.developer-mesh/baseline.json', JSON.stringify({ version: 1, suppressed }));
  // In what the editor's tools say, whole and where a title is cut.
  const diagnostics = new Map<string, readonly ExistingDiagnostic[]>();
  for (let index = 0; index < 15; index++) {
    const { value } = plant(token());
    // A title has 100 characters: of most secrets it would hold all but the end.
    const filling = '.'.repeat(Math.max(0, 99 - (value.length - 1 - (index % 4))));
    const message = index % 5 === 0 ? `Type '"${value}"' is not assignable.` : `${filling}${value} is no number.`;
    const path = `diagnosed/d${index}.py`;
    write(path, `value = compute()\nother = value / 0\n`);
    diagnostics.set(path, [
      { range: { line: 1, column: 1, endLine: 1, endColumn: 6 }, severity: 'error', message, source: 'pylint' },
    ]);
  }
  // In the history.
  repository.git('add', '--all', '--force');
  repository.git('commit', '--quiet', '--message', `first ${plant(token()).value}`);
  for (let index = 0; index < 9; index++) {
    write('history.py', `def h():\n    return ${index} / 0\n`);
    repository.git('add', 'history.py');
    repository.git('commit', '--quiet', '--message', `step ${plant(token()).value}\n\n${index}`);
  }
  const base = repository.git('rev-parse', 'HEAD~3').trim();
  for (let index = 0; index < 5; index++) repository.git('branch', `topic/${plant(token()).value}`);
  // In lines that a change takes away, and in those it brings.
  write('changed.py', `def c():\n    ${plant(token()).written('python')}\n    return 1\n`);
  repository.git('add', 'changed.py');
  repository.git('commit', '--quiet', '--message', 'changed');
  write('changed.py', `def c():\n    ${plant(token()).written('python')}\n    return 1 / 0\n`);

  // In the tasks, as many as are left.
  const rest = Array.from({ length: count - planted.length }, () => plant(token()));
  const inTasks = new Set(rest);
  const words = rest.map(({ value }) => value);
  const everything = { files: ['**/*'] };
  return {
    planted,
    inTasks,
    diagnostics,
    tasks: [
      { type: 'code_review', payload: everything },
      {
        type: 'code_review',
        payload: {
          files: ['src/file0.py', 'names/*'],
          instructions: `Use ${words.join(' and ')}`,
          focus_areas: words.slice(0, 3).map((word) => `the key ${word}`),
        },
      },
      {
        type: 'code_review',
        title: `Review with ${words[0]}`,
        description: `Use ${words[1]}`,
        payload: { diff: true },
      },
      { type: 'code_review', payload: { base } },
      { type: 'code_review', payload: { commit: base } },
      { type: 'code_review', payload: { files: ['context/use*.py'] } },
      { type: 'code_review', payload: { files: ['.env', 'id_rsa', 'src/file0.py'] } },
      { type: 'documentation', payload: { file: 'src/file0.py' } },
      { type: 'documentation', payload: { file: 'src/file1.ts' } },
      { type: 'documentation', payload: { file: 'context/lib0.py' } },
      { type: 'analysis', payload: { question: `Where is ${words[2]} used?` } },
      { type: 'analysis', payload: {} },
    ],
  };
}

function source(style: keyof typeof extensions, one: string, other: string, index: number): string {
  switch (style) {
    case 'python':
      return `import os\n\n${one}\n\ndef average_${index}(values):\n    total = sum(values)\n    return total / len(values)\n\n${other}\n`;
    case 'typescript':
      return `${one}\nexport function load${index}(id: string): string {\n  return 'select * from t where id=' + id;\n}\n${other}\n`;
    case 'go':
      return `package main\n\n${one}\n\nfunc load${index}(id string) string {\n\treturn "select * from t where id=" + id\n}\n\n${other}\n`;
    case 'java':
      return `${one}\nclass Load${index} {\n  String load(String id) {\n    return "select * from t where id=" + id;\n  }\n}\n${other}\n`;
    case 'yaml':
      return `name: app${index}\n${one}\n${other}\n`;
  }
}
