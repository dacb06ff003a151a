import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runCommand } from './command.ts';
import { root } from './paths.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];

const elsewhere = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

/** An installed Chromium, Chrome or Edge. Root on Debian gets Chromium installed; anyone else is told what to do. */
export async function ensureBrowser(): Promise<string> {
  const found = findBrowser();
  if (found) return found;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(missing);

  console.log('Installing Chromium with apt-get.');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await runCommand('apt-get', ['update'], { cwd: root, env });
    await runCommand('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], { cwd: root, env });
  } catch (error) {
    throw new Error(missing, { cause: error });
  }
  const installed = findBrowser();
  if (!installed) throw new Error(missing);
  return installed;
}

const missing =
  'The editor tests need a browser: install Chromium, Google Chrome or Microsoft Edge (on Debian: apt-get install chromium).';

function findBrowser(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const candidates = names.flatMap((name) => [...folders, '/usr/bin'].map((folder) => join(folder, name)));
  return [...candidates, ...elsewhere].find((path) => existsSync(path));
}
