import type { ModelRequest } from '../agent/models/model.ts';
import { pricesAsOf } from '../agent/models/prices.ts';
import type { Preview } from '../agent/review/preview.ts';
import { plainLine, wrapped } from './plainText.ts';

/** UTF-16 units; a longer page would take the editor too long to open. */
const longestPage = 4_000_000;
const mostNamed = 8;

/** e.g. `About 320,000 tokens go to <model>, for about $0.96 by list price (2026-08).` */
function costSentence({ tokens, dollars, model, requests }: Preview): string {
  const price =
    dollars === undefined
      ? 'Its price is not known.'
      : `That is about $${dollars.toFixed(2)} by list price (${pricesAsOf}), answers included.`;
  const amount = `${count(rounded(tokens), 'token')} in ${count(requests.length, 'request')}`;
  return `About ${amount} go to ${plainLine(model ?? 'the model', 120)}. ${price}`;
}

/** For a dialog: what it is, and what the person should know before it is sent. */
export function largeQuestion(preview: Preview): { readonly message: string; readonly detail: string } {
  const { files, notReviewed } = preview;
  const left = notReviewed.slice(0, mostNamed).map((one) => `  ${leftOut(one)}`);
  const more = notReviewed.length - left.length;
  const rows = [
    costSentence(preview),
    ...rememberedRow(preview),
    ...(left.length > 0 ? ['', 'Left out:', ...left] : []),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
  return { message: `Review ${count(files, 'file')}?`, detail: rows.join('\n') };
}

/** Word for word what a review would send, as a page of plain text. */
export function previewPage(title: string, preview: Preview): string {
  const { files, requests, notReviewed, failure, model } = preview;
  const head = [
    `What would be sent: ${plainLine(title)}`,
    '',
    'Nothing was sent. Values of secrets are masked; only the random marks around the data differ in each run.',
    ...(failure ? [`No model can be asked now: ${plainLine(failure.message)}`] : []),
    ...(requests.length > 0 && model !== undefined ? [costSentence(preview)] : []),
    ...(requests.length === 0 && !failure ? ['There is nothing to send.'] : []),
    ...rememberedRow(preview),
    `${count(files, 'file')} asked for. ${notReviewed.length === 0 ? 'Nothing is left out.' : 'Left out:'}`,
    ...notReviewed.map((one) => `    ${leftOut(one)}`),
  ];
  const pages = [wrapped(head.join('\n'))];
  const [first] = requests;
  if (first) {
    // Every request of a run has the same manual and the same form.
    pages.push(section('Sent with every request: the instructions', first.system));
    if (first.tool) {
      const { name, description, schema } = first.tool;
      pages.push(
        section(
          'Sent with every request: the form of the answer',
          JSON.stringify({ name, description, schema }, undefined, 2),
        ),
      );
    }
  }
  pages.push(...requests.map((request, index) => promptSection(request, `Request ${index + 1} of ${requests.length}`)));
  const page = `${pages.join('\n\n')}\n`;
  return page.length <= longestPage
    ? page
    : `${page.slice(0, longestPage).toWellFormed()}\n\n(The page ends here; ${count(page.length - longestPage, 'character')} more would be sent.)\n`;
}

function promptSection({ prompt, maxTokens }: ModelRequest, title: string): string {
  return section(`${title}, answered with at most ${count(maxTokens, 'token')}`, prompt);
}

function section(title: string, text: string): string {
  return `${'='.repeat(80)}\n${title}\n${'='.repeat(80)}\n\n${text}`;
}

function rememberedRow({ remembered }: Preview): string[] {
  return remembered === 0
    ? []
    : [`${count(remembered, 'part')} did not change since the last review and would not be sent.`];
}

function leftOut({ file, reason }: { readonly file: string; readonly reason: string }): string {
  return plainLine(`${file}: ${reason}`, 160);
}

function count(number: number, what: string): string {
  return `${number.toLocaleString('en-US')} ${what}${number === 1 ? '' : 's'}`;
}

/** An estimate has two digits that mean something. */
function rounded(number: number): number {
  return Number(number.toPrecision(2));
}
