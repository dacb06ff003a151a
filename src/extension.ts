import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ExtensionContext } from 'vscode';
import { createAgent } from './agent/agent.ts';
import { failures } from './agent/failures.ts';
import { systemClock } from './agent/shared/clock.ts';
import { Disposables } from './agent/shared/disposables.ts';
import { attach } from './editor/attach.ts';
import { createKeys } from './editor/keys.ts';
import { logInto, openLogChannel } from './editor/logChannel.ts';
import { inNotifications, showFailure } from './editor/notifications.ts';
import { environmentServer, followSettings } from './editor/settings.ts';
import { stayConnected } from './editor/stayConnected.ts';
import { createTaskConsent } from './editor/taskConsent.ts';
import { createVscodeHost } from './editor/vscodeHost.ts';

/** Makes a host, makes the agent, shows it. Everything ends with the subscriptions; nothing is exported to others. */
export function activate(context: ExtensionContext): void {
  // Ends last first, so that what ends can still log.
  const own = new Disposables();
  context.subscriptions.push(own);
  const channel = own.add(openLogChannel());
  const log = logInto(channel);
  const onListenerError = (error: unknown) => log('error', 'a listener failed', { error: String(error) });

  const keys = own.add(createKeys(context.secrets, environmentServer(process.env), onListenerError));
  const settings = own.add(followSettings(process.env, onListenerError));
  const consent = createTaskConsent({ memory: context.globalState, ...inNotifications });
  const host = { ...createVscodeHost(context, process.env, keys, log), mayRun: consent.mayRun };
  const agent = own.add(
    createAgent(host, settings.current, {
      clock: systemClock,
      environment: process.env,
      engineFolder: join(context.extensionPath, 'dist', 'engine'),
      processId: process.pid,
      machineName: hostname(),
      version: String(context.extension.packageJSON.version),
    }),
  );
  own.add(attach({ agent, host, keys, consent, channel, environment: process.env, settings: () => settings.current }));
  own.add(stayConnected(agent, settings, keys));
  for (const { path, reason } of settings.problems) showFailure(failures.badSetting(`developerMesh.${path}`, reason));
}
