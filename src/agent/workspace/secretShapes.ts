import type { FoundSecret } from './redact.ts';

interface Shape {
  readonly kind: string;
  /** Begins with literal text and repeats no group, so that it takes time linear in the text. A group is the secret. */
  readonly source: string;
}

/**
 * Tokens that show by their prefix whose they are. No shape asks for a word boundary in front when its prefix is
 * distinctive: a token glued to other text is a token too, and one mask too many harms nobody.
 */
const shapes: readonly Shape[] = [
  { kind: 'AWS access key id', source: '(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}' },
  { kind: 'Amazon Bedrock API key', source: 'ABSK[A-Za-z0-9+/]{60,400}={0,2}' },
  { kind: 'Amazon Bedrock API key', source: 'bedrock-api-key-[A-Za-z0-9+/=_-]{20,4000}' },
  { kind: 'GitHub token', source: 'gh[pousr]_[A-Za-z0-9]{20,255}' },
  { kind: 'GitHub token', source: 'github_pat_[A-Za-z0-9_]{20,255}' },
  { kind: 'GitLab token', source: 'gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas|imt)-[A-Za-z0-9_.-]{16,255}' },
  { kind: 'Slack token', source: 'xox[abceoprs](?:\\.xox[bp])?-[A-Za-z0-9-]{10,255}' },
  { kind: 'Slack token', source: 'xapp-\\d-[A-Za-z0-9-]{10,255}' },
  { kind: 'Slack webhook', source: 'hooks\\.slack\\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/_-]{20,255}' },
  { kind: 'Discord webhook', source: 'discord(?:app)?\\.com/api/webhooks/\\d{5,25}/[A-Za-z0-9_-]{20,255}' },
  { kind: 'Stripe key', source: '[sr]k_(?:live|test)_[A-Za-z0-9]{10,255}' },
  { kind: 'webhook signing secret', source: 'whsec_[A-Za-z0-9+/=]{16,255}' },
  { kind: 'Google API key', source: 'AIza[A-Za-z0-9_-]{35}' },
  { kind: 'Google OAuth secret', source: 'GOCSPX-[A-Za-z0-9_-]{20,255}' },
  { kind: 'Google OAuth token', source: 'ya29\\.[A-Za-z0-9_-]{20,1000}' },
  { kind: 'Anthropic key', source: 'sk-ant-[A-Za-z0-9_-]{16,255}' },
  { kind: 'OpenAI key', source: 'sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{16,255}' },
  { kind: 'OpenAI key', source: 'sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}' },
  { kind: 'API key', source: 'sk-or-v1-[a-f0-9]{32,128}' },
  { kind: 'API key', source: '(?<![A-Za-z0-9])sk-(?=[A-Za-z]{0,60}\\d)[A-Za-z0-9]{32,128}' },
  { kind: 'npm token', source: 'npm_[A-Za-z0-9]{36}' },
  { kind: 'PyPI token', source: 'pypi-[A-Za-z0-9_-]{50,500}' },
  { kind: 'RubyGems key', source: 'rubygems_[a-f0-9]{48}' },
  { kind: 'Hugging Face token', source: '(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,100}' },
  { kind: 'SendGrid key', source: 'SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{32,64}' },
  { kind: 'Mailgun key', source: '(?<![A-Za-z0-9])key-[a-f0-9]{32}' },
  { kind: 'Twilio key', source: '(?<![A-Za-z0-9])SK[a-f0-9]{32}' },
  { kind: 'DigitalOcean token', source: 'do[opr]_v1_[a-f0-9]{64}' },
  { kind: 'Databricks token', source: '(?<![A-Za-z0-9])dapi[a-f0-9]{32}' },
  { kind: 'Shopify token', source: 'shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}' },
  { kind: 'Square token', source: 'sq0(?:atp|csp)-[A-Za-z0-9_-]{22,64}' },
  { kind: 'HashiCorp token', source: 'hv[sbr]\\.[A-Za-z0-9_-]{24,255}' },
  { kind: 'Terraform Cloud token', source: '\\.atlasv1\\.[A-Za-z0-9_-]{40,100}' },
  { kind: 'Atlassian token', source: 'ATATT3[A-Za-z0-9_=-]{60,300}' },
  { kind: 'Linear key', source: 'lin_(?:api|oauth)_[A-Za-z0-9]{32,128}' },
  { kind: 'Grafana token', source: 'gl(?:sa|c)_[A-Za-z0-9+/=_]{32,400}' },
  { kind: 'Sentry token', source: 'sntrys_[A-Za-z0-9+/=_]{40,500}' },
  { kind: 'New Relic key', source: 'NRAK-[A-Z0-9]{27}' },
  { kind: 'Postman key', source: 'PMAK-[a-f0-9]{24}-[a-f0-9]{34}' },
  { kind: 'Doppler token', source: 'dp\\.(?:pt|st|ct|sa)\\.[A-Za-z0-9.]{40,80}' },
  { kind: 'Pulumi token', source: 'pul-[a-f0-9]{40}' },
  { kind: 'age secret key', source: 'AGE-SECRET-KEY-1[0-9A-Z]{58}' },
  { kind: 'Azure storage key', source: '(?:Account|SharedAccess)Key=[A-Za-z0-9+/]{40,120}={0,2}' },
  { kind: 'Azure client secret', source: '[A-Za-z0-9_~.]{3}\\dQ~[A-Za-z0-9_~.-]{31,34}' },
  { kind: 'Telegram bot token', source: '(?<!\\d)\\d{8,10}:AA[A-Za-z0-9_-]{33}' },
  { kind: 'Docker token', source: 'dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,64}' },
  { kind: 'Groq key', source: 'gsk_[A-Za-z0-9]{40,64}' },
  { kind: 'Figma token', source: 'fig[dou]r?_[A-Za-z0-9_-]{40,200}' },
  { kind: 'Notion token', source: '(?<![A-Za-z0-9])(?:ntn_|secret_)[A-Za-z0-9]{43,50}' },
  { kind: 'Cloudflare token', source: 'cf[ua]t_[A-Za-z0-9]{40,64}' },
  { kind: 'Cloudflare key', source: 'v1\\.0-[a-f0-9]{24}-[a-f0-9]{100,200}' },
  { kind: 'Tailscale key', source: 'tskey-[a-z]{2,20}-[A-Za-z0-9_-]{16,120}' },
  { kind: 'Vercel token', source: '(?<![A-Za-z0-9])vc[piark]_[A-Za-z0-9]{24,80}' },
  { kind: '1Password token', source: 'ops_ey[A-Za-z0-9+/=_-]{100,2000}' },
  { kind: 'Supabase token', source: 'sbp_[a-f0-9]{40}' },
  { kind: 'API key', source: '(?:nvapi|pplx|xai)-[A-Za-z0-9_-]{40,120}' },
  { kind: 'API key', source: '(?<![A-Za-z0-9])(?:r8_|lsv2_pt_|lsv2_sk_|KGAT_)[A-Za-z0-9_]{32,80}' },
  { kind: 'Developer Mesh key', source: 'devmesh_(?=[a-z_]{0,40}[0-9A-Z-])[A-Za-z0-9_-]{16,255}' },
  {
    kind: 'authorization header',
    source: '[Bb]earer\\s{1,4}((?=[A-Za-z._~+/-]{0,64}\\d)[A-Za-z0-9._~+/-]{16,4000}={0,2})',
  },
  { kind: 'authorization header', source: '[Bb]asic\\s{1,4}((?=[A-Za-z+/]{0,64}\\d)[A-Za-z0-9+/]{12,1000}={0,2})' },
];

const patterns: readonly { readonly kind: string; readonly pattern: RegExp }[] = shapes.map(({ kind, source }) => ({
  kind,
  pattern: new RegExp(source, 'g'),
}));

/** Tokens with a shape of their own, and the AWS secret keys that stand beside an access key id. */
export function secretShapes(text: string): FoundSecret[] {
  const found: FoundSecret[] = [];
  for (const { kind, pattern } of patterns) {
    for (const match of text.matchAll(pattern)) {
      const end = match.index + match[0].length;
      found.push({ kind, start: match[1] === undefined ? match.index : end - match[1].length, end });
      if (kind === 'AWS access key id') found.push(...secretKeysAround(text, match.index));
    }
  }
  return found;
}

/** A secret key is 40 characters that could be anything; the id next to it tells. */
function secretKeysAround(text: string, at: number): FoundSecret[] {
  const from = Math.max(0, at - 300);
  const found: FoundSecret[] = [];
  const near = text.slice(from, at + 400);
  for (const match of near.matchAll(/(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/])/g)) {
    if (!/[a-z]/.test(match[0]) || !/[A-Z]/.test(match[0]) || !/\d/.test(match[0])) continue;
    found.push({ kind: 'AWS secret access key', start: from + match.index, end: from + match.index + 40 });
  }
  return found;
}
