import { failures } from '../../src/agent/failures.ts';
import { noTokens } from '../../src/agent/models/model.ts';
import { formAnswer, type Script, ScriptedModel } from '../fakes/scriptedModel.ts';
import type { ModelWorld } from './model.ts';

const piece = { kind: 'input', json: '{"findings":[' } as const;
const cut = { kind: 'failed', failure: failures.streamCut(), tokens: noTokens } as const;
const scripts = {
  withoutEnd: [...Array.from({ length: 5000 }, () => piece), 'hang'] as Script,
  silent: [piece, 'hang'] as Script,
  broken: [piece, piece, cut] as Script,
  ignored: ['hang'] as Script,
};

/** The world of a scripted model, for everything that wraps one too. */
export function scriptedWorld(wrap: (model: ScriptedModel) => ModelWorld['model']): ModelWorld {
  const scripted = new ScriptedModel();
  return {
    model: wrap(scripted),
    answer: (json) => scripted.queue(formAnswer(json)),
    answerWithoutEnd: () => scripted.queue(scripts.withoutEnd),
    fallSilent: () => scripted.queue(scripts.silent),
    breakOff: () => scripted.queue(scripts.broken),
    ignore: () => scripted.queue(scripts.ignored),
    callsLeft: () => scripted.requests.length - scripted.active - scripted.completed,
    callsSeen: () => scripted.requests.length,
    dispose: async () => undefined,
  };
}
