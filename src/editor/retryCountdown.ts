import type { Agent } from '../agent/agent.ts';
import type { Disposable } from '../agent/shared/disposables.ts';

/** How long it is until the connection is tried again. */
export interface RetryCountdown extends Disposable {
  /** Milliseconds; 0 when nothing is waited for. */
  left(): number;
  /** Whole seconds, rounded up. */
  secondsLeft(): number;
}

export function createRetryCountdown(agent: Pick<Agent, 'onEvent' | 'state'>): RetryCountdown {
  let retryAt = 0;
  const enter = () => {
    const { connection } = agent.state;
    retryAt = connection.kind === 'waiting' ? performance.now() + connection.retryInMs : 0;
  };
  enter();
  const following = agent.onEvent((event) => {
    if (event.type === 'waiting') enter();
  });
  const left = () => (agent.state.connection.kind === 'waiting' ? Math.max(0, retryAt - performance.now()) : 0);
  return { left, secondsLeft: () => Math.ceil(left() / 1000), dispose: () => following.dispose() };
}
