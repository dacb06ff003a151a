import { join } from 'node:path';
import { failed, type Outcome, succeeded } from '../failures.ts';
import type { Log } from '../host.ts';
import type { NetworkSettings } from '../network/proxyFor.ts';
import type { Settings } from '../settings.ts';
import type { Clock } from '../shared/clock.ts';
import { lazy } from '../shared/lazy.ts';
import type { CallRules } from './callRules.ts';
import { loadModel } from './loadModel.ts';
import type { TaskSpend } from './meter.ts';
import type { Model } from './model.ts';
import { RateWindow } from './rateWindow.ts';
import { type Spend, SpendLedger } from './spendLedger.ts';

export interface ModelServiceParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Asked before each connection; absent: no proxies. */
  network?(): NetworkSettings;
  /** Absolute path; every window of this installation gives the same, so that their spending is one. */
  readonly folder: string;
  settings(): Settings;
}

/** Every call to a model goes through here: what was spent and how fast is known for all of them together. */
export interface ModelService {
  /** The failure when no model can be had. */
  forTask(task: {
    readonly rules: CallRules;
    readonly deadline?: number;
    readonly spent: TaskSpend;
  }): Promise<Outcome<Model>>;
  /** The next task has its model opened anew, from the settings as they are then. */
  forget(): void;
  /** As last read. */
  readonly spend: Spend;
}

export function createModelService(parts: ModelServiceParts): ModelService {
  const { clock, log, environment, network, settings } = parts;
  const ledger = new SpendLedger(join(parts.folder, 'spend'), parts);
  const meter = { clock, ledger, rates: new RateWindow(clock), held: { tokens: 0, dollars: 0 } };

  const source = lazy(async () => {
    const apiKey = environment['AWS_BEARER_TOKEN_BEDROCK'];
    const reached = { environment, ...(network && { network }), ...(apiKey && { apiKey }) };
    return loadModel(settings().bedrock, { log, ...reached, ...meter });
  });
  return {
    async forTask(task) {
      const opened = await source();
      // Credentials may be there when the next task comes.
      if (!opened.ok) source.forget();
      return opened.ok ? succeeded(opened.value.forTask(task)) : failed(opened.failure);
    },
    forget: source.forget,
    get spend() {
      return ledger.known;
    },
  };
}
