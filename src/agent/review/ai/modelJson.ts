import { jsonrepair } from 'jsonrepair';
import { parseJson } from '../../connection/safeJson.ts';

/**
 * The time of a repair grows with the square of the length where a text is all stray quotes or words: half a minute for
 * the longest answer that is read, a twentieth of a second for this. Answers with thirty findings are shorter.
 */
const longestRepaired = 20_000;

/** JSON that a model wrote, read as what comes from the other side is. Undefined, which JSON cannot say, when it is none. */
export function parseModelJson(text: string): unknown {
  const json = parseJson(text);
  return json.ok ? json.value : undefined;
}

/** The same after a repair; undefined when it is beyond repair, or too long for one. */
export function repairModelJson(text: string): unknown {
  if (text.length > longestRepaired) return undefined;
  try {
    return parseModelJson(jsonrepair(text));
  } catch {
    // Beyond repair: the caller goes without.
    return undefined;
  }
}
