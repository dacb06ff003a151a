// `npm run headless -- <flags>`: the program without an editor, built first where it has not been.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.ts';
import { root } from './paths.ts';

const program = join(root, 'dist', 'headless.js');
if (!existsSync(program)) await build();
process.argv[1] = program;
await import(pathToFileURL(program).href);
