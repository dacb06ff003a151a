import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BedrockServer } from '../../fakes/bedrockServer.ts';
import { MeshServer } from '../../fakes/meshServer.ts';
import type { EditorSession } from '../../setup/editorSession.ts';
import { awsEnvironment, quietPort } from '../journeyEnvironment.ts';
import { answerAbout, modelFindings } from '../modelWords.ts';
import { openFile, patienceMs, sees, statusItem, until } from './person.ts';
import { type Scenario, sitDown } from './scenario.ts';

const report = 'src/report.py';

export const comingBack: Scenario = {
  name: 'closing and coming back',
  async open(desk) {
    const mesh = await MeshServer.start({ key: 'a-key' });
    const bedrock = await new BedrockServer().start();
    bedrock.onRequest = answerAbout;
    const dataFolder = await mkdtemp(join(tmpdir(), 'editor-data-'));
    const own = {
      dataFolder,
      // The workspace is known by its address, the port included.
      port: await quietPort(),
      environment: { ...awsEnvironment, MCP_SERVER_URL: mesh.url, MCP_API_KEY: mesh.key },
      settings: {
        'developerMesh.bedrock.endpoint': bedrock.url,
        'developerMesh.bedrock.region': bedrock.region,
        'developerMesh.bedrock.model': 'anthropic.claude-by-hand-v1:0',
      },
    };
    let session: EditorSession = await sitDown(desk, own);
    /** The agent ids of all registrations so far, in order. */
    const registered = () => mesh.received('agent.register').map(({ json }) => String(json['agent_id']));
    const nextRegistration = async (after: number) => {
      await mesh.waitFor(() => registered().length > after, patienceMs);
      return registered()[after];
    };

    return {
      page: () => session.page,
      async close() {
        await session.dispose();
        await mesh.stop();
        await bedrock.close();
        await rm(dataFolder, { recursive: true, force: true, maxRetries: 5 });
      },
      steps: {
        'a window that reloads is the same agent as before': async () => {
          const id = await nextRegistration(0);
          await sees(statusItem(session.page, 'Connected'));
          await session.page.reload();
          assert.equal(await nextRegistration(1), id);
          await sees(statusItem(session.page, 'Connected'));
        },

        'a second window on the same folder is an agent of its own': async () => {
          const second = await session.openWindow();
          const id = await nextRegistration(2);
          assert.notEqual(id, registered()[0]);
          await sees(statusItem(second, 'Connected'));
          await sees(statusItem(session.page, 'Connected'));
          await second.close();
        },

        'an editor that is killed while it works finishes the task when it is opened again, with one result':
          async () => {
            bedrock.onRequest = () => ({ kind: 'silence' });
            const asked = bedrock.requests.length;
            const before = registered().length;
            const agent = registered()[0];
            await mesh.waitFor(() => mesh.openConnections === 1, patienceMs);
            const id = mesh.assign({ type: 'code_review', payload: { files: [report] } });
            await mesh.waitFor(() => mesh.tasks.of(id).accepted.length > 0, patienceMs);
            await until(() => bedrock.requests.length > asked);
            await session.dispose();
            await mesh.waitFor(() => mesh.openConnections === 0, patienceMs);
            assert.equal(mesh.tasks.result(id), undefined);

            bedrock.onRequest = answerAbout;
            session = await sitDown(desk, { ...own, install: [] });
            assert.equal(await nextRegistration(before), agent);
            await mesh.waitFor(() => mesh.tasks.result(id) !== undefined, patienceMs);
            assert.equal(mesh.tasks.result(id)?.['status'], 'completed');
            await sees(statusItem(session.page, /Connected\.$/));
            assert.equal(mesh.tasks.of(id).results.length, 1);
          },

        'what the finished task found is shown': async () => {
          await openFile(session.page, report);
          await sees(session.page.locator('.squiggly-error'));
          const views = session.page.locator('.activitybar [aria-label*="Developer Mesh"]');
          await views.first().click({ timeout: patienceMs });
          await sees(session.page.getByRole('treeitem', { name: modelFindings[report].title }));
        },
      },
    };
  },
};
