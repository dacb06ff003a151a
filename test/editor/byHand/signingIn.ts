import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BedrockServer } from '../../fakes/bedrockServer.ts';
import { MeshServer } from '../../fakes/meshServer.ts';
import { awsEnvironment } from '../journeyEnvironment.ts';
import { answerAbout, answerToAnyQuestion, modelFindings } from '../modelWords.ts';
import {
  fillIn,
  message,
  openFile,
  patienceMs,
  press,
  quickInput,
  runCommand,
  sees,
  seesNoMore,
  statusItem,
} from './person.ts';
import { type Scenario, sitDown } from './scenario.ts';

const report = 'src/report.py';
const { title, fix } = modelFindings[report];

export const signingIn: Scenario = {
  name: 'signing in',
  async open(desk) {
    const mesh = await MeshServer.start({ key: 'the-right-key' });
    const bedrock = await new BedrockServer().start();
    bedrock.onRequest = answerAbout;
    const session = await sitDown(desk, {
      environment: awsEnvironment,
      settings: {
        'developerMesh.bedrock.endpoint': bedrock.url,
        'developerMesh.bedrock.region': bedrock.region,
        'developerMesh.bedrock.model': 'anthropic.claude-by-hand-v1:0',
      },
    });
    const { page, dataFolder } = session;
    const machineSettings = () => readFile(join(dataFolder, 'data', 'Machine', 'settings.json'), 'utf8');
    const onDisk = () => readFile(join(desk.workspace, report), 'utf8');
    const editorText = () => page.locator('.editor-instance .view-lines').last();

    return {
      page: () => page,
      async close() {
        await session.dispose();
        await mesh.stop();
        await bedrock.close();
      },
      steps: {
        'signed out, the status bar offers to sign in, and nothing was contacted': async () => {
          await sees(statusItem(page, 'You are not signed in'));
          await sees(statusItem(page, 'You are not signed in').getByText('Mesh: Sign In'));
          assert.equal(mesh.upgrades.length, 0);
        },

        'an address that would show the key to others is refused while it is typed': async () => {
          await runCommand(page, 'Developer Mesh: Sign In');
          await fillIn(page, '(1/2)', 'ws://mesh.example.com/ws');
          await sees(quickInput(page).filter({ hasText: 'wss://' }));
          await sees(quickInput(page).filter({ hasText: '(1/2)' }));
          await page.keyboard.press('Escape');
          await seesNoMore(quickInput(page));
        },

        'a wrong key is told, and nothing of it is kept': async () => {
          await runCommand(page, 'Developer Mesh: Sign In');
          await fillIn(page, '(1/2)', mesh.url);
          await fillIn(page, '(2/2)', 'a-wrong-key');
          await sees(message(page, /127\.0\.0\.1:\d+ did not accept the key/));
          assert.deepEqual(
            mesh.upgrades.map(({ status }) => status),
            [401],
          );
          assert.doesNotMatch(await machineSettings(), /server\.url/);
          await sees(statusItem(page, 'You are not signed in'));
        },

        'the right key connects; the address is kept in the settings, the key is not': async () => {
          await press(message(page, 'did not accept the key'), 'Try Again');
          await fillIn(page, '(1/2)', mesh.url);
          await fillIn(page, '(2/2)', mesh.key);
          await sees(statusItem(page, 'Connected'));
          await mesh.waitFor(() => mesh.openConnections === 1, patienceMs);
          const settings = await machineSettings();
          assert.ok(settings.includes(mesh.url), settings);
          assert.ok(!settings.includes(mesh.key));
        },

        'the status bar opens a menu of what can be done now': async () => {
          await statusItem(page, 'Connected').click();
          const rows = quickInput(page).locator('.monaco-list-row .label-name');
          await sees(rows.filter({ hasText: 'Sign Out' }));
          const offered = (await rows.allTextContents()).map((text) => text.trim());
          assert.deepEqual(offered, [
            'Review Uncommitted Changes',
            'Review This Branch…',
            'Show What Would Be Sent…',
            'Ask about the Code…',
            'Copy Agent ID',
            'Disconnect',
            'Sign Out',
            'Show Log',
            'Open Settings',
          ]);
          await page.keyboard.press('Escape');
        },

        'a task of the server shows in the status bar while it runs': async () => {
          let release = () => {};
          const held = new Promise<void>((resolve) => {
            release = resolve;
          });
          bedrock.onRequest = async (request) => {
            await held;
            return answerAbout(request);
          };
          const id = mesh.assign({ type: 'code_review', title: 'Look at the report', payload: { files: [report] } });
          await sees(statusItem(page, '1 task running'));
          release();
          await mesh.waitFor(() => mesh.tasks.result(id) !== undefined, patienceMs);
          await sees(statusItem(page, /Connected\.$/));
          assert.equal(mesh.tasks.of(id).results.length, 1);
        },

        'a fix opens as a diff, and nothing changes before Apply is pressed': async () => {
          const before = await onDisk();
          await openFile(page, report);
          await sees(page.locator('.squiggly-error'));
          // Into the text, then to the finding.
          await editorText().click();
          await page.keyboard.press('Alt+F7');
          await sees(page.locator('.statusbar-item').filter({ hasText: 'Ln 5, Col 5' }));
          await page.keyboard.press('Control+.');
          await page
            .locator('.action-widget .monaco-list-row')
            .filter({ hasText: `Preview fix: ${title}` })
            .click({ timeout: patienceMs });
          await sees(page.locator('.monaco-diff-editor .modified .view-line').filter({ hasText: 'if values else' }));
          await sees(message(page, 'Apply this change to report.py?'));
          assert.equal(await onDisk(), before);
          await press(message(page, 'Apply this change to report.py?'), 'Apply');
          await seesNoMore(page.locator('.monaco-diff-editor'));
          await sees(editorText().filter({ hasText: 'if values else' }));
          await sees(page.locator('.tab.dirty').filter({ hasText: 'report.py' }));
          assert.equal(await onDisk(), before);
          await page.keyboard.press('Control+S');
          await seesNoMore(page.locator('.tab.dirty'));
          assert.equal(await onDisk(), before.replace(fix.old, fix.new));
        },

        'signing out disconnects and forgets the key': async () => {
          await runCommand(page, 'Developer Mesh: Sign Out');
          await mesh.waitFor(() => mesh.openConnections === 0, patienceMs);
          await sees(statusItem(page, 'No key is stored'));
          await sees(statusItem(page, 'No key is stored').getByText('Mesh: Sign In'));
        },

        'a question needs no server, and is answered on a page of its own': async () => {
          await runCommand(page, 'Developer Mesh: Ask about the Code');
          await fillIn(page, 'Ask about the Code', 'Where are orders added up?');
          await sees(page.locator('.tab.active').filter({ hasText: 'Answer.txt' }));
          await sees(editorText().filter({ hasText: answerToAnyQuestion.slice(0, 30) }));
        },

        'the settings page opens where all settings can be changed': async () => {
          await runCommand(page, 'Developer Mesh: Open Settings');
          await sees(page.locator('.setting-item-label').filter({ hasText: 'Connect On Start' }));
        },
      },
    };
  },
};
