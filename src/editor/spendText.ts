import type { Spend } from '../agent/models/spendLedger.ts';
import type { Settings } from '../agent/settings.ts';

/** What the model cost, and of which budget: a label and its words, today and this month. */
export function spendLines(
  spend: Spend,
  budget: Settings['budget'],
): readonly (readonly [label: string, value: string])[] {
  const { tokensToday, tokensThisMonth, dollarsToday, dollarsThisMonth, tokensWithoutPrice } = spend;
  const today = [
    of(tokens(tokensToday), budget.tokensPerDay, tokens),
    // All that is known of the price is that of the month.
    dollarsToday === 0 && tokensToday > 0 && tokensWithoutPrice > 0
      ? 'price unknown'
      : of(dollars(dollarsToday), budget.dollarsPerDay, dollars),
  ];
  const unpriced = tokensWithoutPrice >= tokensThisMonth ? [] : [`price of ${tokens(tokensWithoutPrice)} unknown`];
  const month = [
    tokens(tokensThisMonth),
    ...(tokensThisMonth > 0 && tokensWithoutPrice >= tokensThisMonth
      ? ['price unknown']
      : [of(dollars(dollarsThisMonth), budget.dollarsPerMonth, dollars)]),
    ...(tokensWithoutPrice > 0 ? unpriced : []),
  ];
  return [
    ['AI today', today.join(' · ')],
    ['AI this month', month.join(' · ')],
  ];
}

/** 0 is no limit. */
function of(spent: string, limit: number, words: (limit: number) => string): string {
  return limit > 0 ? `${spent} of ${words(limit)}` : spent;
}

const tokens = (count: number) => `${count.toLocaleString('en-US')} tokens`;

/** Whole cents, but never nothing for something. */
function dollars(amount: number): string {
  return amount > 0 && amount < 0.01 ? 'less than $0.01' : `$${amount.toFixed(2)}`;
}
