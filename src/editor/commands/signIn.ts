import * as vscode from 'vscode';
import { parseServerUrl, type ServerUrl } from '../../agent/connection/serverUrl.ts';
import { type Failure, failures, type Outcome } from '../../agent/failures.ts';
import type { Settings } from '../../agent/settings.ts';
import type { CommandParts } from '../commandParts.ts';
import { showFailure } from '../notifications.ts';
import { plainLine } from '../plainText.ts';

/** Asks for a server and a key, tries them, and only then keeps them: the URL in the settings, the key in the keyring. */
export async function signIn(parts: CommandParts): Promise<void> {
  if (!vscode.workspace.isTrusted) return showFailure(failures.untrusted());
  let url = parts.settings().server.url;
  for (;;) {
    const server = await askServer(url);
    if (!server) return;
    url = server.url;
    const key = await askKey(server, parts.settings().server.tasks);
    if (!key) return;
    const tried = await tryOut(parts, server, key);
    if (tried === 'cancelled') return;
    if (tried.ok) return keep(parts, server, key);
    const answer = await askWhatNow(tried.failure);
    if (answer === 'keep') return keep(parts, server, key);
    if (answer === 'stop') return;
  }
}

async function askServer(current: string): Promise<ServerUrl | undefined> {
  const typed = await vscode.window.showInputBox({
    title: 'Sign In to Developer Mesh (1/2)',
    prompt: 'The WebSocket address of your Developer Mesh server.',
    placeHolder: 'wss://mesh.example.com/ws',
    value: current,
    ignoreFocusOut: true,
    validateInput: (text) => {
      const parsed = parseServerUrl(text);
      return parsed.ok || text.trim() === '' ? undefined : plainLine(parsed.failure.message);
    },
  });
  if (typed === undefined) return undefined;
  const parsed = parseServerUrl(typed);
  return parsed.ok ? parsed.value : undefined;
}

async function askKey({ host }: ServerUrl, tasks: Settings['server']['tasks']): Promise<string | undefined> {
  // What signing in agrees to is said where it is done.
  const terms =
    tasks === 'allow'
      ? 'Signing in lets it have files of trusted workspaces reviewed here and get the results; to be asked each time, set developerMesh.server.tasks to ask.'
      : 'You are asked before any of its tasks is done here.';
  const typed = await vscode.window.showInputBox({
    title: 'Sign In to Developer Mesh (2/2)',
    prompt: `Your API key for ${host}. It is kept in this system's keyring and sent to no other host. ${terms}`,
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (/\s/.test(text.trim()) ? 'A key has no spaces.' : undefined),
  });
  return typed?.trim() || undefined;
}

function tryOut(parts: CommandParts, server: ServerUrl, key: string): Thenable<Outcome<string> | 'cancelled'> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Signing in to ${server.host}`, cancellable: true },
    async (_progress, token) => {
      const abort = new AbortController();
      const listening = token.onCancellationRequested(() => abort.abort());
      try {
        const tried = await parts.agent.tryConnection(server.url, key, abort.signal);
        return abort.signal.aborted ? 'cancelled' : tried;
      } finally {
        listening.dispose();
      }
    },
  );
}

async function askWhatNow(failure: Failure): Promise<'again' | 'keep' | 'stop'> {
  const again = 'Try Again';
  const keepAnyway = 'Sign In Anyway';
  // A server that is away may come back; a key that was refused will be refused again.
  const buttons = failure.retryable ? [again, keepAnyway] : [again];
  const pressed = await vscode.window.showWarningMessage(plainLine(failure.message), ...buttons);
  return pressed === again ? 'again' : pressed === keepAnyway ? 'keep' : 'stop';
}

async function keep(parts: CommandParts, server: ServerUrl, key: string): Promise<void> {
  // The key first: the changed address connects at once, and needs it.
  const kept = await parts.keys.store(server.origin, key);
  await vscode.workspace
    .getConfiguration('developerMesh')
    .update('server.url', server.url, vscode.ConfigurationTarget.Global);
  parts.agent.connect();
  if (kept === 'session') {
    void vscode.window.showWarningMessage(
      'This system has no keyring, so the key is forgotten when this window closes. ' +
        'To stay signed in, set MCP_SERVER_URL and MCP_API_KEY in the environment that starts the editor.',
    );
  } else void vscode.window.showInformationMessage(`Signed in to ${server.host}.`);
}

/** The key goes, and with it the connection and what the server was always allowed; the address stays for the next time. */
export async function signOut(parts: CommandParts): Promise<void> {
  const server = parseServerUrl(parts.settings().server.url);
  parts.agent.disconnect();
  if (!server.ok) return;
  await parts.keys.remove(server.value.origin);
  await parts.consent.withdraw(server.value.origin);
}
