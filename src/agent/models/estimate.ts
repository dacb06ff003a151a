import type { ModelRequest } from './model.ts';

/** Of code and English, rather too few than too many. */
export const charactersAToken = 3;
/** What the service adds by itself to a request with a tool. */
const toolOverhead = 600;

/** Tokens of the input, rather too many than too few: for code the usual models take three and a half characters a token. */
export function estimateInput({ system, prompt, tool }: ModelRequest): number {
  const form = tool ? estimateText(tool.name + tool.description + JSON.stringify(tool.schema)) + toolOverhead : 0;
  return estimateText(system) + estimateText(prompt) + form;
}

/** Every UTF-16 unit beyond ASCII is a token of its own. */
export function estimateText(text: string): number {
  let others = 0;
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 127) others += 1;
  return Math.ceil((text.length - others) / charactersAToken) + others;
}
