import type { Refusal } from './messages.ts';

const byCode: Readonly<Record<string, Refusal>> = {
  '401': 'key',
  '4001': 'key',
  '429': 'rate',
  '4002': 'rate',
  '413': 'tooLarge',
  '4007': 'tooLarge',
};
const finished =
  /\balready\s+(been\s+)?(finished|completed|cancelled|canceled|failed|done)\b|\bcannot be \w+ in status (completed|cancelled|failed)\b/i;
const disowned =
  /\bnot assigned to (this|your|the calling) agent\b|\bnot assigned to you\b|\bassigned to (another|a different) agent\b/i;

/**
 * What an error of a server means for the one who sent the message. Servers use one code for many things,
 * so the sentence decides where it is clear. `code` is a number, or digits; anything else counts as no code.
 */
export function refusalOf(code: unknown, text: string): Refusal {
  const number = codeNumber(code);
  const known = byCode[String(number)];
  if (known === 'key' || known === 'rate') return known;
  if (finished.test(text)) return 'finished';
  if (disowned.test(text)) return 'disowned';
  if (known) return known;
  if (number === undefined) return 'passing';
  const clientsFault = (number >= 400 && number < 500 && number !== 408) || (number >= 4000 && number <= 4008);
  return clientsFault && number !== serverFault ? 'final' : 'passing';
}

/** The platform's "internal error", in the middle of its range of caller's mistakes. */
const serverFault = 4003;

function codeNumber(code: unknown): number | undefined {
  if (typeof code === 'number') return code;
  return typeof code === 'string' && /^\d{3,4}$/.test(code) ? Number(code) : undefined;
}
