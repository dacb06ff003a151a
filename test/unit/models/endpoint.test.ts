import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRegion, resolveEndpoint } from '../../../src/agent/models/bedrock/endpoint.ts';

const regions: readonly [region: string, host: string][] = [
  ['us-east-1', 'bedrock-runtime.us-east-1.amazonaws.com'],
  ['us-gov-west-1', 'bedrock-runtime.us-gov-west-1.amazonaws.com'],
  ['cn-north-1', 'bedrock-runtime.cn-north-1.amazonaws.com.cn'],
  ['eusc-de-east-1', 'bedrock-runtime.eusc-de-east-1.amazonaws.eu'],
  ['us-isob-east-1', 'bedrock-runtime.us-isob-east-1.sc2s.sgov.gov'],
  ['us-iso-east-1', 'bedrock-runtime.us-iso-east-1.c2s.ic.gov'],
];
for (const [region, host] of regions) {
  test(`the endpoint of ${region} is in its own partition`, () => {
    const endpoint = resolveEndpoint('', region, false);
    assert.equal(endpoint.ok && endpoint.value.href, `https://${host}/`);
  });
}

test('FIPS has its own host', () => {
  const endpoint = resolveEndpoint('', 'us-gov-west-1', true);
  assert.equal(endpoint.ok && endpoint.value.hostname, 'bedrock-runtime-fips.us-gov-west-1.amazonaws.com');
});

const allowed = [
  'https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com',
  'http://127.0.0.1:8080',
  'http://[::1]:1',
  'http://localhost:4566/bedrock',
  'http://127.1:80',
];
for (const setting of allowed) {
  test(`${setting} may be an endpoint`, () => assert.ok(resolveEndpoint(setting, 'us-east-1', false).ok));
}

const refused = [
  'http://bedrock.example',
  'http://127.0.0.1.example',
  'http://localhost.example',
  'http://0.0.0.0',
  'ftp://127.0.0.1',
  'https://key:secret@bedrock.example',
  'https://bedrock.example/?x=1',
  'https://bedrock.example/#x',
  'bedrock.example',
  'file:///etc/passwd',
  'javascript:alert(1)',
];
for (const setting of refused) {
  test(`${setting} may not be an endpoint`, () => {
    const endpoint = resolveEndpoint(setting, 'us-east-1', false);
    assert.equal(!endpoint.ok && endpoint.failure.code, 'bad-endpoint');
  });
}

test('a region is a region and nothing that could change the host', () => {
  for (const region of ['us-east-1', 'ap-southeast-2', 'us-gov-west-1', 'eusc-de-east-1'])
    assert.ok(isRegion(region), region);
  for (const text of [
    '',
    'us-east',
    'evil.example/#-1',
    'us-east-1.evil.example',
    'us east 1',
    'US-EAST-1',
    'us-east-1\n',
    '-a-1',
  ]) {
    assert.ok(!isRegion(text), text);
  }
});
