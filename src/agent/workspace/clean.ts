/**
 * Text from outside (server, model, repository, file names) before a person or a log sees it: no escape sequence may
 * reach a terminal, no invisible character may reorder or hide what is shown, one record stays one line.
 */

// Terminal sequences go as a whole, so that no `[31m` or hidden link target stays behind as text. The body of an
// OSC, DCS, SOS, PM or APC sequence is bounded: one that never ends must not eat the rest of the line.
const terminalSequence =
  /(?:\x1b\]|\x9d|\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x07\x1b\x9c\r\n]{0,512}(?:\x07|\x1b\\|\x9c)?|(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]?|\x1b[ -/]{0,4}[0-~]?/g;
const lineBreaks = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
const controls = /[\p{Cc}\p{Cs}\ufeff\ufff9-\ufffb]/gu;

// Bidirectional controls, zero-width characters, tags, variation selectors and the other invisible fillers.
const hidden =
  '\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f' +
  '\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}';
const hiddenCharacter = new RegExp(`[${hidden}]`, 'gu');

/** One line of at most `maxLength` UTF-16 units; what was cut shows as an ellipsis. */
export function cleanText(text: string, maxLength: number): string {
  // Hostile text can be huge; nothing beyond a few times the wanted length can come to be shown.
  const clean = text
    .slice(0, maxLength * 8 + 1024)
    .replace(terminalSequence, '')
    .replace(lineBreaks, ' ')
    .replace(controls, '')
    .replace(hiddenCharacter, '');
  if (clean.length <= maxLength) return clean;
  return `${clean.slice(0, Math.max(0, maxLength - 1)).replace(/[\ud800-\udbff]$/, '')}…`;
}

export interface HiddenCharacter {
  /** UTF-16 offset. */
  readonly index: number;
  readonly length: number;
  readonly kind: 'bidirectional' | 'zero-width' | 'tag' | 'variation-selector' | 'invisible';
}

/**
 * Characters that a reader of source text does not see but a compiler or a model does. A byte order mark at the very
 * start, the joiner and selector inside an emoji and the joiners of scripts that need them are ordinary and left out.
 */
export function hiddenCharacters(text: string): readonly HiddenCharacter[] {
  const found: HiddenCharacter[] = [];
  for (const match of text.matchAll(hiddenCharacter)) {
    const code = match[0].codePointAt(0) ?? 0;
    if (code === 0xfeff && match.index === 0) continue;
    if (isOrdinary(code, text, match.index)) continue;
    found.push({ index: match.index, length: match[0].length, kind: kindOf(code) });
  }
  return found;
}

function kindOf(code: number): HiddenCharacter['kind'] {
  if (code === 0x61c || code === 0x200e || code === 0x200f) return 'bidirectional';
  if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) return 'bidirectional';
  if ((code >= 0x200b && code <= 0x200d) || code === 0x2060 || code === 0xfeff) return 'zero-width';
  if (code >= 0xe0000 && code <= 0xe007f) return 'tag';
  if ((code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0100 && code <= 0xe01ef)) return 'variation-selector';
  return 'invisible';
}

function isOrdinary(code: number, text: string, index: number): boolean {
  const before = lastCharacter(text, index);
  // Emoji presentation of one character, and what joins several into one picture.
  if (code === 0xfe0f || code === 0xfe0e) return /\p{Extended_Pictographic}|\p{So}/u.test(before);
  if (code !== 0x200d && code !== 0x200c) return false;
  if (/\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f/u.test(before)) return true;
  return /(?![\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])[\p{L}\p{M}]/u.test(before);
}

function lastCharacter(text: string, index: number): string {
  const unit = text.charCodeAt(index - 1);
  const isPair = unit >= 0xdc00 && unit <= 0xdfff && index > 1;
  return text.slice(index - (isPair ? 2 : 1), index);
}
