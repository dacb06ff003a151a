import type { Log, LogLevel } from '../agent/host.ts';
import type { Clock } from '../agent/shared/clock.ts';
import { cleanText } from '../agent/workspace/clean.ts';

const longestRecord = 4000;

/** One line a record: time, level, message, fields as JSON. Debug records only when `verbose`. */
export function stderrLog(verbose: boolean, clock: Clock, write: (line: string) => void): Log {
  return (level: LogLevel, message, fields) => {
    if (level === 'debug' && !verbose) return;
    const rest = fields === undefined ? '' : ` ${serialised(fields)}`;
    const time = new Date(clock.now()).toISOString();
    write(`${time} ${level.padEnd(5)} ${cleanText(`${message}${rest}`, longestRecord)}\n`);
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
