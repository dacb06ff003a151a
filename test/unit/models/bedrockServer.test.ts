import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConverseBody } from '../../fakes/converseRequest.ts';
import { frame } from '../../fakes/eventStream.ts';
import { verifySignature } from '../../fakes/signatureV4.ts';

const body = (changes: object = {}) =>
  JSON.stringify({
    messages: [{ role: 'user', content: [{ text: 'Hello' }] }],
    inferenceConfig: { maxTokens: 10 },
    ...changes,
  });
const tool = (more: object = {}) => ({
  toolSpec: { name: 'report', inputSchema: { json: { type: 'object' } }, ...more },
});
const user = { role: 'user', content: [{ text: 'Hello' }] };
const assistant = { role: 'assistant', content: [{ text: 'Hi' }] };

test('the fake service takes a plain request', () => assert.ok('body' in readConverseBody(body())));

const refused: readonly [what: string, text: string][] = [
  ['no JSON', '{'],
  ['an unknown key', body({ temperature: 1 })],
  ['a temperature', body({ inferenceConfig: { maxTokens: 10, temperature: 0 } })],
  ['no limit', body({ inferenceConfig: {} })],
  ['a limit of zero', body({ inferenceConfig: { maxTokens: 0 } })],
  ['blank text', body({ messages: [{ role: 'user', content: [{ text: ' ' }] }] })],
  ['no message', body({ messages: [] })],
  ['an assistant who speaks first', body({ messages: [assistant, user] })],
  ['two users in a row', body({ messages: [user, user] })],
  ['a prefilled answer', body({ messages: [user, assistant] })],
  ['a tool name with a space', body({ toolConfig: { tools: [tool({ name: 'a b' })] } })],
  ['a schema that is no object', body({ toolConfig: { tools: [tool({ inputSchema: { json: { type: 'array' } } })] } })],
  [
    'a chosen tool that is not there',
    body({ toolConfig: { tools: [tool()], toolChoice: { tool: { name: 'other' } } } }),
  ],
  ['two tools of one name', body({ toolConfig: { tools: [tool(), tool()] } })],
  [
    'maxItems in a strict tool',
    body({
      toolConfig: {
        tools: [
          tool({
            strict: true,
            inputSchema: { json: { type: 'object', properties: { a: { type: 'array', maxItems: 3 } } } },
          }),
        ],
      },
    }),
  ],
];
for (const [what, text] of refused) {
  test(`the fake service refuses ${what}`, () => assert.ok('refusal' in readConverseBody(text)));
}

test('its frames are those of a recorded one, byte for byte', () => {
  // An empty message, and one with a header, of the event stream test vectors.
  assert.equal(frame({}, '').toString('hex'), '000000100000000005c248eb7d98c8ff');
  assert.equal(
    frame({ 'content-type': 'application/json' }, "{'foo':'bar'}").toString('hex'),
    '0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b27666f6f273a27626172277d8d9c08b1',
  );
});

test('its signature check agrees with the published example, and turns on every part of the request', () => {
  // post-vanilla of the AWS Signature Version 4 test suite.
  const key = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    region: 'us-east-1',
    service: 'service',
  };
  const headers = {
    host: 'example.amazonaws.com',
    'x-amz-date': '20150830T123600Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  };
  const request = { method: 'POST', path: '/', headers, body: Buffer.alloc(0) };
  assert.equal(verifySignature(request, key), 'valid');
  assert.equal(verifySignature({ ...request, body: Buffer.from(' ') }, key), 'mismatch');
  assert.equal(verifySignature({ ...request, path: '/other' }, key), 'mismatch');
  assert.equal(verifySignature({ ...request, method: 'GET' }, key), 'mismatch');
  assert.equal(verifySignature({ ...request, headers: { ...headers, host: 'other' } }, key), 'mismatch');
  assert.equal(verifySignature({ ...request, headers: { ...headers, 'x-amz-new': '1' } }, key), 'unsigned header');
  assert.equal(verifySignature(request, { ...key, secretAccessKey: 'other' }), 'mismatch');
  assert.equal(verifySignature(request, { ...key, region: 'eu-west-1' }), 'wrong scope');
  assert.equal(verifySignature(request, { ...key, accessKeyId: 'OTHER' }), 'unknown key');
  assert.equal(verifySignature({ ...request, headers: {} }, key), 'missing');
});
