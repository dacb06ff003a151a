import assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { createApplyChanges, type ProposedChange, proposalScheme } from '../../../src/editor/applyChange.ts';
import { until } from '../inside.ts';
import { findingAt, openFile, openSurfaces } from './editorWorld.ts';

const code = 'let total = 0;\nfor (let i = 0; i < 3; i++) total += i;\n';
const fix = { old: 'i < 3', new: 'i <= 3' };

function shownProposal(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputTextDiff && input.modified.scheme === proposalScheme
    ? input.modified
    : undefined;
}

async function world() {
  const file = await openFile('fixed.js', code);
  const told: string[][] = [];
  const changes = createApplyChanges(({ messages }) => told.push([...messages]));
  const change: ProposedChange = { uri: file.uri, title: 'count to three', ...fix, near: () => undefined };
  return {
    ...file,
    changes,
    change,
    told,
    /** Proposes, and resolves when the diff is in front of the person. */
    async propose(proposed = change) {
      const outcome = changes.propose(proposed);
      await until('the diff is shown', () => shownProposal() !== undefined);
      return { outcome, uri: shownProposal() };
    },
    async dispose() {
      changes.dispose();
      await file.dispose();
    },
  };
}

suite('fixes', () => {
  test('the light bulb offers preview, explain and dismiss, and no action changes the file by itself', async () => {
    const file = await openFile('bulb.js', code);
    const { agent, dispose } = openSurfaces();
    try {
      const finding = findingAt(file.document, 'i < 3', { title: 'Stops too early', fix });
      agent.find(finding);
      const { start } = file.document.validateRange(new vscode.Range(1, 18, 1, 18));
      const offered = async () =>
        (
          await vscode.commands.executeCommand<vscode.CodeAction[]>(
            'vscode.executeCodeActionProvider',
            file.uri,
            new vscode.Range(start, start),
          )
        ).filter(({ command }) => command?.command.startsWith('developerMesh.'));
      let actions: readonly vscode.CodeAction[] = [];
      await until('the window knows who offers them', async () => {
        actions = await offered();
        return actions.length > 0;
      });
      assert.deepEqual(
        actions.map(({ title }) => title),
        [
          'Preview fix: Stops too early',
          'Explain: Stops too early',
          'Dismiss: Stops too early',
          'Dismiss with a Reason…',
        ],
      );
      for (const action of actions) {
        assert.equal(action.edit, undefined);
        assert.deepEqual(action.command?.arguments, [finding.id]);
      }
      agent.settle('t1', [{ ...finding, fix: { old: 'never there', new: 'x' } }]);
      assert.ok(!(await offered()).some(({ title }) => title.startsWith('Preview')));
    } finally {
      dispose();
      await file.dispose();
    }
  });

  test('a change happens only after the person has seen the diff and agreed; it is not saved, one undo takes it back', async () => {
    const { document, uri, changes, propose, dispose } = await world();
    try {
      const { outcome, uri: proposal } = await propose();
      assert.equal(document.getText(), code);
      assert.ok(proposal);
      const right = await vscode.workspace.openTextDocument(proposal);
      assert.equal(right.getText(), code.replace(fix.old, fix.new));
      changes.answer(proposal, 'applied');
      assert.equal(await outcome, 'applied');
      assert.equal(document.getText(), code.replace(fix.old, fix.new));
      assert.equal(Buffer.from(await vscode.workspace.fs.readFile(uri)).toString(), code);
      assert.equal(shownProposal(), undefined);
      await vscode.window.showTextDocument(document);
      await vscode.commands.executeCommand('undo');
      assert.equal(document.getText(), code);
    } finally {
      await dispose();
    }
  });

  test('errors that a change brings are told, once, and those that were there before are not', async () => {
    const { uri, changes, told, propose, dispose } = await world();
    const tools = vscode.languages.createDiagnosticCollection('test-tools');
    const errors = (...messages: string[]) =>
      tools.set(
        uri,
        messages.map((message) => new vscode.Diagnostic(new vscode.Range(0, 0, 0, 1), message)),
      );
    try {
      errors('old');
      const { outcome, uri: proposal } = await propose();
      changes.answer(proposal, 'applied');
      assert.equal(await outcome, 'applied');
      errors('old', 'old');
      await until('it is told', () => told.length > 0);
      errors('old', 'old', 'later');
      errors('old', 'new');
      assert.deepEqual(told, [['old']]);
    } finally {
      tools.dispose();
      await dispose();
    }
  });

  test('discarding, or closing the diff, changes nothing', async () => {
    const { document, changes, propose, dispose } = await world();
    try {
      const first = await propose();
      changes.answer(undefined, 'discarded');
      assert.equal(await first.outcome, 'discarded');
      const second = await propose();
      await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
      assert.equal(await second.outcome, 'open');
      assert.equal(document.getText(), code);
    } finally {
      await dispose();
    }
  });

  test('a text that was changed while the diff was open is left alone', async () => {
    const { document, uri, changes, propose, dispose } = await world();
    try {
      const { outcome, uri: proposal } = await propose();
      const edit = new vscode.WorkspaceEdit();
      edit.replace(uri, new vscode.Range(1, 16, 1, 21), 'i < 9');
      await vscode.workspace.applyEdit(edit);
      const edited = document.getText();
      changes.answer(proposal, 'applied');
      assert.equal(await outcome, 'gone');
      assert.equal(document.getText(), edited);
    } finally {
      await dispose();
    }
  });

  test('a text that does not stand there is not even shown', async () => {
    const { changes, change, dispose } = await world();
    try {
      assert.equal(await changes.propose({ ...change, old: 'nowhere' }), 'gone');
      assert.equal(shownProposal(), undefined);
    } finally {
      await dispose();
    }
  });
});
