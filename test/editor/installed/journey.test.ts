import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, suiteSetup, suiteTeardown, test } from 'mocha';
import * as vscode from 'vscode';
import { ourDiagnostics, until, workspaceFolder } from '../inside.ts';
import { documentedTotal, modelFindings } from '../modelWords.ts';
import { fileUri, type JourneyWorld, openJourney, withinMs } from './journeyWorld.ts';

const orders = 'src/orders.ts';
const report = 'src/report.py';
const average = modelFindings[report];

let world: JourneyWorld;

const run = (name: string, ...args: unknown[]) => vscode.commands.executeCommand(`developerMesh.${name}`, ...args);
const messages = (file: string) => ourDiagnostics(fileUri(file)).map(({ message }) => message);
const noFindings = () => messages(orders).length + messages(report).length === 0;

async function connected(): Promise<void> {
  const { mesh } = world;
  await run('reconnectNow');
  await mesh.waitFor(() => mesh.openConnections === 1 && mesh.received('agent.register').length > 0, withinMs);
}

async function cleared(): Promise<void> {
  await run('clearFindings');
  await until('nothing is marked', noFindings);
}

function git(...args: string[]): void {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgSign=false'];
  execFileSync('git', [...identity, ...args], { cwd: workspaceFolder(), stdio: 'ignore' });
}

/** Each test leaves the workspace as it found it and no finding behind. */
suite('a task’s journey through the installed package', function () {
  this.timeout(120_000);

  suiteSetup(async () => {
    world = await openJourney();
    // The built-in Git extension would work in a repository that goes away beneath it.
    await vscode.workspace
      .getConfiguration('git')
      .update('autoRepositoryDetection', false, vscode.ConfigurationTarget.Global);
    await connected();
  });
  suiteTeardown(async () => {
    await run('disconnect');
    await world.close();
  });

  test('files: what the checks find is shown before the model answers, then both; the server gets one result', async () => {
    const { mesh, bedrock, holdModel, resultOf } = world;
    const { release } = holdModel();
    const before = bedrock.requests.length;
    const id = mesh.assign({ type: 'code_review', title: 'Both files', payload: { files: [orders, report] } });
    await until('the call of eval is marked', () => messages(orders).length > 0);
    await until('the model was asked', () => bedrock.requests.length > before);
    assert.equal(mesh.tasks.result(id), undefined);
    const [early] = ourDiagnostics(fileUri(orders));
    assert.ok(early);
    const document = await vscode.workspace.openTextDocument(fileUri(orders));
    assert.equal(document.getText(early.range), "eval(order.items.map((item) => item.price).join('+'))");
    assert.equal(early.severity, vscode.DiagnosticSeverity.Error);
    assert.equal(early.source, 'Developer Mesh');
    assert.ok(typeof early.code === 'object' && /eval/.test(String(early.code.value)), JSON.stringify(early.code));

    release();
    const { status, result } = await resultOf(id);
    assert.equal(status, 'completed');
    await until(
      'the model’s are marked, too',
      () => messages(report).includes(average.title) && messages(orders).includes(modelFindings[orders].title),
    );
    const [model] = ourDiagnostics(fileUri(report));
    const python = await vscode.workspace.openTextDocument(fileUri(report));
    assert.equal(python.getText(model?.range), average.quote.trim());
    assert.ok(messages(orders).includes(early.message), 'the check’s finding went when the model’s came');
    const shown = [orders, report].flatMap((file) =>
      ourDiagnostics(fileUri(file)).map(({ message, range }) => `${file}:${range.start.line + 1} ${message}`),
    );
    const reported = result?.findings.map(({ file, line, title }) => `${file}:${line} ${title}`);
    assert.deepEqual(shown.sort(), reported?.sort());
    assert.deepEqual(result?.not_reviewed, []);
    await cleared();
  });

  test('the diff: only what was changed is looked at', async () => {
    const { mesh, resultOf } = world;
    git('init', '--quiet');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'as it was');
    const fresh = join(workspaceFolder(), 'src', 'fresh.ts');
    writeFileSync(fresh, 'export const run = (text: string) => eval(text);\n');
    try {
      const id = mesh.assign({ type: 'code_review', payload: { diff: true } });
      const { status, result } = await resultOf(id);
      assert.equal(status, 'completed');
      assert.deepEqual([...new Set(result?.findings.map(({ file }) => file))], ['src/fresh.ts']);
      await until('it is marked', () => messages('src/fresh.ts').length > 0);
      assert.deepEqual(messages(orders), []);
    } finally {
      rmSync(join(workspaceFolder(), '.git'), { recursive: true, force: true });
      rmSync(fresh);
      await cleared();
    }
  });

  test('the server cancels: the work stops, and its one result says so', async () => {
    const { mesh, bedrock, holdModel, resultOf } = world;
    const { release } = holdModel();
    const before = bedrock.requests.length;
    // A focus of its own: the same question as before would be answered from memory.
    const payload = { files: [report], focusAreas: ['cancelled by the server'] };
    const id = mesh.assign({ type: 'code_review', payload });
    await until('the model was asked', () => bedrock.requests.length > before);
    mesh.cancel(id);
    assert.equal((await resultOf(id)).status, 'cancelled');
    await until('the model is not listened to any more', () => bedrock.requests.at(-1)?.ending === 'left');
    release();
    await cleared();
  });

  test('the person cancels: the work stops, and its one result says so', async () => {
    const { mesh, bedrock, holdModel, resultOf } = world;
    const { release } = holdModel();
    const before = bedrock.requests.length;
    const payload = { files: [report], focusAreas: ['cancelled by the person'] };
    const id = mesh.assign({ type: 'code_review', payload });
    await until('the model was asked', () => bedrock.requests.length > before);
    await run('cancelTask', id);
    assert.equal((await resultOf(id)).status, 'cancelled');
    release();
    await cleared();
  });

  test('a finding follows edits above it, an edit inside takes its squiggle away', async () => {
    const { mesh, resultOf } = world;
    const uri = fileUri(report);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
    try {
      await resultOf(mesh.assign({ type: 'code_review', payload: { files: [report] } }));
      await until('it is marked', () => messages(report).includes(average.title));
      const edit = new vscode.WorkspaceEdit();
      edit.insert(uri, new vscode.Position(0, 0), '# one\n# two\n');
      await vscode.workspace.applyEdit(edit);
      const where = () => ourDiagnostics(uri).map(({ range }) => document.getText(range));
      await until('it moved', () => ourDiagnostics(uri)[0]?.range.start.line === 6);
      assert.deepEqual(where(), [average.quote.trim()]);
      const inside = new vscode.WorkspaceEdit();
      inside.insert(uri, document.positionAt(document.getText().indexOf('len(values)')), 'not_');
      await vscode.workspace.applyEdit(inside);
      await until('it is gone', () => ourDiagnostics(uri).length === 0);
    } finally {
      await vscode.window.showTextDocument(document);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      await cleared();
    }
  });

  test('with no server at all: a file, the changes and a function are worked on all the same', async () => {
    const { mesh } = world;
    await run('disconnect');
    await mesh.waitFor(() => mesh.openConnections === 0, withinMs);
    const heard = mesh.received().length;
    try {
      await run('reviewFile', fileUri(report));
      await until('the model’s finding is marked', () => messages(report).includes(average.title));
      await cleared();

      git('init', '--quiet');
      git('add', '--all', '--', ':!src/orders.ts');
      git('commit', '--quiet', '--message', 'without the orders');
      await run('reviewChanges');
      await until('the new file is marked', () => messages(orders).length > 0);
      assert.deepEqual(messages(report), []);
      await cleared();

      const document = await vscode.workspace.openTextDocument(fileUri(orders));
      const text = document.getText();
      const editor = await vscode.window.showTextDocument(document, { preview: false });
      const at = document.positionAt(text.indexOf('let sum'));
      editor.selection = new vscode.Selection(at, at);
      const documenting = run('documentSymbol');
      const isDiff = () => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff;
      await until('the diff is shown', isDiff, withinMs);
      assert.equal(document.getText(), text);
      await run('applyProposal');
      await documenting;
      assert.equal(document.getText(), text.replace(documentedTotal.old, documentedTotal.new));
      await vscode.window.showTextDocument(document);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      assert.equal(mesh.received().length, heard);
    } finally {
      rmSync(join(workspaceFolder(), '.git'), { recursive: true, force: true });
      await connected();
    }
  });
});
