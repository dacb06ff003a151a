import * as vscode from 'vscode';
import type { Log, LogLevel } from '../agent/host.ts';
import { plainLine } from './plainText.ts';

const longestRecord = 2000;

/**
 * One record, one clean line, whatever a server or a repository put into its fields. Never throws: what still runs
 * when the window closes may log into a channel that is closed already.
 */
export function logInto(channel: Pick<vscode.LogOutputChannel, LogLevel>): Log {
  return (level, message, fields) => {
    const line = fields ? `${message} ${serialised(fields)}` : message;
    try {
      channel[level](plainLine(line, longestRecord));
    } catch {
      // There is nobody left to read it.
    }
  };
}

function serialised(fields: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(fields);
  } catch (error) {
    // A cycle or a bigint is a mistake of the caller; the message alone is better than no record.
    return `(fields cannot be written: ${String(error)})`;
  }
}

export function openLogChannel(): vscode.LogOutputChannel {
  return vscode.window.createOutputChannel('Developer Mesh', { log: true });
}
