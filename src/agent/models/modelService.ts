import { join } from 'node:path';
import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { Host, Log } from '../host.ts';
import type { NetworkSettings } from '../network/proxyFor.ts';
import type { Settings } from '../settings.ts';
import type { Clock } from '../shared/clock.ts';
import { lazy } from '../shared/lazy.ts';
import type { CallRules } from './callRules.ts';
import { loadModel, type ModelSource, sourceOf } from './loadModel.ts';
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
  /** The editor's own; absent where there is no editor. */
  editorModels?: NonNullable<Host['models']>;
  settings(): Settings;
}

/** Failures by which Bedrock is not set up on this machine, so that `auto` looks further. */
const notSetUp: readonly string[] = ['no-credentials', 'no-region', 'no-api-key'];

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

  const fromBedrock = () => {
    const apiKey = environment['AWS_BEARER_TOKEN_BEDROCK'];
    const reached = { environment, ...(network && { network }), ...(apiKey && { apiKey }) };
    return loadModel(settings().bedrock, { log, ...reached, ...meter });
  };

  async function fromEditor(mayAsk: boolean): Promise<Outcome<ModelSource>> {
    const found = await parts.editorModels?.({ wanted: settings().model.editorModel, mayAsk });
    if (!found || found.length === 0) return failed(failures.noEditorModel());
    const byId = new Map(found.map((model) => [model.id, model]));
    log('info', "The editor's own language models are used", { models: [...byId.keys()].slice(0, 10) });
    const open = (id: string) => {
      const model = byId.get(id);
      if (!model) throw new TypeError(`no model ${id}`);
      return model;
    };
    return succeeded(sourceOf(() => [...byId.keys()], open, { log, ...meter }));
  }

  const source = lazy(async () => {
    const { provider } = settings().model;
    if (provider === 'editor') return fromEditor(true);
    const bedrock = await fromBedrock();
    if (bedrock.ok || provider === 'bedrock' || !notSetUp.includes(bedrock.failure.code)) return bedrock;
    // Nobody chose the editor's models, so only those count that its person has allowed already.
    const editor = await fromEditor(false);
    return editor.ok ? editor : bedrock;
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
