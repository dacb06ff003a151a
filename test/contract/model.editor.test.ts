import { createLanguageModel } from '../../src/editor/languageModel.ts';
import { FakeChat, formPart, words } from '../fakes/fakeChat.ts';
import { modelContract } from './model.ts';

const long = formPart('report', { list: Array.from({ length: 5000 }, (_, index) => index) });

modelContract("the editor's own", async () => {
  const chat = new FakeChat();
  return {
    model: createLanguageModel(chat, words),
    answer: (json) => chat.queue({ parts: [formPart('report', JSON.parse(json))] }),
    answerWithoutEnd: () => chat.queue({ parts: [long], end: 'silence' }),
    fallSilent: () => chat.queue({ parts: [formPart('report', { half: true })], end: 'silence' }),
    breakOff: () => chat.queue({ parts: [formPart('report', { half: true })], end: new Error('socket closed') }),
    ignore: () => chat.queue({ end: 'silence' }),
    callsLeft: () => chat.requests.filter(({ token }) => token?.isCancellationRequested).length,
    callsSeen: () => chat.requests.length,
    dispose: async () => undefined,
  };
});
