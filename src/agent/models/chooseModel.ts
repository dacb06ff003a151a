import type { Failure } from '../failures.ts';
import type { Log } from '../host.ts';
import { defaultModels, profilePrefix, profilePrefixes } from './defaultModels.ts';
import type { Model, ModelEvent, ModelRequest } from './model.ts';

/**
 * The ids to try, best first; never empty. The person's choice stands as it is: any id, profile id or ARN. Else come the
 * `preferred` ones, those that would leave the geography of the region left out, and then the defaults.
 */
export function candidateModels(choice: string, region: string, preferred: readonly string[] = []): readonly string[] {
  if (choice.trim() !== '') return [choice.trim()];
  const prefixes = prefixesFor(region);
  const profiles = (id: string) => prefixes.map((prefix) => `${prefix}.${id}`);
  const asked = preferred.flatMap((id) => {
    const [, prefix] = profilePrefix.exec(id) ?? [];
    if (prefix === undefined) return [...profiles(id), id];
    return prefixes.includes(prefix) ? [id] : [];
  });
  const defaults = defaultModels.flatMap(({ id, inRegion }) => [
    ...profiles(id),
    ...(inRegion || prefixes.length === 0 ? [id] : []),
  ]);
  return [...new Set([...asked, ...defaults])];
}

/** An inference profile through which `model` can probably be called from `region`. */
export function suggestProfile(model: string, region: string): string {
  const bare = model.replace(profilePrefix, '');
  return `${prefixesFor(region)[0] ?? 'global'}.${bare}`;
}

function prefixesFor(region: string): readonly string[] {
  return profilePrefixes.find(([start]) => region.startsWith(start))?.[1] ?? [];
}

/** Failures that say that this model cannot be used here, whatever it is asked. */
const refusals: readonly string[] = [
  'access-denied',
  'unknown-model',
  'needs-inference-profile',
  'use-case-form',
  'price-unknown',
  'editor-model-denied',
  'no-editor-model',
];

/** Which model answered, by the ids that it was chosen from. */
export type ChoiceMemory = Map<string, string>;

/**
 * One model out of several: asks them in order until one does not refuse, and from then on asks that one first.
 * When all refuse, the failure is that of the first. `models` is not empty.
 */
export function firstThatAnswers(models: readonly Model[], log: Log, memory: ChoiceMemory = new Map()): Model {
  const [first] = models;
  if (!first) throw new Error('There is no model to choose from.');
  const among = models.map(({ id }) => id).join(' ');
  let chosen = models.find(({ id }) => id === memory.get(among));

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
          memory.set(among, model.id);
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
