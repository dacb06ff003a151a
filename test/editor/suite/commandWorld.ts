import * as vscode from 'vscode';
import { createFindingStore } from '../../../src/agent/findings/store.ts';
import { defaultSettings } from '../../../src/agent/settings.ts';
import { createApplyChanges } from '../../../src/editor/applyChange.ts';
import { commandTable } from '../../../src/editor/commands.ts';
import { createKeys } from '../../../src/editor/keys.ts';
import { inNotifications } from '../../../src/editor/notifications.ts';
import { createRetryCountdown } from '../../../src/editor/retryCountdown.ts';
import { showFindings } from '../../../src/editor/shownFindings.ts';
import { createTaskConsent } from '../../../src/editor/taskConsent.ts';
import { keepTaskHistory } from '../../../src/editor/taskHistory.ts';
import { createVirtualDocuments } from '../../../src/editor/virtualDocuments.ts';
import { FakeAgent } from '../../fakes/fakeAgent.ts';
import { MemoryMemento } from '../../fakes/memoryMemento.ts';
import { MemorySecrets } from '../../fakes/memorySecrets.ts';

const raise = (error: unknown) => {
  throw error;
};

/** The commands over an agent that the test plays; not registered, since the extension has taken their names. */
export function commandsOver() {
  const agent = new FakeAgent();
  const keys = createKeys(new MemorySecrets(), undefined, raise);
  const parts = {
    agent,
    findings: showFindings(agent.findings, createFindingStore(raise), agent.suppressions, raise),
    history: keepTaskHistory(agent, raise),
    countdown: createRetryCountdown(agent),
    keys,
    consent: createTaskConsent({ memory: new MemoryMemento(), ...inNotifications }),
    changes: createApplyChanges(),
    pages: createVirtualDocuments('test-page'),
    // Of another name: the extension's own would be closed with it.
    channel: vscode.window.createOutputChannel('Developer Mesh, a test', { log: true }),
    symbols: async () => [
      { name: 'outer', kind: 'function', range: { line: 1, column: 1, endLine: 2, endColumn: 13 }, children: [] },
    ],
    environment: process.env,
    settings: () => ({ ...defaultSettings, server: { ...defaultSettings.server, url: 'wss://mesh.example.com/ws' } }),
  };
  const table = commandTable(parts);
  const { findings, countdown, history, changes, pages, channel } = parts;
  return {
    ...parts,
    run: async (name: string, ...args: unknown[]) => table[`developerMesh.${name}`]?.(...args),
    dispose() {
      for (const part of [findings, countdown, history, keys, changes, pages, channel]) part.dispose();
    },
  };
}
