import * as vscode from 'vscode';
import type { Agent } from '../agent/agent.ts';
import type { Failure, NextStep } from '../agent/failures.ts';
import type { Disposable } from '../agent/shared/disposables.ts';
import { openSettings } from './openSettings.ts';
import { plainLine } from './plainText.ts';

const longWaitMs = 60_000;

/** Speaks up only when nothing goes on without the person, or not for minutes, and once for each thing that is wrong. */
export function notify(agent: Agent): Disposable {
  const told = new Set<string>();
  const tellOnce = (failure: Failure) => {
    if (told.has(failure.code)) return;
    told.add(failure.code);
    showFailure(failure);
  };
  return agent.onEvent((event) => {
    if (event.type === 'attention' || event.type === 'notice') tellOnce(event.failure);
    // The person waits for minutes, or mends it and tries at once.
    if (event.type === 'waiting' && event.retryInMs >= longWaitMs) tellOnce(event.failure);
    // Until the next day or another budget, each task of the server ends like this.
    if (event.type === 'task-end' && event.task.origin === 'server' && event.failure?.code === 'budget') {
      tellOnce(event.failure);
    }
    // What was wrong is over; should it come again, it is news.
    if (event.type === 'connected') told.clear();
  });
}

/** A question in the corner of the window. */
export const inNotifications = {
  ask: (sentence: string, buttons: readonly string[]) => vscode.window.showInformationMessage(sentence, ...buttons),
  tell(sentence: string): void {
    vscode.window.setStatusBarMessage(sentence, 3000);
  },
};

export interface FailureButton {
  readonly title: string;
  press(): unknown;
}

/** One sentence, with the next step as its button, and perhaps another. Resolves when it is answered or closed. */
export async function showFailure(failure: Failure, more?: FailureButton): Promise<void> {
  const buttons = [...(failure.next ? [failure.next.title] : []), ...(more ? [more.title] : [])];
  const pressed = await vscode.window.showWarningMessage(plainLine(failure.message), ...buttons);
  if (pressed && pressed === more?.title) await more.press();
  else if (pressed && failure.next) await takeStep(failure.next);
}

async function takeStep(step: NextStep): Promise<void> {
  switch (step.action) {
    case 'signIn':
      return vscode.commands.executeCommand('developerMesh.signIn');
    case 'reconnect':
      return vscode.commands.executeCommand('developerMesh.reconnectNow');
    case 'showLog':
      return vscode.commands.executeCommand('developerMesh.showLog');
    case 'openSetting':
      return openSettings(`@id:${step.setting}`);
    case 'openFolder':
      return vscode.commands.executeCommand('vscode.openFolder');
    case 'manageTrust':
      return vscode.commands.executeCommand('workbench.trust.manage');
  }
}
