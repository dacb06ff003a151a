// What the runner outside the editor and the suites inside tell each other.
import * as z from 'zod/mini';

const failureShape = z.object({ name: z.string(), message: z.string() });
const resultShape = z.object({ passed: z.int(), failures: z.array(failureShape) });
const orderShape = z.object({ resultFile: z.string(), grep: z.optional(z.string()) });

export type SuiteFailure = z.infer<typeof failureShape>;
export type SuiteResult = z.infer<typeof resultShape>;

/** Where the suites put their result, and the tests to which they are limited (as Mocha's grep). */
export type SuiteOrder = z.infer<typeof orderShape>;

const variable = 'EDITOR_SUITE_ORDER';

/** The order as environment variables of the extension host. */
export function orderEnvironment(order: SuiteOrder): Record<string, string> {
  return { [variable]: JSON.stringify(order) };
}

export function parseOrder(environment: NodeJS.ProcessEnv): SuiteOrder {
  return orderShape.parse(JSON.parse(environment[variable] ?? 'null'));
}

export function parseResult(text: string): SuiteResult {
  return resultShape.parse(JSON.parse(text));
}

const mark = '[suite] ';

/** A line of the suites on the console, which they share with every other extension. */
export function suiteLine(text: string): string {
  return mark + text;
}

/** The text of such a line, or undefined for anybody else's. */
export function readSuiteLine(args: readonly unknown[]): string | undefined {
  const [first] = args;
  return typeof first === 'string' && first.startsWith(mark) ? first.slice(mark.length) : undefined;
}
