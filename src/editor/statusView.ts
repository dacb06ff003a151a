import type { AgentState } from '../agent/agent.ts';
import { plainLine } from './plainText.ts';

/** What the status bar shows, in words alone; `statusBar.ts` draws it. */
export interface StatusView {
  /** With codicons, e.g. `$(check) Mesh`. */
  readonly text: string;
  /** Read aloud in place of the text. */
  readonly spoken: string;
  /** Where the connection stands. */
  readonly sentence: string;
  /** Further lines of the tooltip: a label and what stands behind it. */
  readonly details: readonly (readonly [label: string, value: string])[];
  /** Whether the theme's warning colour is due: only when nothing goes on until a person acts. */
  readonly attention: boolean;
}

export interface StatusExtras {
  /** Until the next try, when waiting. */
  readonly secondsLeft?: number;
  readonly findings?: number;
  /** What the model cost, as `spendLines` has it. */
  readonly spend?: readonly (readonly [label: string, value: string])[];
  /** The newest problem, a sentence. */
  readonly lastFailure?: string | undefined;
}

export function statusView(state: AgentState, extras: StatusExtras = {}): StatusView {
  const { secondsLeft = 0, findings = 0, spend = [], lastFailure } = extras;
  const { connection, running, queued, asking = [] } = state;
  const sentence = connectionSentence(state, secondsLeft);
  const details: (readonly [string, string])[] = [];
  if (connection.kind === 'connected') {
    details.push(['Server', connection.url], ['Agent', connection.agentId]);
    if (connection.latencyMs !== undefined) details.push(['Latency', `${Math.round(connection.latencyMs)} ms`]);
  } else if (connection.kind !== 'off') {
    details.push(['Server', connection.url]);
  }
  for (const task of running) details.push(['Running', task.title ?? task.type]);
  if (queued.length > 0) details.push(['Queued', tasks(queued.length)]);
  if (asking.length > 0) details.push(['Waiting for your consent', tasks(asking.length)]);
  if (findings > 0) details.push(['Findings', String(findings)]);
  details.push(...spend);
  if (lastFailure && !('failure' in connection && connection.failure?.message === lastFailure)) {
    details.push(['Last problem', lastFailure]);
  }

  const short = shortText(state, secondsLeft);
  return {
    text: `$(${icon(state)}) ${short}`,
    spoken: `Developer Mesh: ${sentence} ${workSentence(state)}`.trim(),
    sentence: plainLine(sentence),
    details: details.map(([label, value]) => [label, plainLine(value)] as const),
    attention: connection.kind === 'attention',
  };
}

function icon({ connection, running, asking = [] }: AgentState): string {
  if (connection.kind === 'attention') return 'warning';
  if (running.length > 0) return 'sync~spin';
  if (asking.length > 0) return 'bell-dot';
  switch (connection.kind) {
    case 'off':
      return connection.failure?.code === 'untrusted' ? 'workspace-untrusted' : 'debug-disconnect';
    case 'connecting':
      return 'loading~spin';
    case 'connected':
      return 'check';
    case 'waiting':
      return 'history';
  }
}

function shortText({ connection, running, queued, asking = [] }: AgentState, secondsLeft: number): string {
  if (connection.kind === 'attention') return 'Mesh: Action Needed';
  if (running.length > 0) {
    return queued.length > 0
      ? `Mesh: ${running.length} running, ${queued.length} queued`
      : `Mesh: ${running.length} running`;
  }
  if (asking.length > 0) return `Mesh: ${asking.length} to allow`;
  switch (connection.kind) {
    case 'off':
      return offText(connection.failure?.code);
    case 'connecting':
      return 'Mesh: Connecting';
    case 'connected':
      return 'Mesh';
    case 'waiting':
      return secondsLeft > 0 ? `Mesh: Retry in ${duration(secondsLeft)}` : 'Mesh: Retrying';
  }
}

function offText(code: string | undefined): string {
  if (code === 'signed-out' || code === 'no-key') return 'Mesh: Sign In';
  if (code === 'untrusted') return 'Mesh: Restricted';
  return 'Mesh: Off';
}

function connectionSentence({ connection }: AgentState, secondsLeft: number): string {
  switch (connection.kind) {
    case 'off':
      return connection.failure?.message ?? 'Disconnected.';
    case 'connecting':
      return connection.attempt > 1 ? `Connecting, attempt ${connection.attempt}.` : 'Connecting.';
    case 'connected':
      return 'Connected.';
    case 'waiting': {
      const when = secondsLeft > 0 ? `Next attempt in ${duration(secondsLeft)}.` : 'Trying again.';
      return `${connection.failure.message} ${when}`;
    }
    case 'attention':
      return connection.failure.message;
  }
}

function workSentence({ running, queued, asking = [] }: AgentState): string {
  const consent = asking.length > 0 ? [`${tasks(asking.length)} to allow or refuse.`] : [];
  const more = queued.length > 0 ? `, ${queued.length} queued` : '';
  const work = running.length > 0 ? [`${tasks(running.length)} running${more}.`] : [];
  return [...work, ...consent].join(' ');
}

const duration = (seconds: number) => (seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`);
const tasks = (count: number) => (count === 1 ? '1 task' : `${count} tasks`);
