import type { Spend } from '../agent/models/spendLedger.ts';
import type { Settings } from '../agent/settings.ts';

/** What the model cost, and of which budget: a label and its words, today and this month. */
export function spendLines(
  spend: Spend,
  budget: Settings['budget'],
): readonly (readonly [label: string, value: string])[] {
  const { tokensToday, tokensThisMonth, dollarsToday, dollarsThisMonth, tokensWithoutPrice } = spend;
  const today = [
    budget.tokensPerDay > 0 ? `${count(tokensToday)} of ${tokens(budget.tokensPerDay)}` : tokens(tokensToday),
    // All that is known of the price is that of the month.
    dollarsToday === 0 && tokensToday > 0 && tokensWithoutPrice > 0
      ? 'price unknown'
      : dollarsOf(dollarsToday, budget.dollarsPerDay),
  ];
  const unpriced = tokensWithoutPrice >= tokensThisMonth ? [] : [`price of ${tokens(tokensWithoutPrice)} unknown`];
  const month = [
    tokens(tokensThisMonth),
    ...(tokensThisMonth > 0 && tokensWithoutPrice >= tokensThisMonth
      ? ['price unknown']
      : [dollarsOf(dollarsThisMonth, budget.dollarsPerMonth)]),
    ...(tokensWithoutPrice > 0 ? unpriced : []),
  ];
  return [
    ['AI today', today.join(' · ')],
    ['AI this month', month.join(' · ')],
  ];
}

/** A limit of 0 is none. */
function dollarsOf(spent: number, limit: number): string {
  return limit > 0 ? `${dollars(spent)} of ${dollars(limit)}` : dollars(spent);
}

const count = (number: number) => number.toLocaleString('en-US');
const tokens = (number: number) => `${count(number)} tokens`;

/** Whole cents, but never nothing for something. */
function dollars(amount: number): string {
  return amount > 0 && amount < 0.01 ? 'less than $0.01' : `$${amount.toFixed(2)}`;
}
