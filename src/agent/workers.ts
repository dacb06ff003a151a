import type { AgentParts } from './agent.ts';
import { failed, failures, type Outcome } from './failures.ts';
import type { Host } from './host.ts';
import type { Model } from './models/model.ts';
import type { Settings } from './settings.ts';
import { lazy } from './shared/lazy.ts';
import type { Worker, Workers } from './tasks/task.ts';

export interface WorkerParts {
  readonly host: Host;
  readonly parts: Pick<AgentParts, 'clock' | 'environment' | 'engineFolder'>;
  settings(): Settings;
}

export interface WorkerSet extends Workers {
  /** The next task chooses its model anew, from the settings as they are then. */
  forgetModel(): void;
  /** False when the last task that wanted a model could not have one. */
  modelWorks(): boolean;
}

/** The three kinds of work. Each is loaded when its first task comes, and so are the rules and the model. */
export function createWorkers({ host, parts, settings }: WorkerParts): WorkerSet {
  const { clock, environment, engineFolder } = parts;
  const { log } = host;

  const loadedModel = lazy(async () => {
    const apiKey = environment['AWS_BEARER_TOKEN_BEDROCK'];
    const { loadModel } = await import('./models/loadModel.ts');
    const modelCalls = () => settings().limits.modelCalls;
    return loadModel(settings().bedrock, { clock, log, environment, modelCalls, ...(apiKey && { apiKey }) });
  });
  let modelMissing = false;
  const model = async (): Promise<Outcome<Model>> => {
    if (!settings().review.useModel) return failed(failures.modelOff());
    const outcome = await loadedModel();
    modelMissing = !outcome.ok;
    // Credentials may be there when the next task comes.
    if (!outcome.ok) loadedModel.forget();
    return outcome;
  };

  const checks = lazy(async () => {
    const [rules, editor, secrets, { findSecrets }] = await Promise.all([
      import('./review/static/rulesCheck.ts'),
      import('./review/static/editorCheck.ts'),
      import('./review/static/secretsCheck.ts'),
      import('./workspace/redact.ts'),
    ]);
    return [
      rules.createRulesCheck({ engineFolder, clock, log }),
      editor.createEditorCheck(host),
      secrets.createSecretsCheck(findSecrets),
    ];
  });
  const shared = lazy(async () => {
    const { createWorkspace } = await import('./workspace/workspace.ts');
    return {
      clock,
      log,
      settings,
      workspace: createWorkspace(host, () => settings().limits),
      checks,
      model,
    };
  });

  /** Nothing is read in a workspace that is not trusted, whoever asks. */
  const worker = (load: () => Promise<Worker>): Worker => {
    const loaded = lazy(load);
    return async (task, report, signal) =>
      host.trusted() ? (await loaded())(task, report, signal) : { status: 'failed', failure: failures.untrusted() };
  };
  return {
    code_review: worker(async () => (await import('./review/review.ts')).createReviewer(await shared())),
    documentation: worker(async () =>
      (await import('./documentation/documentation.ts')).createDocumenter(await shared()),
    ),
    analysis: worker(async () => (await import('./analysis/analysis.ts')).createAnalyst(await shared())),
    forgetModel() {
      loadedModel.forget();
      modelMissing = false;
    },
    modelWorks: () => !modelMissing,
  };
}
