import { createSecretsCheck } from '../../src/agent/review/static/secretsCheck.ts';
import { findSecrets } from '../../src/agent/workspace/redact.ts';
import { staticCheckContract } from './staticCheck.ts';

const token = (letter: string) => ['gh', 'p_', letter.repeat(36)].join('');

staticCheckContract('secrets', async () => ({
  check: createSecretsCheck(findSecrets),
  flawed: {
    file: 'src/config.ts',
    language: 'typescript',
    text: `const first = '${token('a')}';\r\n\tconst 数 = '😀', second = '${token('b')}';\r\n`,
  },
  sound: { file: 'src/config.ts', language: 'typescript', text: 'const token = environment.GITHUB_TOKEN;\n' },
  quotes: false,
}));
