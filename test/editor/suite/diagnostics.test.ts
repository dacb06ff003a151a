import assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { ourDiagnostics, until } from '../inside.ts';
import { findingAt, openFile, openSurfaces } from './editorWorld.ts';

const code = 'const a = 1;\nconst risky = eval("a");\nconst b = 2;\n';

async function world() {
  const file = await openFile('diagnosed.js', code);
  const surfaces = openSurfaces();
  const edit = async (change: (edit: vscode.WorkspaceEdit) => void) => {
    const workspaceEdit = new vscode.WorkspaceEdit();
    change(workspaceEdit);
    assert.equal(await vscode.workspace.applyEdit(workspaceEdit), true);
  };
  return {
    ...file,
    ...surfaces,
    edit,
    async dispose() {
      surfaces.dispose();
      await file.dispose();
    },
  };
}

suite('squiggles', () => {
  test('a finding shows with its range, severity, source, message and the link of its rule', async () => {
    const { agent, document, uri, dispose } = await world();
    try {
      const finding = findingAt(document, 'eval("a")', {
        severity: 'high',
        source: 'rule',
        ruleId: 'no-eval',
        ruleUrl: 'https://example.com/no-eval',
        title: 'Text is run as code\u001b[31m',
      });
      agent.find(finding);
      await until('it is shown', () => ourDiagnostics(uri).length > 0);
      const [diagnostic, ...others] = ourDiagnostics(uri);
      assert.ok(diagnostic);
      assert.equal(others.length, 0);
      assert.equal(document.getText(diagnostic.range), 'eval("a")');
      assert.equal(diagnostic.severity, vscode.DiagnosticSeverity.Error);
      assert.equal(diagnostic.message, 'Text is run as code');
      assert.ok(typeof diagnostic.code === 'object');
      assert.equal(diagnostic.code.value, 'no-eval');
      assert.equal(diagnostic.code.target.toString(), 'https://example.com/no-eval');
    } finally {
      await dispose();
    }
  });

  test('a link that a model wrote, or that is not https, is not clickable', async () => {
    const { agent, document, uri, dispose } = await world();
    try {
      const ruleUrl = 'https://evil.example/';
      agent.settle('t1', [
        findingAt(document, 'a = 1', { id: '1', source: 'model', ruleId: 'x', ruleUrl }),
        findingAt(document, 'b = 2', {
          id: '2',
          source: 'rule',
          ruleId: 'y',
          ruleUrl: 'command:workbench.action.quit',
        }),
      ]);
      await until('both are shown', () => ourDiagnostics(uri).length === 2);
      assert.deepEqual(
        ourDiagnostics(uri)
          .map((diagnostic) => diagnostic.code)
          .sort(),
        ['x', 'y'],
      );
    } finally {
      await dispose();
    }
  });

  test('the findings of a task replace its earlier ones in one step', async () => {
    const { agent, document, uri, dispose } = await world();
    try {
      agent.find(findingAt(document, 'a = 1', { id: '1' }));
      agent.find(findingAt(document, 'b = 2', { id: '2' }));
      await until('both are shown', () => ourDiagnostics(uri).length === 2);
      agent.settle('t1', [findingAt(document, 'b = 2', { id: '3', title: 'The final word' })]);
      await until('only the last is shown', () => ourDiagnostics(uri).length === 1);
      assert.equal(ourDiagnostics(uri)[0]?.message, 'The final word');
    } finally {
      await dispose();
    }
  });

  test('positions follow edits, an edit inside takes the squiggle away', async () => {
    const { agent, document, uri, edit, findings, dispose } = await world();
    try {
      const finding = findingAt(document, 'eval("a")');
      agent.find(finding);
      await edit((change) => change.insert(uri, new vscode.Position(0, 0), '// one\n// two\n'));
      await until('the squiggle moved', () => ourDiagnostics(uri)[0]?.range.start.line === 3);
      const inside = document.positionAt(document.getText().indexOf('"a"'));
      await edit((change) => change.insert(uri, inside, 'x'));
      await until('the squiggle is gone', () => ourDiagnostics(uri).length === 0);
      assert.equal(findings.find(finding.id)?.stale, true);
    } finally {
      await dispose();
    }
  });

  test('a finding that arrives for a text edited meanwhile lands where its quote stands now', async () => {
    const { agent, document, uri, edit, dispose } = await world();
    try {
      const early = findingAt(document, 'eval("a")');
      await edit((change) => change.insert(uri, new vscode.Position(0, 0), '// one\n'));
      agent.settle('t1', [early]);
      await until('it moved', () => ourDiagnostics(uri)[0]?.range.start.line === 2);
      await edit((change) => change.replace(uri, new vscode.Range(2, 0, 2, 100), 'nothing();'));
      agent.settle('t2', [{ ...early, id: 'late', taskId: 't2' }], [early.file]);
      await until('a quote that is gone has no squiggle', () => ourDiagnostics(uri).length === 0);
    } finally {
      await dispose();
    }
  });

  test('a finding over many lines is drawn under its first line', async () => {
    const file = await openFile('long.js', `function long() {\n${'  call();\n'.repeat(30)}}\n`);
    const { agent, dispose } = openSurfaces();
    try {
      agent.find(findingAt(file.document, file.document.getText().trimEnd()));
      await until('it is shown', () => ourDiagnostics(file.uri).length === 1);
      const range = ourDiagnostics(file.uri)[0]?.range;
      assert.ok(range?.isSingleLine);
      assert.equal(file.document.getText(range), 'function long() {');
    } finally {
      dispose();
      await file.dispose();
    }
  });

  test('what was dismissed is not drawn', async () => {
    const { agent, document, uri, findings, dispose } = await world();
    try {
      agent.settle('t1', [findingAt(document, 'b = 2', { id: '2' })]);
      await until('it is shown', () => ourDiagnostics(uri).length > 0);
      const dismissed = findings.find('2');
      assert.ok(dismissed);
      await agent.suppressions.add(dismissed, agent.findings.all(), 'finding', 'personal');
      await until('it is gone', () => ourDiagnostics(uri).length === 0);
    } finally {
      await dispose();
    }
  });

  test('what the editor’s own tools say is drawn while nobody else shows it, and never twice', async () => {
    const { agent, document, uri, dispose } = await world();
    const theirs = vscode.languages.createDiagnosticCollection('test-theirs');
    const title = 'Something is wrong with a';
    try {
      agent.settle('t1', [
        findingAt(document, 'a = 1', { id: '1', source: 'editor', title, ruleId: 'test(7)' }),
        findingAt(document, 'b = 2', { id: '2' }),
      ]);
      const shown = (count: number) => ourDiagnostics(uri).length === count;
      await until('both are shown', () => shown(2));
      theirs.set(uri, [new vscode.Diagnostic(new vscode.Range(0, 6, 0, 7), `${title}\nin many words`)]);
      await until('theirs takes the place of ours', () => shown(1));
      theirs.clear();
      await until('ours is back', () => shown(2));
      await vscode.window.showTextDocument(document, { preview: false });
      await until('in a tab the tools speak for themselves', () => shown(1));
      await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
      await until('without the tab ours is back', () => shown(2));
    } finally {
      theirs.dispose();
      await dispose();
    }
  });

  test('a hover tells more, as text in which nothing can be clicked', async () => {
    const { agent, document, uri, dispose } = await world();
    try {
      const description = 'See [this](command:workbench.action.quit) ![i](http://127.0.0.1:9/x.png) <b>bold</b>';
      const finding = findingAt(document, 'eval("a")', { description });
      agent.find(finding);
      const position = document.positionAt(document.getText().indexOf('eval') + 1);
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', uri, position);
      const contents = hovers.flatMap((hover) => hover.contents);
      const ours = contents.find((content) => typeof content === 'object' && content.value.includes('command'));
      assert.ok(ours instanceof vscode.MarkdownString);
      assert.ok(!ours.isTrusted);
      assert.ok(!ours.supportHtml);
      assert.doesNotMatch(ours.value, /(?<!\\)[[\]()<>:]/);
    } finally {
      await dispose();
    }
  });
});
