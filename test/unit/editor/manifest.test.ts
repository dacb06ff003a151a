import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as z from 'zod/mini';
import { failures } from '../../../src/agent/failures.ts';
import { checkSettings, defaultSettings } from '../../../src/agent/settings.ts';
import { workspaceSettable } from '../../../src/editor/workspaceSettable.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const property = z.looseObject({
  type: z.string(),
  default: z.unknown(),
  scope: z.string(),
  markdownDescription: z.string(),
});
const menuEntry = z.object({ command: z.string(), when: z.optional(z.string()) });
const manifest = z
  .object({
    icon: z.string(),
    activationEvents: z.array(z.string()),
    capabilities: z.object({
      untrustedWorkspaces: z.object({ supported: z.string(), restrictedConfigurations: z.array(z.string()) }),
      virtualWorkspaces: z.object({ supported: z.boolean() }),
    }),
    contributes: z.object({
      commands: z.array(z.object({ command: z.string(), title: z.string(), category: z.string() })),
      menus: z.record(z.string(), z.array(menuEntry)),
      keybindings: z.array(menuEntry),
      configuration: z.array(z.object({ title: z.string(), properties: z.record(z.string(), property) })),
      views: z.object({ developerMesh: z.array(z.object({ id: z.string(), icon: z.string() })) }),
      viewsWelcome: z.array(z.object({ view: z.string(), contents: z.string() })),
      walkthroughs: z.array(
        z.object({
          icon: z.string(),
          steps: z.array(
            z.object({
              description: z.string(),
              media: z.object({ markdown: z.string() }),
              completionEvents: z.array(z.string()),
            }),
          ),
        }),
      ),
    }),
  })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
const { contributes } = manifest;
const properties = Object.assign({}, ...contributes.configuration.map((section) => section.properties));
const commandIds = new Set(contributes.commands.map(({ command }) => command));

/** `server.url` -> '' for every setting there is. */
const defaults = new Map(
  Object.entries(defaultSettings).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, value]): [string, unknown] => [`developerMesh.${section}.${key}`, value]),
  ),
);

test('package.json offers exactly the settings there are, with their defaults', () => {
  assert.deepEqual(Object.keys(properties).sort(), [...defaults.keys()].sort());
  for (const [name, value] of defaults) assert.deepEqual(properties[name].default, value, name);
});

test('only what shows less of the findings may be set by a workspace; all else is the machine’s', () => {
  for (const name of defaults.keys()) {
    const settable = workspaceSettable.has(name.replace('developerMesh.', ''));
    assert.equal(properties[name].scope, settable ? 'window' : 'machine', name);
  }
});

test('no setting that moves data, keys or money may be set by a workspace', () => {
  const moving = /^(server|agent|bedrock|limits)\.|^review\.useModel$/;
  for (const name of workspaceSettable) assert.doesNotMatch(name, moving);
});

test('in a workspace without trust even those values do not count', () => {
  const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  assert.deepEqual(restricted.toSorted(), [...workspaceSettable].map((name) => `developerMesh.${name}`).toSorted());
  assert.equal(manifest.capabilities.untrustedWorkspaces.supported, 'limited');
  assert.equal(manifest.capabilities.virtualWorkspaces.supported, false);
});

test('what package.json calls possible is possible, and what it calls too large is refused', () => {
  for (const name of defaults.keys()) {
    const [, section, key] = name.split('.');
    const { minimum, maximum, maxLength, enum: choices } = properties[name];
    const problems = (value: unknown) => checkSettings({ [section ?? '']: { [key ?? '']: value } }).problems.length;
    for (const value of [minimum, maximum, ...(choices ?? [])]) {
      if (value !== undefined) assert.equal(problems(value), 0, `${name}: ${value}`);
    }
    const impossible = [
      minimum === undefined ? undefined : minimum - 1,
      maximum === undefined ? undefined : maximum + 1,
      maxLength === undefined ? undefined : 'x'.repeat(maxLength + 1),
      choices === undefined ? undefined : 'none of them',
    ];
    for (const value of impossible) if (value !== undefined) assert.equal(problems(value), 1, `${name}: ${value}`);
  }
});

test('every setting that a failure wants to open exists', () => {
  const foreign = ['http.systemCertificates', 'http.proxy', 'http.noProxy'];
  /** Some take the setting from whoever fails. */
  const given = ['a', 'b', 'c', 'd'];
  for (const make of Object.values(failures)) {
    const { next } = Reflect.apply(make, undefined, given);
    if (next?.action !== 'openSetting' || given.includes(next.setting)) continue;
    assert.ok(defaults.has(next.setting) || foreign.includes(next.setting), next.setting);
  }
});

test('menus, keys, welcome pages and walkthrough name only commands that exist', () => {
  const known = (id: string, where: string) => {
    if (id.startsWith('developerMesh.') && !id.endsWith('.focus')) assert.ok(commandIds.has(id), `${where}: ${id}`);
  };
  for (const [menu, entries] of Object.entries(contributes.menus)) {
    for (const { command } of entries) known(command, menu);
  }
  for (const { command } of contributes.keybindings) known(command, 'keybindings');
  const texts = [
    ...contributes.viewsWelcome.map(({ contents }) => contents),
    ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ description }) => description)),
  ];
  for (const match of texts.join('\n').matchAll(/\(command:([\w.]+)/g)) known(match[1] ?? '', 'a text');
  for (const event of contributes.walkthroughs.flatMap(({ steps }) => steps.flatMap((step) => step.completionEvents))) {
    if (event.startsWith('onCommand:')) known(event.slice('onCommand:'.length), 'walkthrough');
  }
});

test('every command has a title in our category, and none is there twice', () => {
  assert.equal(commandIds.size, contributes.commands.length);
  for (const { category, title } of contributes.commands) {
    assert.equal(category, 'Developer Mesh');
    assert.match(title, /^[A-Z]/);
  }
});

test('the pictures and pages exist, and the icon is a PNG of at least 128 by 128', () => {
  const files = [
    ...contributes.walkthroughs.flatMap(({ icon, steps }) => [icon, ...steps.map(({ media }) => media.markdown)]),
    ...contributes.views.developerMesh.map(({ icon }) => icon),
  ];
  for (const file of files) assert.ok(existsSync(join(root, file)), file);
  const icon = readFileSync(join(root, manifest.icon));
  assert.equal(icon.toString('latin1', 1, 4), 'PNG');
  assert.ok(icon.readUInt32BE(16) >= 128 && icon.readUInt32BE(20) >= 128);
});

test('the editor is not held up: activation waits until it has started', () => {
  assert.deepEqual(manifest.activationEvents, ['onStartupFinished']);
});
