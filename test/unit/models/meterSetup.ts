import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallRules, callRules } from '../../../src/agent/models/callRules.ts';
import type { MeterParts, TaskCalls } from '../../../src/agent/models/meter.ts';
import { RateWindow } from '../../../src/agent/models/rateWindow.ts';
import { SpendLedger } from '../../../src/agent/models/spendLedger.ts';
import { defaultSettings } from '../../../src/agent/settings.ts';
import { type Clock, systemClock } from '../../../src/agent/shared/clock.ts';

/** The rules of the default settings, but for what is given. */
export function rulesWith(changes: Partial<CallRules> = {}): CallRules {
  return { ...callRules(defaultSettings, undefined, 'code_review'), ...changes };
}

export function budgetWith(changes: Partial<CallRules['budget']>): Partial<CallRules> {
  return { budget: { ...rulesWith().budget, ...changes } };
}

/** A task that begins now. */
export function taskWith(changes: Partial<CallRules> = {}, deadline?: number): TaskCalls {
  const spent = { tokens: 0, dollars: 0, held: 0 };
  return { rules: rulesWith(changes), spent, ...(deadline !== undefined && { deadline }) };
}

export function ledgerFolder(): string {
  return join(mkdtempSync(join(tmpdir(), 'spend-')), 'spend');
}

export function meterParts(clock: Clock = systemClock, folder = ledgerFolder()): MeterParts {
  const ledger = new SpendLedger(folder, { clock, log: () => undefined });
  return { clock, ledger, rates: new RateWindow(clock), held: { tokens: 0, dollars: 0 } };
}
