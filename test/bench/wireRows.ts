/** One line of a bench: what it is compared with stands beside it, measured in the same run. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly goal: string;
  readonly holds: boolean;
}

/** `ours` against `most` times what it is compared with. */
export function ratioRow(what: string, ours: number, other: number, named: string, most: number, unit = 'ms'): Row {
  const ratio = ours / other;
  return {
    what,
    ours: `${show(ours)} ${unit} = ${ratio.toFixed(2)} x (${named}: ${show(other)} ${unit})`,
    goal: `<= ${most} x`,
    holds: ratio <= most,
  };
}

export function limitRow(what: string, ours: number, most: number, unit: string, beside = ''): Row {
  return {
    what,
    ours: `${show(ours)} ${unit}${beside && ` (${beside})`}`,
    goal: `<= ${most} ${unit}`,
    holds: ours <= most,
  };
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function printRow({ what, ours, goal, holds }: Row): void {
  console.log(`${holds ? 'holds         ' : 'does not hold '} ${what}: ${ours}, goal ${goal}`);
}

function show(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 1 ? 2 : 3);
}
