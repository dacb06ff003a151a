import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deniedContent, deniedReason } from '../../../src/agent/workspace/denyList.ts';

const denied = [
  '.env',
  '.env.local',
  '.env.production',
  '.envrc',
  'config/.ENV',
  'docker/prod.env',
  'server.pem',
  'tls/server.key',
  'id_rsa',
  'keys/id_ed25519',
  'id_rsa.bak',
  'a.p12',
  'a.pfx',
  'vault.kdbx',
  'app.keystore',
  'app.jks',
  'infra/terraform.tfstate',
  'infra/terraform.tfstate.backup',
  'infra/prod.tfvars',
  '.aws/credentials',
  'home/.aws/config',
  '.ssh/config',
  '.kube/config',
  'kubeconfig',
  'kubeconfig-prod',
  'dev.kubeconfig',
  '.npmrc',
  'packages/a/.npmrc',
  '.netrc',
  '_netrc',
  '.pypirc',
  '.pgpass',
  '.git-credentials',
  '.htpasswd',
  '.docker/config.json',
  '.git/config',
  'sub/.git/HEAD',
  '.svn/entries',
  'secrets.yml',
  'config/secrets.yaml',
  'credentials.json',
  'secrets.json',
  'service-account.json',
  'my-service-account-prod.json',
  'serviceAccountKey.json',
  'client_secret_123.json',
  'config/master.key',
  'config/credentials.yml.enc',
  // Other spellings of the same file for Windows or macOS.
  '.env.',
  '.env ',
  '.Env::$DATA',
  '.g\u200cit/config',
  '．env',
  '.GIT/config',
];
for (const path of denied) {
  test(`${JSON.stringify(path)} is never read`, () => assert.match(deniedReason(path) ?? '', /^kept back: /));
}

const allowed = [
  '.env.example',
  '.env.sample',
  '.env.local.template',
  'src/environment.ts',
  'src/env.ts',
  'id_rsa.pub',
  'src/keys.ts',
  'src/key.ts',
  'src/pem.go',
  '.github/workflows/build.yml',
  '.gitignore',
  'docs/secrets.md',
  'src/secrets.ts',
  'src/credentials.py',
  'package.json',
  'docker/config.json',
  '.vscode/settings.json',
  'terraform/main.tf',
];
for (const path of allowed) {
  test(`${path} may be read`, () => assert.equal(deniedReason(path), undefined));
}

test('a cloud key file is known by its shape, whatever its name', () => {
  const key = JSON.stringify(
    { type: 'service_account', project_id: 'p', private_key: 'x', client_email: 'y' },
    null,
    2,
  );
  assert.match(deniedContent('config/google.json', key) ?? '', /secrets/);
  assert.equal(deniedContent('config/google.ts', key), undefined);
  assert.equal(deniedContent('config/type.json', '{"type": "module", "private_key": 1}'), undefined);
});
