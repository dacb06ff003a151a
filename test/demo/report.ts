import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';

/**
 * Runs inside the editor of `npm start -- --once`, as its test module. Waits for the file that says that the server has
 * the result, opens the file with the most findings and the Problems view, prints every problem as the editor holds
 * it, and ends once the picture was taken.
 */
export async function run(): Promise<void> {
  await fileExists(environment('DEMO_RESULT_FILE'));
  const mine = await settledProblems();
  const [first] = [...mine].sort(([, a], [, b]) => b.length - a.length);
  if (first) {
    const line = first[1][0]?.range.start.line ?? 0;
    const selection = new vscode.Range(line, 0, line, 0);
    await vscode.window.showTextDocument(first[0], { preview: false, selection });
  }
  await vscode.commands.executeCommand('workbench.actions.view.problems');
  const root = vscode.workspace.workspaceFolders?.[0]?.uri.path ?? '';
  const problems = vscode.languages
    .getDiagnostics()
    .flatMap(([uri, all]) => all.map((each) => problemLine(uri.path.slice(root.length + 1), each)));
  console.log('demo-problems', JSON.stringify(problems));
  await fileExists(environment('DEMO_PICTURE_FILE'));
}

function problemLine(file: string, { range, severity, source, code, message }: vscode.Diagnostic): string {
  const name = typeof code === 'object' ? code.value : code;
  const severities = ['error', 'warning', 'information', 'hint'];
  const [first] = message.split('\n');
  return `${file}:${range.start.line + 1}:${range.start.character + 1} ${severities[severity]} ${source}(${name ?? ''}) ${first}`;
}

/** The result is out before the last diagnostics are drawn: waits until their number stands still for a second. */
async function settledProblems(): Promise<[vscode.Uri, vscode.Diagnostic[]][]> {
  const ours = () =>
    vscode.languages
      .getDiagnostics()
      .map(([uri, all]): [vscode.Uri, vscode.Diagnostic[]] => [
        uri,
        all.filter(({ source }) => source === 'Developer Mesh'),
      ])
      .filter(([, all]) => all.length > 0);
  const count = () => ours().reduce((sum, [, all]) => sum + all.length, 0);
  for (let still = 0, last = -1; still < 10; ) {
    const now = count();
    still = now === last ? still + 1 : 0;
    last = now;
    await sleep(100);
  }
  return ours();
}

async function fileExists(path: string): Promise<void> {
  while (!existsSync(path)) await sleep(100);
}

function environment(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set.`);
  return value;
}
