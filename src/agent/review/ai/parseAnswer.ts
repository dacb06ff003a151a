import { isWithdrawn, type ModelFinding, readModelFinding } from './answerSchema.ts';
import { createListScanner } from './listScanner.ts';
import { parseModelJson, repairModelJson } from './modelJson.ts';

/** An answer longer than this is not read further. */
const longestAnswer = 400_000;
const mostFindings = 100;

export interface AnswerParser {
  /** Takes the next piece of the answer and gives the findings that are complete with it. */
  add(json: string): ModelFinding[];
  /**
   * To be called once, after the stop reason is known; gives what can still be saved. `complete`: the service said that
   * the answer is whole. Otherwise the last words may be half words and are not believed.
   */
  end(complete: boolean): ModelFinding[];
  /** Findings that could not be understood. */
  readonly invalid: number;
  /** Findings that the model took back while it wrote them; they are not handed out. */
  readonly withdrawn: number;
  /**
   * After `end`: whether the answer held a list of findings. An empty one is one when it was closed, and one with
   * findings when at least one of them could be understood: what nobody can read is not "nothing found".
   */
  readonly readable: boolean;
}

/** Reads `{"findings": [...]}` while it is being written. A finding that cannot be understood does not spoil the others. */
export function createAnswerParser(): AnswerParser {
  let text = '';
  let invalid = 0;
  let withdrawn = 0;
  let listSeen = false;
  let listClosed = false;
  const seen = new Set<string>();
  const scanner = createListScanner('findings');

  const accept = (value: unknown): ModelFinding[] => {
    if (isWithdrawn(value)) {
      withdrawn += 1;
      return [];
    }
    const finding = readModelFinding(value);
    if (!finding) invalid += 1;
    if (!finding || seen.size >= mostFindings) return [];
    const key = JSON.stringify([finding.file, finding.quote, finding.lineHint, finding.title]);
    if (seen.has(key)) return [];
    seen.add(key);
    return [finding];
  };

  let broken = false;
  return {
    get invalid() {
      return invalid;
    },
    get withdrawn() {
      return withdrawn;
    },
    get readable() {
      return listSeen && (seen.size + withdrawn > 0 || (listClosed && invalid === 0));
    },
    add(json) {
      if (text.length >= longestAnswer) return [];
      const piece = json.slice(0, longestAnswer - text.length);
      text += piece;
      return scanner.scan(piece).flatMap((item) => {
        const value = parseModelJson(item);
        if (value === undefined) broken = true;
        return value === undefined ? [] : accept(value);
      });
    },
    end(complete) {
      listSeen = scanner.foundList;
      listClosed = scanner.ended;
      if (scanner.ended && !broken) return [];
      const start = text.search(/[[{]/);
      const json = start === -1 ? '' : text.slice(start);
      const list = listIn(parseModelJson(json) ?? parseModelJson(json + scanner.closing) ?? repairModelJson(json));
      if (!list) return [];
      listSeen = true;
      listClosed ||= !scanner.foundList && parseModelJson(json.replace(/[\s`]+$/, '')) !== undefined;
      const whole = complete || scanner.betweenItems;
      const trusted = whole ? list : [...list.slice(0, -1), ...withoutLastWords(list.at(-1))];
      // What was understood before is recognised by `seen`, and what was not is not counted a second time.
      invalid = 0;
      withdrawn = 0;
      return trusted.flatMap(accept);
    },
  };
}

/** The list itself, under `findings`, one object deeper, or written as a JSON text: models do all four. */
function listIn(value: unknown, depth = 0): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string')
    return depth > 0 && value.includes('[') ? listIn(repairModelJson(value), 2) : undefined;
  if (typeof value !== 'object' || value === null || depth > 1) return undefined;
  if ('findings' in value) return listIn(value.findings, depth + 1);
  for (const inner of Object.values(value)) {
    const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    const found = isObject ? listIn(inner, depth + 1) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** The item during which the answer broke off, without its last entry, which may have lost its end. */
function withoutLastWords(item: unknown): unknown[] {
  if (typeof item !== 'object' || item === null) return [];
  return [Object.fromEntries(Object.entries(item).slice(0, -1))];
}
