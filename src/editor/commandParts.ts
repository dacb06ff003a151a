import type * as vscode from 'vscode';
import type { Agent } from '../agent/agent.ts';
import type { Host } from '../agent/host.ts';
import type { Settings } from '../agent/settings.ts';
import type { ApplyChanges } from './applyChange.ts';
import type { Keys } from './keys.ts';
import type { RetryCountdown } from './retryCountdown.ts';
import type { Environment } from './settings.ts';
import type { ShownFindings } from './shownFindings.ts';
import type { TaskConsent } from './taskConsent.ts';
import type { TaskHistory } from './taskHistory.ts';
import type { VirtualDocuments } from './virtualDocuments.ts';

/** What the commands work with. */
export interface CommandParts {
  readonly agent: Agent;
  readonly findings: ShownFindings;
  readonly history: TaskHistory;
  readonly countdown: RetryCountdown;
  readonly keys: Keys;
  readonly consent: Pick<TaskConsent, 'askAgain' | 'withdraw'>;
  readonly changes: ApplyChanges;
  /** Read-only pages: explanations and answers. */
  readonly pages: VirtualDocuments;
  readonly channel: vscode.LogOutputChannel;
  readonly symbols: Host['symbols'];
  readonly environment: Environment;
  settings(): Settings;
}
