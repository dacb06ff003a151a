import type { LineSpan } from '../../workspace/snapshot.ts';
import { linesOf } from '../lines.ts';
import type { ReviewedFile } from '../reviewedFile.ts';
import { costOf, halvesOf, partsOf } from './chunks.ts';
import type { ReviewPart } from './prompt.ts';

/** Characters of code in one request, the gutter included; about 12,000 tokens. */
const chunkBudget = 40_000;
/** Files this short are asked about together, up to so many characters and files in one request. */
const shortFile = 12_000;
const batchBudget = 24_000;
const batchFiles = 6;

/** What is shown of one file at once. */
export interface Piece {
  readonly file: ReviewedFile;
  readonly spans: readonly LineSpan[];
  readonly part: ReviewPart;
  /** Characters of code, the gutter included. */
  readonly cost: number;
}

/** Everything of a file that is to be looked at, piece by piece. `part` is what the pieces have in common. */
export function piecesOf(file: ReviewedFile, part: Omit<ReviewPart, 'spans'>): Piece[] {
  const lines = linesOf(file.shownText);
  return partsOf(lines, chunkBudget, file.snapshot.changed).map((spans) => pieceOf(file, spans, part));
}

function pieceOf(file: ReviewedFile, spans: readonly LineSpan[], part: Omit<ReviewPart, 'spans'>): Piece {
  const lines = linesOf(file.shownText);
  const cost = spans.reduce((sum, span) => sum + costOf(lines, span), 0);
  return { file, spans, part: { ...part, spans }, cost };
}

/**
 * The pieces in requests, in their order: short ones share a request, so that what every request begins with is paid
 * for less often, and evenly, so that requests side by side take equally long.
 */
export function batchesOf(pieces: readonly Piece[]): Piece[][] {
  const short = pieces.filter(({ cost }) => cost <= shortFile);
  const total = short.reduce((sum, { cost }) => sum + cost, 0);
  const count = Math.max(1, Math.ceil(total / batchBudget), Math.ceil(short.length / batchFiles));
  const share = total / count;
  const batches: Piece[][] = [];
  let open: Piece[] | undefined;
  let filled = 0;
  for (const piece of pieces) {
    if (piece.cost > shortFile) {
      batches.push([piece]);
      continue;
    }
    // Half over the share is nearer to it than half under.
    const fits =
      open && open.length < batchFiles && filled + piece.cost / 2 <= share && filled + piece.cost <= batchBudget;
    if (open && fits) open.push(piece);
    else {
      open = [piece];
      filled = 0;
      batches.push(open);
    }
    filled += piece.cost;
  }
  return batches;
}

/** Smaller requests in the place of one that was too much: its files one by one, or the parts of its only piece. */
export function smaller(batch: readonly Piece[]): Piece[][] {
  const [only, ...others] = batch;
  if (!only) return [];
  if (others.length > 0) return batch.map((piece) => [piece]);
  return halvesOf(only.spans).map((spans) => [pieceOf(only.file, spans, only.part)]);
}
