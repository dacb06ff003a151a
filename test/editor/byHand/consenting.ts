import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answerTool } from '../../fakes/bedrockAnswers.ts';
import { BedrockServer } from '../../fakes/bedrockServer.ts';
import { MeshServer } from '../../fakes/meshServer.ts';
import { hostileWords } from '../../fakes/obeyingModel.ts';
import { awsEnvironment } from '../journeyEnvironment.ts';
import { answerAbout } from '../modelWords.ts';
import { message, openFile, patienceMs, press, runCommand, sees, statusItem, until } from './person.ts';
import { type Scenario, sitDown } from './scenario.ts';

/** More than a person is asked about first. */
const manyFiles = 60;
const asks = 'asks to review 2 files';
const question = /Review \d+ files\?/;

export const consenting: Scenario = {
  name: 'being asked',
  async open(desk) {
    const mesh = await MeshServer.start({ key: 'a-key' });
    const bedrock = await new BedrockServer().start();
    bedrock.onRequest = answerAbout;
    await mkdir(join(desk.workspace, 'many'));
    for (let index = 0; index < manyFiles; index++) {
      await writeFile(
        join(desk.workspace, 'many', `part${index}.py`),
        `def part_${index}(value):\n    return value + ${index}\n`,
      );
    }
    const session = await sitDown(desk, {
      environment: { ...awsEnvironment, MCP_SERVER_URL: mesh.url, MCP_API_KEY: mesh.key },
      settings: {
        'developerMesh.server.tasks': 'ask',
        'developerMesh.bedrock.endpoint': bedrock.url,
        'developerMesh.bedrock.region': bedrock.region,
        'developerMesh.bedrock.model': 'global.anthropic.claude-sonnet-5',
      },
    });
    const { page } = session;
    const assign = () =>
      mesh.assign({
        type: 'code_review',
        title: 'Look at the reports',
        payload: { files: ['src/report.py', 'src/orders.ts'] },
      });
    const ended = (id: string) => mesh.waitFor(() => mesh.tasks.result(id) !== undefined, patienceMs);
    let waiting = '';

    return {
      page: () => page,
      async close() {
        await session.dispose();
        await mesh.stop();
        await bedrock.close();
      },
      steps: {
        'a task of the server waits until it is allowed, and is seen to wait': async () => {
          await sees(statusItem(page, 'Connected'));
          waiting = assign();
          await sees(message(page, asks));
          await mesh.waitFor(() => mesh.tasks.of(waiting).accepted.length > 0, patienceMs);
          await page.locator('.activitybar [aria-label*="Developer Mesh"]').first().click({ timeout: patienceMs });
          await sees(page.getByRole('treeitem', { name: /Look at the reports.*waits for your consent/ }));
          await sees(statusItem(page, '1 task to allow or refuse'));
          assert.equal(bedrock.requests.length, 0);
        },

        'a refusal is what the server gets, and nothing was read for it': async () => {
          await press(message(page, asks), 'Refuse');
          await ended(waiting);
          assert.equal(mesh.tasks.result(waiting)?.['status'], 'failed');
          assert.match(String(mesh.tasks.result(waiting)?.['error']), /did not allow/);
          assert.equal(bedrock.requests.length, 0);
        },

        'what is allowed once is done, and the next one is asked about again': async () => {
          waiting = assign();
          await press(message(page, asks), 'Allow Once');
          await ended(waiting);
          assert.equal(mesh.tasks.result(waiting)?.['status'], 'completed');
          waiting = assign();
          await sees(message(page, asks));
        },

        'a server that is always allowed is asked about no more': async () => {
          await press(message(page, asks), 'Always Allow This Server');
          await ended(waiting);
          const next = assign();
          await ended(next);
          assert.equal(mesh.tasks.result(next)?.['status'], 'completed');
        },

        'a review of many files asks first, with tokens and money': async () => {
          bedrock.requests.length = 0;
          await page.locator('.activitybar [aria-label*="Explorer"]').first().click({ timeout: patienceMs });
          const folder = page
            .locator('.explorer-folders-view .monaco-list-row')
            .filter({ has: page.getByText('many', { exact: true }) });
          await folder.click({ button: 'right', timeout: patienceMs });
          // A menu that has only just opened takes no click.
          await page.getByRole('menuitem', { name: 'Review This File' }).hover({ timeout: patienceMs });
          await page.keyboard.press('Enter');
          const dialog = page.locator('.monaco-dialog-box');
          await sees(dialog.filter({ hasText: `Review ${manyFiles} files?` }));
          await sees(
            dialog.filter({ hasText: /About [\d,]+ tokens in \d+ requests go to global\.anthropic\.claude-sonnet-5/ }),
          );
          await sees(dialog.filter({ hasText: /\$\d+\.\d\d by list price/ }));
          assert.equal(bedrock.requests.length, 0);
        },

        'what would be sent is shown word for word, and still nothing was sent': async () => {
          await press(page.locator('.monaco-dialog-box'), 'Show What Would Be Sent');
          await sees(page.locator('.tab.active').filter({ hasText: 'What Would Be Sent.txt' }));
          await sees(page.locator('.editor-instance .view-lines').last().filter({ hasText: 'Nothing was sent.' }));
          await sees(message(page, question));
          assert.equal(bedrock.requests.length, 0);
        },

        'then it can be reviewed': async () => {
          await press(message(page, question), 'Review');
          await until(() => bedrock.requests.length >= manyFiles / 6);
          await sees(message(page, 'Review many'));
        },

        'a model on the attacker’s side gets neither a link nor a picture into the window': async () => {
          const stranger = 'http://127.0.0.1:9';
          const words = hostileWords(stranger);
          bedrock.onRequest = ({ body, prompt }) => {
            const quote = /\| (\s+return total .*)/.exec(prompt)?.[1];
            const tool = body.toolConfig?.tools[0]?.toolSpec.name ?? '';
            const finding = {
              quote,
              line_hint: 5,
              category: 'security',
              severity: 'critical',
              confidence: 1,
              file: 1,
              symbol: 'average',
              verdict: 'defect',
            };
            const text = words.join(' ');
            return answerTool(tool, {
              notes: '',
              findings: [{ ...finding, title: `Owned ${text}`, failure_scenario: text, suggestion: text }],
            });
          };
          const dialled: string[] = [];
          page.on('request', (request) => dialled.push(request.url()));
          await openFile(page, 'src/report.py');
          // Another text than before, so that the model is asked.
          await page.locator('.editor-instance .view-lines').last().click();
          await page.keyboard.press('Control+End');
          await page.keyboard.type('\n# changed\n');
          await runCommand(page, 'Developer Mesh: Review This File');
          await page.locator('.activitybar [aria-label*="Developer Mesh"]').first().click({ timeout: patienceMs });
          await sees(page.getByRole('treeitem', { name: /Owned/ }));
          await page.locator('.view-line').filter({ hasText: 'return total' }).locator('span span').last().hover();
          const hover = page.locator('.monaco-hover').filter({ hasText: 'confidence 100' });
          await sees(hover);
          assert.deepEqual(
            await hover.locator('a[data-href^="command:workbench"], a[href*="127.0.0.1"], img').all(),
            [],
          );
          assert.deepEqual(
            await page
              .locator(
                `img[src*="127.0.0.1:9/"], a[data-href*="127.0.0.1:9"], a[data-href^="command:workbench.action.quit"]`,
              )
              .all(),
            [],
          );
          assert.deepEqual(
            dialled.filter((url) => url.startsWith(stranger)),
            [],
          );
        },
      },
    };
  },
};
