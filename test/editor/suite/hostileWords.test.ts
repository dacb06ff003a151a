import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { explainFinding } from '../../../src/editor/findingText.ts';
import { hostileWords } from '../../fakes/obeyingModel.ts';
import { ourDiagnostics, until } from '../inside.ts';
import { findingAt, openFile, openSurfaces } from './editorWorld.ts';

const hidden =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]|[\u{e0000}-\u{e007f}]/u;

/** Findings whose every word is an attempt, raw as no review would let them through, over a server that nobody may visit. */
async function world() {
  let visits = 0;
  const server = createServer((_request, response) => {
    visits += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const words = hostileWords(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const code = words.map((_, index) => `const value${index} = ${index};\n`).join('');
  const file = await openFile('hostile.js', code);
  const surfaces = openSurfaces();
  const findings = words.map((word, index) =>
    findingAt(file.document, `value${index} = ${index}`, {
      id: `hostile-${index}`,
      title: word,
      description: `${word}\n${word}`,
      suggestion: word,
      symbol: word,
      ruleId: word,
      ruleUrl: 'command:workbench.action.quit',
    }),
  );
  surfaces.agent.settle('t1', findings);
  await until('all are shown', () => ourDiagnostics(file.uri).length === words.length);
  return {
    ...file,
    findings,
    visits: () => visits,
    async dispose() {
      surfaces.dispose();
      await file.dispose();
      server.close();
    },
  };
}

suite('hostile words', () => {
  test('are plain text in squiggles: no control character, nothing hidden, no link', async () => {
    const { uri, visits, dispose } = await world();
    try {
      for (const { message, code } of ourDiagnostics(uri)) {
        assert.doesNotMatch(message, hidden);
        assert.ok(typeof code !== 'object', 'the code of a diagnostic became a link');
      }
      assert.equal(visits(), 0);
    } finally {
      await dispose();
    }
  });

  test('are plain text in hovers: not trusted, no HTML, no link, no picture', async () => {
    const { document, uri, findings, visits, dispose } = await world();
    try {
      await vscode.window.showTextDocument(document);
      for (const { range } of findings) {
        const position = new vscode.Position(range.line - 1, range.column + 1);
        const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
          'vscode.executeHoverProvider',
          uri,
          position,
        );
        const texts = hovers.flatMap(({ contents }) => contents);
        assert.ok(texts.length > 0);
        for (const text of texts) {
          if (!(text instanceof vscode.MarkdownString) || !text.value.includes('confidence')) continue;
          assert.notEqual(text.isTrusted, true);
          assert.notEqual(text.supportHtml, true);
          assert.notEqual(text.supportThemeIcons, true);
          assert.doesNotMatch(text.value, hidden);
          assert.doesNotMatch(text.value, /(?<!\\)[[\]()<>!`:#]/);
        }
      }
      assert.equal(visits(), 0);
    } finally {
      await dispose();
    }
  });

  test('are plain text in quick fixes and on the page that explains', async () => {
    const { uri, document, findings, visits, dispose } = await world();
    try {
      const all = new vscode.Range(0, 0, document.lineCount, 0);
      const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider',
        uri,
        all,
      );
      const ours = actions.filter(({ command }) => command?.command.startsWith('developerMesh.'));
      assert.ok(ours.length > 0);
      for (const { title, command } of ours) {
        assert.doesNotMatch(title, hidden);
        assert.match(command?.command ?? '', /^developerMesh\./);
      }
      for (const finding of findings) assert.doesNotMatch(explainFinding(finding), hidden);
      assert.equal(visits(), 0);
    } finally {
      await dispose();
    }
  });
});
