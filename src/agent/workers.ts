import { join } from 'node:path';
import type { AgentParts } from './agent.ts';
import type { ServerConfig } from './connection/serverConfig.ts';
import { failed, failures, type Outcome } from './failures.ts';
import type { Suppressions } from './findings/suppressions.ts';
import type { Host } from './host.ts';
import type { TaskSpend } from './models/meter.ts';
import type { Model } from './models/model.ts';
import type { ModelService } from './models/modelService.ts';
import type { Spend } from './models/spendLedger.ts';
import type { Preview } from './review/preview.ts';
import type { ReviewParts } from './review/review.ts';
import type { Settings } from './settings.ts';
import { lazy } from './shared/lazy.ts';
import type { Task, TaskType, Worker, Workers, WorkOutcome } from './tasks/task.ts';

export interface WorkerParts {
  readonly host: Host;
  readonly parts: Pick<AgentParts, 'clock' | 'environment' | 'engineFolder'>;
  readonly suppressions: Suppressions;
  settings(): Settings;
  /** What the server asked for and got. */
  serverConfig(): ServerConfig | undefined;
}

export interface WorkerSet extends Workers {
  /** As in `Agent`. */
  preview(payload: object, signal: AbortSignal): Promise<Outcome<Preview>>;
  largePreview(payload: object, signal: AbortSignal): Promise<Outcome<Preview | undefined>>;
  /** The next task chooses its model anew, from the settings as they are then. */
  forgetModel(): void;
  /** False when the last task that wanted a model could not have one. */
  modelWorks(): boolean;
  /** What the model cost; undefined until one was wanted. */
  spend(): Spend | undefined;
}

/** What a task began with. Settings and limits that change later are for later tasks. */
interface Begun {
  readonly type: TaskType;
  readonly task: Task;
  readonly settings: Settings;
  readonly config: ServerConfig | undefined;
  readonly spent: TaskSpend;
}

/** The three kinds of work. Each is loaded when its first task comes, and so are the rules and the model. */
export function createWorkers({ host, parts, suppressions, settings, serverConfig }: WorkerParts): WorkerSet {
  const { clock, environment, engineFolder } = parts;
  const { log } = host;

  let service: ModelService | undefined;
  const models = lazy(async () => {
    const { createModelService } = await import('./models/modelService.ts');
    const folder = host.sharedStorage ?? host.storage;
    service = createModelService({
      clock,
      log,
      environment,
      network: () => host.network(),
      folder,
      ...(host.models && { editorModels: host.models }),
      settings,
    });
    return service;
  });
  /** By the signal that ends the task. */
  const begun = new WeakMap<AbortSignal, Begun>();
  let modelMissing = false;
  const model = async (signal: AbortSignal): Promise<Outcome<Model>> => {
    const of = begun.get(signal);
    if (!of) throw new TypeError('a model is only given to a task that runs');
    if (!of.settings.review.useModel) return failed(failures.modelOff());
    const [{ forTask }, { callRules }] = await Promise.all([models(), import('./models/callRules.ts')]);
    const outcome = await forTask({
      rules: callRules(of.settings, of.config, of.type),
      spent: of.spent,
      ...(of.task.deadline !== undefined && { deadline: of.task.deadline }),
    });
    modelMissing = !outcome.ok;
    return outcome;
  };

  const workspaceOf = lazy(async () =>
    (await import('./workspace/workspace.ts')).createWorkspace(host, () => settings().limits),
  );
  const checks = lazy(async () => {
    const [rules, editor, secrets, { findSecrets }] = await Promise.all([
      import('./review/static/rulesCheck.ts'),
      import('./review/static/editorCheck.ts'),
      import('./review/static/secretsCheck.ts'),
      import('./workspace/redact.ts'),
    ]);
    return [
      rules.createRulesCheck({
        engineFolder,
        clock,
        log,
        userRules: async (taken, signal) => {
          const { readUserRules } = await import('./review/static/userRules.ts');
          return readUserRules(await workspaceOf(), host.folders(), taken, signal);
        },
      }),
      editor.createEditorCheck(host),
      secrets.createSecretsCheck(findSecrets),
    ];
  });
  const shared = lazy(async () => {
    const [workspace, { surroundingsOf }, { createFixCheck }] = await Promise.all([
      workspaceOf(),
      import('./review/context/surroundings.ts'),
      import('./review/fixCheck.ts'),
    ]);
    const around: ReviewParts['surroundings'] = (snapshots, slices, signal) =>
      surroundingsOf(snapshots, { host, workspace, suppressions }, slices, signal);
    return {
      clock,
      log,
      settings,
      workspace,
      surroundings: around,
      fixHolds: createFixCheck(engineFolder),
      checks,
      model,
      answersFolder: join(host.storage, 'review'),
    };
  });

  /** Nothing is read in a workspace that is not trusted, whoever asks. */
  const worker = (type: TaskType, load: () => Promise<Worker>): Worker => {
    const loaded = lazy(load);
    return async (task, report, signal) => {
      if (!host.trusted()) return { status: 'failed', failure: failures.untrusted() };
      const spent: TaskSpend = { tokens: 0, dollars: 0, held: 0 };
      begun.set(signal, { type, task, settings: settings(), config: serverConfig(), spent });
      return withCost(await (await loaded())(task, report, signal), spent);
    };
  };
  /** What a preview works with: as a review that begins now, for this signal. */
  const beginPreview = async (payload: object, signal: AbortSignal) => {
    const task: Task = { id: 'preview', type: 'code_review', payload, priority: 'high', origin: 'local' };
    const spent: TaskSpend = { tokens: 0, dollars: 0, held: 0 };
    begun.set(signal, { type: 'code_review', task, settings: settings(), config: serverConfig(), spent });
    const [given, previews] = await Promise.all([shared(), import('./review/preview.ts')]);
    return { given, ...previews };
  };
  return {
    async preview(payload, signal) {
      if (!host.trusted()) return failed(failures.untrusted());
      const { given, previewReview } = await beginPreview(payload, signal);
      return previewReview(payload, given, signal);
    },
    async largePreview(payload, signal) {
      if (!host.trusted()) return failed(failures.untrusted());
      const { given, largePreview } = await beginPreview(payload, signal);
      return largePreview(payload, given, signal);
    },
    code_review: worker('code_review', async () => (await import('./review/review.ts')).createReviewer(await shared())),
    documentation: worker('documentation', async () =>
      (await import('./documentation/documentation.ts')).createDocumenter(await shared()),
    ),
    analysis: worker('analysis', async () => (await import('./analysis/analysis.ts')).createAnalyst(await shared())),
    forgetModel() {
      service?.forget();
      modelMissing = false;
    },
    modelWorks: () => !modelMissing,
    spend: () => service?.spend,
  };
}

/** Names what the model cost, where all of it has a known price. */
function withCost(outcome: WorkOutcome, { tokens, dollars }: TaskSpend): WorkOutcome {
  if (outcome.status === 'failed' || tokens === 0 || dollars === undefined) return outcome;
  return { ...outcome, metadata: { ...outcome.metadata, cost_usd: Math.round(dollars * 1e6) / 1e6 } };
}
