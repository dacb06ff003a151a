import { type Fields, pick } from '../../fields.ts';
import { readId } from '../../taskFields.ts';

const mostResponses = 4;
const mostPieces = 64;
const mostCharacters = 4 * 1024 * 1024;

/**
 * A response that was too long for one message comes as `$/contentChunk` notifications, in order, before a response
 * that only says so. Cut by bytes, so that a character on a border may be lost: nothing we read has any there.
 */
export interface Pieces {
  /** False when it is not the piece that was due. */
  add(params: Fields): boolean;
  /** The whole response as text, once; undefined when pieces are missing. */
  take(requestId: string): string | undefined;
}

export function createPieces(): Pieces {
  const parts = new Map<string, { readonly total: number; readonly texts: string[]; length: number }>();
  return {
    add: (params) => {
      const id = readId(params, ['requestId']);
      const index = pick(params, 'chunk');
      const total = pick(params, 'totalChunks');
      const data = pick(params, 'data');
      if (id === undefined || typeof data !== 'string' || typeof total !== 'number') return false;
      if (index === 0 && total >= 1 && total <= mostPieces) {
        if (parts.size >= mostResponses && !parts.has(id)) parts.clear();
        parts.set(id, { total, texts: [], length: 0 });
      }
      const part = parts.get(id);
      if (!part) return false;
      part.length += data.length;
      if (index === part.texts.length && index < part.total && part.length <= mostCharacters) {
        part.texts.push(data);
        return true;
      }
      parts.delete(id);
      return false;
    },
    take: (requestId) => {
      const part = parts.get(requestId);
      parts.delete(requestId);
      return part && part.texts.length === part.total ? part.texts.join('') : undefined;
    },
  };
}
