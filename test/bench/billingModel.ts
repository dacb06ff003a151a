import { setTimeout as pause } from 'node:timers/promises';
import { failures } from '../../src/agent/failures.ts';
import { type Model, type ModelEvent, type ModelRequest, noTokens } from '../../src/agent/models/model.ts';

export interface Pace {
  /** Milliseconds until the answer begins, and between its pieces. */
  readonly firstEvent: number;
  readonly perPiece: number;
  /** In each file of a request; default one. */
  readonly findings?: number;
}

/** Words, numbers and marks as a tokenizer cuts them, roughly: long words in pieces of five letters. */
export function tokensOf(text: string): number {
  return text.match(/\s?[A-Za-z]{1,5}|\d{1,3}|\s+|[^\sA-Za-z\d]/g)?.length ?? 0;
}

/** Answers with findings on real lines, and bills like a service that keeps a marked beginning once it was written. */
export class BillingModel implements Model {
  readonly id = 'anthropic.claude-double';
  /** When the last byte of each finding was handed over, by its title. */
  readonly completedAt = new Map<string, number>();
  readonly #pace: Pace;
  readonly #kept = new Set<string>();
  #requests = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const number = ++this.#requests;
    const { system, prompt, tool, reuse } = request;
    const beginning = JSON.stringify([tool, system, prompt.slice(0, reuse?.promptPrefix ?? 0)]);
    const common =
      tokensOf(system) + tokensOf(JSON.stringify(tool)) + tokensOf(prompt.slice(0, reuse?.promptPrefix ?? 0));
    const own = tokensOf(prompt.slice(reuse?.promptPrefix ?? 0));
    const isKept = this.#kept.has(beginning);
    await pause(this.#pace.firstEvent);
    // Readable by others from the first event on.
    if (reuse) this.#kept.add(beginning);
    let output = 0;
    for (const [piece, title] of this.#pieces(prompt, number)) {
      if (signal.aborted) return yield { kind: 'failed', failure: failures.cancelled(), tokens: noTokens };
      if (this.#pace.perPiece > 0) await pause(this.#pace.perPiece);
      output += tokensOf(piece);
      if (title !== undefined) this.completedAt.set(title, performance.now());
      yield { kind: 'input', json: piece };
    }
    const cached = reuse
      ? isKept
        ? { cache_read: common, cache_write: 0 }
        : { cache_read: 0, cache_write: common }
      : undefined;
    const tokens = { ...noTokens, ...cached, input: cached ? own : own + common, output };
    yield { kind: 'done', tokens };
  }

  /** The answer, and with the piece that completes a finding its title. */
  *#pieces(prompt: string, number: number): Generator<[string, string?]> {
    yield ['{"notes":"looked at everything","findings":['];
    let comma = '';
    for (const [index, file] of prompt.split('\n "file": ').slice(1).entries()) {
      const lines = Array.from(file.matchAll(/^[+ ]? *(\d+)\| (.{24,160})$/gm));
      for (let count = 0; count < (this.#pace.findings ?? 1); count++) {
        const line = lines[Math.floor(((count + 1) * lines.length) / ((this.#pace.findings ?? 1) + 1))];
        if (!line) continue;
        const title = `Finding ${number}.${index + 1}.${count + 1}`;
        const item = JSON.stringify({
          file: index + 1,
          quote: line[2],
          line_hint: Number(line[1]),
          symbol: '',
          trace: `${line[1]}: it enters here`,
          failure_scenario: `With scenario ${title} the outcome is wrong in case ${count}.`,
          verdict: 'defect',
          category: 'correctness',
          severity: 'low',
          confidence: 0.9,
          title,
        });
        const json = comma + item;
        comma = ',';
        const half = Math.floor(json.length / 2);
        yield [json.slice(0, half)];
        yield [json.slice(half), title];
      }
    }
    yield [']}'];
  }
}
