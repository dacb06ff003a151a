import { createEditorCheck } from '../../src/agent/review/static/editorCheck.ts';
import { FakeDiagnostics } from '../fakes/fakeDiagnostics.ts';
import { staticCheckContract } from './staticCheck.ts';

staticCheckContract('editor', async () => {
  const host = new FakeDiagnostics();
  host.said.set('/project/src/a.ts', [
    {
      range: { line: 3, column: 1, endLine: 3, endColumn: 8 },
      severity: 'warning',
      message: "'missing' is declared but never used.",
      source: 'ts',
      code: '6133',
    },
    {
      range: { line: 1, column: 14, endLine: 1, endColumn: 18 },
      severity: 'error',
      message: "Type 'string' is not assignable to type 'number'.\n  The expected type comes from here.",
      source: 'ts',
      code: '2322',
    },
  ]);
  return {
    check: createEditorCheck(host),
    flawed: {
      file: 'src/a.ts',
      absolutePath: '/project/src/a.ts',
      language: 'typescript',
      text: "let a = 1; a='😀';\nlet b = 2;\nmissing;\n",
    },
    sound: { file: 'src/b.ts', absolutePath: '/project/src/b.ts', language: 'typescript', text: 'let a = 1;\n' },
    quotes: true,
  };
});
