import type { Agent } from '../agent/agent.ts';
import { createFindingStore, type FindingStore } from '../agent/findings/store.ts';

/** What reviews found below the person's thresholds or beyond a limit, kept as the findings of the agent's store are. */
export function keepHiddenFindings(
  agent: Pick<Agent, 'onEvent'>,
  onListenerError: (error: unknown) => void,
): FindingStore {
  const store = createFindingStore(onListenerError);
  const following = agent.onEvent((event) => {
    if (event.type !== 'findings') return;
    const standing = (event.hidden ?? []).filter(({ inTask }) => !inTask);
    store.replace(event.taskId, standing, new Set(event.reviewed), event.partly);
  });
  return {
    ...store,
    dispose() {
      following.dispose();
      store.dispose();
    },
  };
}
