import { Dice } from '../../fakes/dice.ts';

/** A secret of the corpus: `value` must be nowhere outside; `written` is how it stands in the source. */
export interface Planted {
  readonly value: string;
  readonly kind: string;
  written(style: Style): string;
}

export type Style = 'python' | 'typescript' | 'go' | 'java' | 'yaml' | 'prose';

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const digits = '0123456789';
const hex = '0123456789abcdef';
const all = lower + upper + digits;

/** Makes secrets of many shapes, each another value, the same ones for the same seed. */
export function secretMaker(seed: number) {
  const dice = new Dice(seed);
  const some = (alphabet: string, length: number) =>
    Array.from({ length }, () => alphabet[dice.between(0, alphabet.length - 1)]).join('');
  /** Random, and with a digit and both cases somewhere, as real ones have. */
  const mixed = (length: number) => `${some(all, length - 4)}${some(digits, 2)}${some(upper, 1)}${some(lower, 1)}`;

  /** Show by themselves what they are, wherever they stand. */
  const tokens: readonly (readonly [string, () => string])[] = [
    ['AWS access key id', () => `AKIA${some(upper + digits, 16)}`],
    ['GitHub token', () => `ghp_${mixed(36)}`],
    ['GitHub token, new', () => `github_pat_${mixed(22)}_${mixed(59)}`],
    ['GitLab token', () => `glpat-${mixed(20)}`],
    ['Slack token', () => `xoxb-${some(digits, 12)}-${some(digits, 12)}-${mixed(24)}`],
    ['Stripe key', () => `sk_live_${mixed(24)}`],
    ['Google API key', () => `AIza${mixed(35)}`],
    ['Anthropic key', () => `sk-ant-api03-${mixed(80)}`],
    ['OpenAI key', () => `sk-proj-${mixed(48)}`],
    ['npm token', () => `npm_${mixed(36)}`],
    ['PyPI token', () => `pypi-AgEIcHlwaS5vcmc${mixed(60)}`],
    ['SendGrid key', () => `SG.${mixed(22)}.${mixed(43)}`],
    ['DigitalOcean token', () => `dop_v1_${some(hex, 64)}`],
    ['Hugging Face token', () => `hf_${mixed(34)}`],
    ['JSON Web Token', () => `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOi${mixed(20)}.${mixed(43)}`],
    ['mesh key', () => `devmesh_${mixed(32)}`],
    ['HashiCorp token', () => `hvs.${mixed(90)}`],
    ['Shopify token', () => `shpat_${some(hex, 32)}`],
  ];
  /** Known by what stands around them. */
  const named: readonly (readonly [string, () => string, (value: string, style: Style) => string])[] = [
    ['password', () => `${mixed(10)}!x`, (value, style) => assigned('db_password', value, style)],
    ['API key', () => some(hex, 40), (value, style) => assigned('api_key', value, style)],
    ['client secret', () => mixed(32), (value, style) => assigned('client_secret', value, style)],
    [
      'connection string',
      () => mixed(14),
      (value, style) => assigned('dsn', `postgres://app:${value}@db.internal:5432/app`, style),
    ],
    ['bearer header', () => mixed(40), (value, style) => assigned('header', `Authorization: Bearer ${value}`, style)],
    ['private key', () => mixed(64), (value, style) => privateKey(value, style)],
  ];

  let count = 0;
  const token = (): Planted => {
    const [kind, make] = pickOf(tokens, count++);
    const value = make();
    return { kind, value, written: (style) => assigned('setting', value, style) };
  };
  const any = (): Planted => {
    const at = count++ % (tokens.length + named.length);
    if (at < tokens.length) return token();
    const [kind, make, write] = pickOf(named, at - tokens.length);
    const value = make();
    return { kind, value, written: (style) => write(value, style) };
  };
  return { token, any };
}

function pickOf<T>(list: readonly T[], at: number): T {
  const found = list[at % list.length];
  if (found === undefined) throw new Error('the list is empty');
  return found;
}

function assigned(name: string, value: string, style: Style): string {
  switch (style) {
    case 'python':
      return `${name} = "${value}"`;
    case 'typescript':
      return `const ${name} = '${value}';`;
    case 'go':
      return `var ${name} = "${value}"`;
    case 'java':
      return `class ${name} { static final String ${name} = "${value}"; }`;
    case 'yaml':
      return `${name}: "${value}"`;
    case 'prose':
      return `Use ${name} = "${value}" for it.`;
  }
}

function privateKey(value: string, style: Style): string {
  const begin = '-----BEGIN RSA PRIVATE KEY-----';
  const end = '-----END RSA PRIVATE KEY-----';
  return style === 'python' || style === 'prose'
    ? `KEY = """${begin}\n${value}\n${end}"""`
    : assigned('key', [begin, value, end].join('\\n'), style);
}

/**
 * The secrets of which a piece stands in the text that is long enough to be of use to a thief: any run of half of it, at
 * least 8 characters. Beginnings are public in many shapes, so a piece counts from where chance begins.
 */
export function leaked(text: string, secrets: readonly Planted[]): Planted[] {
  const pieces = new Map<string, { readonly piece: string; readonly secret: Planted }[]>();
  for (const secret of secrets) {
    const { value } = secret;
    const length = Math.max(8, Math.ceil(value.length / 2));
    for (let start = Math.min(8, value.length - length); start + length <= value.length; start += 1) {
      const piece = value.slice(start, start + length);
      const key = piece.slice(0, 8);
      pieces.set(key, [...(pieces.get(key) ?? []), { piece, secret }]);
    }
  }
  const found = new Set<Planted>();
  for (let at = 0; at + 8 <= text.length; at += 1) {
    for (const { piece, secret } of pieces.get(text.slice(at, at + 8)) ?? []) {
      if (text.startsWith(piece, at)) found.add(secret);
    }
  }
  return [...found];
}
