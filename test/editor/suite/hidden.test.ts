import assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { ourDiagnostics, until } from '../inside.ts';
import { findingAt, openFile, openSurfaces } from './editorWorld.ts';

suite('hidden findings', () => {
  test('they are marked as hints while they are displayed, and follow edits before that', async () => {
    const file = await openFile('hidden.js', 'const a = 1;\nconst b = 2;\n');
    const { agent, findings, dispose } = openSurfaces();
    try {
      const shown = findingAt(file.document, 'a = 1', { id: 'shown' });
      const hidden = findingAt(file.document, 'b = 2', { id: 'hidden', severity: 'low' });
      agent.settle('t1', [shown], [], [hidden]);
      await until('the shown one is marked', () => ourDiagnostics(file.uri).length === 1);
      const edit = new vscode.WorkspaceEdit();
      edit.insert(file.uri, new vscode.Position(0, 0), '// new\n');
      await vscode.workspace.applyEdit(edit);

      findings.displayHidden(true);
      await until('both are marked', () => ourDiagnostics(file.uri).length === 2);
      const [hint] = ourDiagnostics(file.uri).filter(({ severity }) => severity === vscode.DiagnosticSeverity.Hint);
      assert.ok(hint);
      assert.equal(file.document.getText(hint.range), 'b = 2');

      findings.displayHidden(false);
      await until('one is marked', () => ourDiagnostics(file.uri).length === 1);
      agent.settle('t2', [], ['hidden.js']);
      assert.deepEqual([findings.all(), findings.hidden()], [[], []]);
    } finally {
      dispose();
      await file.dispose();
    }
  });
});
