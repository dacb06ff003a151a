import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as z from 'zod/mini';
import { root } from '../../setup/paths.ts';

const shape = z.object({
  packages: z.record(z.string(), z.object({ optionalDependencies: z.optional(z.record(z.string(), z.string())) })),
});

/** The places where Node would look for a package that is needed at `path`, innermost first. */
function places(path: string, name: string): string[] {
  const at = path.lastIndexOf('/node_modules/');
  const outer = path === '' ? [] : places(at < 0 ? '' : path.slice(0, at), name);
  return [path === '' ? `node_modules/${name}` : `${path}/node_modules/${name}`, ...outer];
}

// npm leaves out what the registry in use does not have, and `npm ci` then refuses the lock file on every machine.
test('the lock file names the packages for every platform', () => {
  const { packages } = shape.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const wanted = Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).map((name) => ({ path, name })),
  );
  assert.ok(wanted.length > 10, 'the optional packages were not found');
  const missing = wanted.filter(({ path, name }) => !places(path, name).some((place) => place in packages));
  assert.deepEqual(missing, []);
});
