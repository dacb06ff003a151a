// What a person does in the window, and what they see there.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';

/** Generous: the machine may be busy, and nothing here is about speed. */
export const patienceMs = 60_000;

/** The extension's item in the status bar. Its label is what is read aloud. */
export function statusItem(page: Page, label: string | RegExp): Locator {
  const item = page.locator('[id$="developerMesh.status"]');
  return typeof label === 'string' ? item.locator(`a[aria-label*="${label}"]`) : item.getByLabel(label);
}

export async function sees(locator: Locator): Promise<void> {
  await locator.first().waitFor({ state: 'visible', timeout: patienceMs });
}

export async function seesNoMore(locator: Locator): Promise<void> {
  await locator.first().waitFor({ state: 'hidden', timeout: patienceMs });
}

export const quickInput = (page: Page) => page.locator('.quick-input-widget:visible');

/** Runs a command as it is named in the palette, such as `Developer Mesh: Sign In…`. */
export async function runCommand(page: Page, title: string): Promise<void> {
  await page.keyboard.press('F1');
  const input = quickInput(page).locator('input[type="text"]');
  await input.fill(`>${title}`, { timeout: patienceMs });
  const row = quickInput(page).locator('.monaco-list-row').filter({ hasText: title }).first();
  await row.click({ timeout: patienceMs });
}

/** Types into the input box whose title or prompt holds `about`, and confirms. */
export async function fillIn(page: Page, about: string | RegExp, text: string): Promise<void> {
  const box = quickInput(page).filter({ hasText: about });
  await box.locator('input').first().fill(text, { timeout: patienceMs });
  await page.keyboard.press('Enter');
}

/** A message in the corner of the window. */
export function message(page: Page, text: string | RegExp): Locator {
  return page.locator('.notifications-toasts .notification-list-item').filter({ hasText: text });
}

export async function press(place: Locator, button: string): Promise<void> {
  await place.getByRole('button', { name: button, exact: true }).first().click({ timeout: patienceMs });
}

/** Opens a file through the explorer, folder by folder. */
export async function openFile(page: Page, path: string): Promise<void> {
  for (const name of path.split('/')) {
    const row = page
      .locator('.explorer-folders-view .monaco-list-row')
      .filter({ has: page.getByText(name, { exact: true }) });
    await sees(row);
    if ((await row.getAttribute('aria-expanded')) !== 'true') await row.click();
  }
  await sees(page.locator('.tab.active').filter({ hasText: path.split('/').at(-1) ?? path }));
}

/** For what happens outside of the window. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `it never came to this: ${holds}`);
    await pause(50);
  }
}
