import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { Log } from '../host.ts';
import type { Settings } from '../settings.ts';
import type { Clock } from '../shared/clock.ts';
import { withBreaker } from './breaker.ts';
import { candidateModels, firstThatAnswers } from './chooseModel.ts';
import { withLimit } from './limit.ts';
import type { Model } from './model.ts';
import { withRetry } from './retry.ts';

export interface ModelParts {
  readonly clock: Clock;
  readonly log: Log;
  /** The process's environment: region, profile, FIPS and API key may come from it, an endpoint never. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly apiKey?: string;
  /** Calls that may be under way at once, as of now. */
  modelCalls(): number;
}

/**
 * The model that the settings ask for, ready to call; loads the AWS SDK on the way. Checks region, endpoint and
 * credentials without calling a model. Takes up to six seconds when credentials cannot be found.
 */
export async function loadModel(settings: Settings['bedrock'], parts: ModelParts): Promise<Outcome<Model>> {
  const { clock, log } = parts;
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

  const models = candidateModels(settings.model, bedrock.region).map((id) =>
    withBreaker(withRetry(bedrock.model(id), parts), clock),
  );
  // Outermost, so that a call that waits to be repeated keeps its place and a throttled account is not pressed harder.
  return succeeded(withLimit(firstThatAnswers(models, log), parts.modelCalls));
}
