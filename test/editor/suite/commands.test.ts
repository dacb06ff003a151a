import assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { succeeded } from '../../../src/agent/failures.ts';
import { showDiagnostics } from '../../../src/editor/diagnostics.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';
import { ourDiagnostics, until, workspaceFolder } from '../inside.ts';
import { commandsOver } from './commandWorld.ts';
import { findingAt, openFile } from './editorWorld.ts';

const key = { origin: 'wss://mesh.example.com:443', value: 'a-key' };

/** The commands, and a file for them. */
async function world(text = 'const a = 1;\nconst b = 2;\n') {
  const file = await openFile('commanded.js', text);
  const commands = commandsOver();
  return {
    ...commands,
    ...file,
    async dispose() {
      commands.dispose();
      await file.dispose();
    },
  };
}

const activeText = () => vscode.window.activeTextEditor?.document.getText() ?? '';
const diffIsShown = () => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff;

suite('commands', () => {
  test('reviewing asks the agent for the file, by its workspace path, and for the changes', async () => {
    const { agent, uri, run, dispose } = await world();
    try {
      await run('reviewFile', uri);
      await run('reviewChanges');
      assert.deepEqual(agent.calls, ['run code_review {"files":["commanded.js"]}', 'run code_review {"changes":true}']);
    } finally {
      await dispose();
    }
  });

  test('several files chosen in the explorer are one review, as are staged changes and a selection', async () => {
    const { agent, document, uri, run, dispose } = await world('const a = 1;\nconst b = 2;\nconst c = 3;\n');
    try {
      await run('reviewFile', uri, [uri, vscode.Uri.file(`${workspaceFolder()}/other.js`)]);
      await run('reviewStaged');
      const editor = await vscode.window.showTextDocument(document);
      editor.selection = new vscode.Selection(1, 2, 2, 4);
      await run('reviewSelection');
      editor.selection = new vscode.Selection(0, 0, 2, 0);
      await run('reviewSelection');
      assert.deepEqual(agent.calls, [
        'run code_review {"files":["commanded.js","other.js"]}',
        'run code_review {"changes":"staged"}',
        'run code_review {"file":"commanded.js","lines":{"from":2,"to":3}}',
        'run code_review {"file":"commanded.js","lines":{"from":1,"to":2}}',
      ]);
    } finally {
      await dispose();
    }
  });

  test('what would be sent is shown word for word on a page of its own, and nothing is reviewed', async () => {
    const { agent, uri, run, dispose } = await world();
    try {
      const prompt = 'A prompt with [a link](command:workbench.action.quit) and ![a picture](http://127.0.0.1:9/x).';
      const request = { system: 'The manual.', prompt, maxTokens: 8000 };
      agent.previews = succeeded({ requests: [request], tokens: 90, files: 1, remembered: 0, notReviewed: [] });
      await run('showPrompt', uri);
      assert.deepEqual(agent.calls, ['preview {"files":["commanded.js"]}']);
      const page = vscode.window.activeTextEditor?.document;
      assert.ok(page);
      assert.ok(page.getText().includes(prompt) && page.getText().includes('The manual.'));
      assert.equal(page.languageId, 'plaintext');
      assert.equal(page.uri.scheme, 'test-page');
    } finally {
      await dispose();
    }
  });

  test('a document without a file is reviewed as it stands, and marked', async () => {
    const { agent, findings, run, dispose } = await world();
    const marks = showDiagnostics(findings);
    const document = await vscode.workspace.openTextDocument({
      language: 'javascript',
      content: 'let a = 1;\neval(a);\n',
    });
    const file = document.uri.toString();
    try {
      await vscode.window.showTextDocument(document);
      agent.duringRun = (taskId) => {
        const range = { line: 2, column: 1, endLine: 2, endColumn: 5 };
        agent.settle(taskId, [sampleFinding({ taskId, file: 'payload.js', inTask: true, quote: 'eval', range })]);
      };
      await run('reviewFile');
      const code = JSON.stringify('let a = 1;\neval(a);\n');
      const name = document.uri.path;
      assert.deepEqual(agent.calls, [`run code_review {"code":${code},"language":"javascript","filename":"${name}"}`]);
      await until('it is marked', () => ourDiagnostics(document.uri).length === 1);
      assert.equal(document.getText(ourDiagnostics(document.uri)[0]?.range), 'eval');
      assert.deepEqual(
        findings.all().map((finding) => finding.file),
        [file],
      );
    } finally {
      marks.dispose();
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      await dispose();
    }
  });

  test('the report of a review opens from its row', async () => {
    const { agent, run, dispose } = await world();
    try {
      const task = { id: 's2', type: 'code_review', title: 'All of it', origin: 'server', priority: 'low' } as const;
      agent.start(task);
      agent.end(task, 'completed', {
        findings: [],
        not_reviewed: [{ file: 'b.ts', reason: 'larger than 512 kB' }],
        metrics: { files: 2, files_reviewed: 1 },
      });
      await run('openResult', 's2');
      assert.match(activeText(), /^All of it\n\nNothing found in 1 of 2 files; 1 not reviewed in full\.\n/);
      assert.match(activeText(), /b\.ts: larger than 512 kB/);
    } finally {
      await dispose();
    }
  });

  test('a file outside the workspace is not reviewed', async () => {
    const { agent, run, dispose } = await world();
    try {
      await run('reviewFile', vscode.Uri.file('/somewhere/else.ts'));
      assert.deepEqual(agent.calls, []);
    } finally {
      await dispose();
    }
  });

  test('documenting asks for the function at the cursor and changes the file once its diff is applied', async () => {
    const { agent, document, changes, run, dispose } = await world();
    try {
      agent.outcome = {
        status: 'completed',
        result: { proposals: [{ file: 'commanded.js', symbol: 'outer', old: 'const b', new: '/** Two. */\nconst b' }] },
      };
      const editor = await vscode.window.showTextDocument(document);
      editor.selection = new vscode.Selection(1, 3, 1, 3);
      const done = run('documentSymbol');
      await until('the diff is shown', diffIsShown);
      assert.equal(document.getText(), 'const a = 1;\nconst b = 2;\n');
      changes.answer(undefined, 'applied');
      await done;
      assert.deepEqual(agent.calls, ['run documentation {"file":"commanded.js","symbol":"outer"}']);
      assert.equal(document.getText(), 'const a = 1;\n/** Two. */\nconst b = 2;\n');
    } finally {
      await dispose();
    }
  });

  test('what a server’s task brought can be opened later', async () => {
    const { agent, run, dispose } = await world();
    try {
      const task = { id: 's1', type: 'analysis', title: 'How big is it?', origin: 'server', priority: 'low' } as const;
      agent.start(task);
      agent.end(task, 'completed', { summary: 'Measured 2 files.', answer: 'Small.' });
      await run('openResult', 's1');
      assert.equal(activeText(), 'How big is it?\n\nSmall.\n\nMeasured 2 files.\n');
    } finally {
      await dispose();
    }
  });

  test('a fix is previewed, applied, and its finding goes', async () => {
    const { agent, document, changes, findings, run, dispose } = await world();
    try {
      const finding = findingAt(document, 'b = 2', { fix: { old: 'b = 2', new: 'b = 3' } });
      agent.find(finding);
      const done = run('previewFix', finding.id);
      await until('the diff is shown', diffIsShown);
      assert.equal(findings.all().length, 1);
      changes.answer(undefined, 'applied');
      await done;
      assert.match(document.getText(), /b = 3/);
      assert.deepEqual(findings.all(), []);
    } finally {
      await dispose();
    }
  });

  test('explaining, going from finding to finding, dismissing and restoring', async () => {
    const { agent, document, findings, run, dispose } = await world();
    try {
      agent.settle('t1', [
        findingAt(document, 'a = 1', { id: '1', title: 'First' }),
        findingAt(document, 'b = 2', { id: '2', title: 'Second' }),
      ]);
      await vscode.window.showTextDocument(document, { selection: new vscode.Range(0, 0, 0, 0) });
      const line = () => vscode.window.activeTextEditor?.selection.active.line;
      await run('nextFinding');
      assert.equal(line(), 0);
      await run('nextFinding');
      assert.equal(line(), 1);
      await run('previousFinding');
      assert.equal(line(), 0);
      await run('explainFinding', '2');
      assert.match(activeText(), /^Second\n/);
      await run('dismissFinding', { kind: 'finding', finding: findings.find('2') });
      assert.deepEqual(
        findings.all().map(({ id }) => id),
        ['1'],
      );
      await until(
        'it is back',
        async () => {
          const listed = run('restoreFindings');
          // When the list is there nobody tells.
          await new Promise((resolve) => setTimeout(resolve, 500));
          await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
          await listed;
          return findings.all().length === 2;
        },
        60_000,
      );
      await run('clearFindings');
      assert.equal(findings.all().length, 0);
    } finally {
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
      await dispose();
    }
  });

  test('signing out disconnects and forgets the key of this server alone', async () => {
    const { agent, keys, run, dispose } = await world();
    try {
      await keys.store(key.origin, key.value);
      await keys.store('wss://other.example.com:443', 'another');
      await run('signOut');
      assert.deepEqual(agent.calls, ['disconnect']);
      assert.equal(await keys.key(key.origin), undefined);
      assert.equal(await keys.key('wss://other.example.com:443'), 'another');
    } finally {
      await dispose();
    }
  });

  test('a task is cancelled from its row as from the menu', async () => {
    const { agent, run, dispose } = await world();
    try {
      await run('cancelTask', { kind: 'running', task: { id: 't7' } });
      await run('cancelTask', 't8');
      await run('cancelTask', { nonsense: true });
      assert.deepEqual(agent.calls, ['cancel t7', 'cancel t8']);
    } finally {
      await dispose();
    }
  });
});
