import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { Log } from '../host.ts';
import type { NetworkSettings } from '../network/proxyFor.ts';
import type { Settings } from '../settings.ts';
import type { Clock } from '../shared/clock.ts';
import { type BreakerMemory, newBreaker, withBreaker } from './breaker.ts';
import { type ChoiceMemory, candidateModels, firstThatAnswers } from './chooseModel.ts';
import { newSlots, withLimit } from './limit.ts';
import { type MeterParts, type TaskCalls, withMeter } from './meter.ts';
import type { Model } from './model.ts';
import { withRetry } from './retry.ts';

export interface ModelParts extends MeterParts {
  readonly clock: Clock;
  readonly log: Log;
  /** The process's environment: region, profile, FIPS and API key may come from it, an endpoint never. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly apiKey?: string;
  /** Asked before each connection; absent: no proxies. */
  network?(): NetworkSettings;
}

/** A service with models, ready to be called. */
export interface ModelSource {
  /** For one task, by its rules. The tasks share the service's breakers, the places of calls, and what was found out. */
  forTask(task: TaskCalls): Model;
}

/**
 * The models that the settings ask for, ready to call; loads the AWS SDK on the way. Checks region, endpoint and
 * credentials without calling a model. Takes up to six seconds when credentials cannot be found.
 */
export async function loadModel(settings: Settings['bedrock'], parts: ModelParts): Promise<Outcome<ModelSource>> {
  const { log } = parts;
  let sdk: typeof import('./bedrock/bedrockModel.ts');
  try {
    sdk = await import('./bedrock/bedrockModel.ts');
  } catch (error) {
    // An update may have replaced the files under a running editor.
    return failed(failures.crashed(`The part that calls Amazon Bedrock could not be loaded: ${String(error)}`));
  }
  const { region, profile, endpoint, authentication } = settings;
  const opened = await sdk.openBedrock(
    { region, profile, endpoint, authentication, ...(parts.apiKey !== undefined && { apiKey: parts.apiKey }) },
    parts,
  );
  if (!opened.ok) return opened;
  const bedrock = opened.value;
  log('info', 'Amazon Bedrock is set up', { region: bedrock.region, endpoint: bedrock.endpoint, authentication });

  const { region: found } = bedrock;
  return succeeded(sourceOf((preferred) => candidateModels(settings.model, found, preferred), bedrock.model, parts));
}

/** A server can name other models with every update of its configuration. */
const mostKnown = 200;

function forgetOldest<K>(known: Map<K, unknown>, most: number): void {
  for (const oldest of known.keys()) {
    if (known.size <= most) return;
    known.delete(oldest);
  }
}

/** `candidates`: ids to try, best first, given those that the server prefers. */
export function sourceOf(
  candidates: (preferred: readonly string[]) => readonly string[],
  open: (id: string) => Model,
  parts: Pick<ModelParts, 'log'> & MeterParts,
): ModelSource {
  const { clock, log } = parts;
  const slots = newSlots();
  const choices: ChoiceMemory = new Map();
  const opened = new Map<string, { readonly model: Model; readonly breaker: BreakerMemory }>();
  const known = (id: string) => {
    const one = opened.get(id) ?? { model: open(id), breaker: newBreaker() };
    opened.set(id, one);
    forgetOldest(opened, mostKnown);
    return one;
  };
  return {
    forTask(task) {
      const { rules } = task;
      const models = candidates(rules.preferred).map((id) => {
        const { model, breaker } = known(id);
        return withBreaker(withRetry(withMeter(model, task, parts), parts, rules.retry), clock, rules.breaker, breaker);
      });
      forgetOldest(choices, mostKnown);
      // Outermost, so that a call that waits to be repeated keeps its place and a throttled account is not pressed harder.
      return withLimit(firstThatAnswers(models, log, choices), rules.callsAtOnce, slots);
    },
  };
}
