import type { Failure } from '../failures.ts';
import type { Log } from '../host.ts';
import { defaultModels, profilePrefixes } from './defaultModels.ts';
import type { Model, ModelEvent, ModelRequest } from './model.ts';

/** The ids to try, best first; never empty. The person's choice stands as it is: any id, profile id or ARN. */
export function candidateModels(choice: string, region: string): readonly string[] {
  if (choice.trim() !== '') return [choice.trim()];
  const prefixes = prefixesFor(region);
  return defaultModels.flatMap(({ id, inRegion }) => [
    ...prefixes.map((prefix) => `${prefix}.${id}`),
    ...(inRegion || prefixes.length === 0 ? [id] : []),
  ]);
}

/** An inference profile through which `model` can probably be called from `region`. */
export function suggestProfile(model: string, region: string): string {
  const bare = model.replace(/^(us-gov|us|eu|apac|au|jp|ca|global)\./, '');
  return `${prefixesFor(region)[0] ?? 'global'}.${bare}`;
}

function prefixesFor(region: string): readonly string[] {
  return profilePrefixes.find(([start]) => region.startsWith(start))?.[1] ?? [];
}

/** Failures that say that this identity cannot use this model, whatever it is asked. */
const refusals: readonly string[] = ['access-denied', 'unknown-model', 'needs-inference-profile', 'use-case-form'];

/**
 * One model out of several: asks them in order until one does not refuse, and from then on asks that one first.
 * When all refuse, the failure is that of the first. `models` is not empty.
 */
export function firstThatAnswers(models: readonly Model[], log: Log): Model {
  const [first] = models;
  if (!first) throw new Error('There is no model to choose from.');
  let chosen: Model | undefined;

  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    let refused: Extract<ModelEvent, { kind: 'failed' }> | undefined;
    const order = chosen ? [chosen, ...models.filter((model) => model !== chosen)] : models;
    for (const model of order) {
      let refusal: Failure | undefined;
      for await (const event of model.stream(request, signal)) {
        if (event.kind === 'failed' && refusals.includes(event.failure.code)) {
          refusal = event.failure;
          refused ??= event;
          break;
        }
        if (chosen !== model && answers(event)) {
          log('info', 'Using the model', { model: model.id });
          chosen = model;
        }
        yield event;
        if (event.kind === 'done' || event.kind === 'failed') return;
      }
      if (!refusal) return;
      log('info', 'The model cannot be used', { model: model.id, code: refusal.code });
    }
    if (refused) yield refused;
  }

  return {
    get id() {
      return (chosen ?? first).id;
    },
    stream,
  };
}

/** A failure that could as well be the network's says nothing about the model. */
function answers(event: ModelEvent): boolean {
  return event.kind !== 'failed';
}
