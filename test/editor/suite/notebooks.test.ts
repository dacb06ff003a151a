import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import type { Finding } from '../../../src/agent/findings/finding.ts';
import { createKeys } from '../../../src/editor/keys.ts';
import { createVscodeHost } from '../../../src/editor/vscodeHost.ts';
import { MemorySecrets } from '../../fakes/memorySecrets.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';
import { ourDiagnostics, until, workspaceFolder } from '../inside.ts';
import { commandsOver } from './commandWorld.ts';
import { openSurfaces } from './editorWorld.ts';

const sources = ['# A study', 'import os', 'answer = input()\nprint(eval(answer))'];

function notebookText(): string {
  const cells = sources.map((source, index) => ({
    cell_type: index === 0 ? 'markdown' : 'code',
    metadata: {},
    source: source.split(/(?<=\n)/),
    ...(index > 0 && { outputs: [], execution_count: null }),
  }));
  return JSON.stringify(
    { cells, metadata: { language_info: { name: 'python' } }, nbformat: 4, nbformat_minor: 5 },
    null,
    1,
  );
}

async function openNotebook(name: string) {
  const uri = vscode.Uri.file(join(workspaceFolder(), name));
  await vscode.workspace.fs.writeFile(uri, Buffer.from(notebookText()));
  const notebook = await vscode.workspace.openNotebookDocument(uri);
  return {
    uri,
    notebook,
    cell: (number: number) => notebook.cellAt(number - 1).document,
    async dispose() {
      await vscode.window.showNotebookDocument(notebook);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      await vscode.workspace.fs.delete(uri);
    },
  };
}

const inCell = (cell: number, line: number, own: Partial<Finding> = {}) =>
  sampleFinding({ file: 'study.ipynb', cell, range: { line, column: 1, endLine: line, endColumn: 6 }, ...own });

suite('notebooks', () => {
  test('a review by command marks the code in its cell', async () => {
    const { uri, cell, dispose } = await openNotebook('reviewed.ipynb');
    const useModel = (value: false | undefined) =>
      vscode.workspace
        .getConfiguration('developerMesh')
        .update('review.useModel', value, vscode.ConfigurationTarget.Global);
    await useModel(false);
    try {
      await vscode.commands.executeCommand('developerMesh.reviewFile', uri);
      await until('the call of eval is marked', () => ourDiagnostics(cell(3).uri).length > 0);
      const [diagnostic] = ourDiagnostics(cell(3).uri);
      assert.match(cell(3).getText(diagnostic?.range), /^eval\(/);
      assert.deepEqual(ourDiagnostics(uri), []);
    } finally {
      await vscode.commands.executeCommand('developerMesh.clearFindings');
      await useModel(undefined);
      await dispose();
    }
  });

  test('findings follow what is typed in their cell, and their cell when others come and go', async () => {
    const { agent, findings, dispose } = openSurfaces();
    const { notebook, cell, dispose: close } = await openNotebook('study.ipynb');
    try {
      agent.settle('t1', [inCell(3, 2, { id: 'a', quote: 'print' }), inCell(2, 1, { id: 'b', quote: 'impor' })]);
      await until(
        'both are marked',
        () => ourDiagnostics(cell(3).uri).length + ourDiagnostics(cell(2).uri).length === 2,
      );
      const typed = new vscode.WorkspaceEdit();
      typed.insert(cell(3).uri, new vscode.Position(0, 0), '# first\n');
      await vscode.workspace.applyEdit(typed);
      assert.equal(findings.find('a')?.range.line, 3);
      assert.equal(findings.find('b')?.range.line, 1);

      const edit = new vscode.WorkspaceEdit();
      const added = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, 'x = 1', 'python');
      edit.set(notebook.uri, [vscode.NotebookEdit.insertCells(1, [added])]);
      await vscode.workspace.applyEdit(edit);
      await until('the numbers have changed', () => findings.find('a')?.cell === 4 && findings.find('b')?.cell === 3);
      const removal = new vscode.WorkspaceEdit();
      removal.set(notebook.uri, [vscode.NotebookEdit.deleteCells(new vscode.NotebookRange(2, 3))]);
      await vscode.workspace.applyEdit(removal);
      await until('its findings went with the cell', () => findings.find('b') === undefined);
      assert.equal(findings.find('a')?.cell, 3);
      await until('it is marked where it is now', () => ourDiagnostics(cell(3).uri).length === 1);
    } finally {
      dispose();
      await close();
    }
  });

  test('while a notebook is not open, its file is marked', async () => {
    const uri = vscode.Uri.file(join(workspaceFolder(), 'closed.ipynb'));
    await vscode.workspace.fs.writeFile(uri, Buffer.from(notebookText()));
    const { agent, dispose } = openSurfaces();
    try {
      agent.settle('t1', [inCell(3, 2, { file: 'closed.ipynb', title: 'Odd' })]);
      await until('the file is marked', () => ourDiagnostics(uri).length === 1);
      assert.equal(ourDiagnostics(uri)[0]?.message, 'Odd (cell 3, line 2)');
      const notebook = await vscode.workspace.openNotebookDocument(uri);
      await until('the cell is marked', () => ourDiagnostics(notebook.cellAt(2).document.uri).length === 1);
      assert.deepEqual(ourDiagnostics(uri), []);
    } finally {
      dispose();
      await vscode.workspace.fs.delete(uri);
    }
  });

  test('an unsaved notebook is told as it stands, without its results', async () => {
    const { uri, cell, dispose } = await openNotebook('unsaved.ipynb');
    const keys = createKeys(new MemorySecrets(), undefined, assert.ifError);
    try {
      const storage = vscode.Uri.file(join(workspaceFolder(), '.storage'));
      const host = createVscodeHost({ storageUri: storage, globalStorageUri: storage }, {}, keys, () => undefined);
      assert.equal(host.unsavedText(uri.fsPath), undefined);
      const edit = new vscode.WorkspaceEdit();
      edit.insert(cell(2).uri, new vscode.Position(0, 0), 'import sys\n');
      await vscode.workspace.applyEdit(edit);
      const told: unknown = JSON.parse(host.unsavedText(uri.fsPath) ?? '');
      assert.deepEqual(told, {
        nbformat: 4,
        metadata: { language_info: { name: 'python' } },
        cells: [
          { cell_type: 'markdown', source: sources[0] },
          { cell_type: 'code', source: `import sys\n${sources[1]}` },
          { cell_type: 'code', source: sources[2] },
        ],
      });
      await vscode.workspace.fs.delete(storage, { recursive: true });
    } finally {
      keys.dispose();
      await dispose();
    }
  });

  test('a finding is shown in its cell, and its fix is seen as a diff before it is applied there', async () => {
    const { cell, notebook, dispose } = await openNotebook('fixed.ipynb');
    const { agent, run, changes, dispose: close } = commandsOver();
    try {
      const finding = inCell(3, 2, {
        file: 'fixed.ipynb',
        id: 'f',
        quote: 'print(eval(answer))',
        fix: { old: 'eval(answer)', new: 'int(answer)' },
      });
      agent.find(finding);
      await run('revealFinding', 'f');
      await until('its notebook is in front', () => vscode.window.activeNotebookEditor?.notebook === notebook);
      const done = run('previewFix', 'f');
      const shown = () => vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      await until('the diff is shown', () => shown() instanceof vscode.TabInputTextDiff);
      assert.equal(cell(3).getText(), sources[2]);
      changes.answer(undefined, 'applied');
      await done;
      assert.equal(cell(3).getText(), 'answer = input()\nprint(int(answer))');
    } finally {
      close();
      await dispose();
    }
  });
});
