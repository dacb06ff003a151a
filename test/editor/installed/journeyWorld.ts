import assert from 'node:assert/strict';
import { join } from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { BedrockServer } from '../../fakes/bedrockServer.ts';
import { MeshServer } from '../../fakes/meshServer.ts';
import { workspaceFolder } from '../inside.ts';
import { journeyKey } from '../journeyEnvironment.ts';
import { answerAbout } from '../modelWords.ts';

/** Generous: the machine may be busy, and nothing here is about speed. */
export const withinMs = 30_000;

const resultShape = z.object({
  status: z.string(),
  result: z.nullable(
    z.object({
      findings: z.array(
        z.object({ file: z.string(), line: z.number(), column: z.number(), title: z.string(), severity: z.string() }),
      ),
      not_reviewed: z.array(z.unknown()),
    }),
  ),
});
export type ReviewResult = z.output<typeof resultShape>;

export interface JourneyWorld {
  readonly mesh: MeshServer;
  readonly bedrock: BedrockServer;
  /** The model keeps its answers back until `release` is called. */
  holdModel(): { release(): void };
  /** The review's one result, once the server has it. */
  resultOf(taskId: string): Promise<ReviewResult>;
  set(name: string, value: unknown): Promise<void>;
  close(): Promise<void>;
}

/** A mesh server at the address that the environment names, and a Bedrock that the machine's settings name. */
export async function openJourney(): Promise<JourneyWorld> {
  const port = Number(new URL(process.env['MCP_SERVER_URL'] ?? '').port);
  const mesh = await MeshServer.start({ key: journeyKey, port });
  const bedrock = await new BedrockServer().start();
  bedrock.onRequest = answerAbout;
  const changed = new Set<string>();
  const set = async (name: string, value: unknown) => {
    changed.add(name);
    await vscode.workspace.getConfiguration('developerMesh').update(name, value, vscode.ConfigurationTarget.Global);
  };
  await set('bedrock.endpoint', bedrock.url);
  await set('bedrock.region', bedrock.region);
  await set('bedrock.model', 'anthropic.claude-of-the-journey-v1:0');

  return {
    mesh,
    bedrock,
    set,
    holdModel() {
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      bedrock.onRequest = async (request) => {
        await released;
        return answerAbout(request);
      };
      return {
        release() {
          bedrock.onRequest = answerAbout;
          release();
        },
      };
    },
    async resultOf(taskId) {
      await mesh.waitFor(() => mesh.tasks.result(taskId) !== undefined, withinMs);
      // Whatever else was on its way came before the answer to this.
      const after = mesh.frames.length;
      mesh.askHealth();
      await mesh.nextFrame(({ type }) => type === 'health.status', { after, withinMs });
      assert.equal(mesh.tasks.of(taskId).results.length, 1);
      return resultShape.parse(mesh.tasks.result(taskId));
    },
    async close() {
      for (const name of changed) await set(name, undefined);
      await mesh.stop();
      await bedrock.close();
    },
  };
}

export function fileUri(name: string): vscode.Uri {
  return vscode.Uri.file(join(workspaceFolder(), ...name.split('/')));
}
