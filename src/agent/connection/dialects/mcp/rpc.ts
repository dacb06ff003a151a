import { type Fields, fieldsOf, isObject, pick } from '../../fields.ts';
import type { Refusal } from '../../messages.ts';
import { refusalOf } from '../../refusal.ts';
import { parseJson } from '../../safeJson.ts';
import { readId } from '../../taskFields.ts';

/** Compact, because one server looks for the bytes `"jsonrpc":"2.0"`. Without an id it is a notification. */
export function rpcRequest(id: string | undefined, method: string, params?: object): string {
  return JSON.stringify({ jsonrpc: '2.0', ...(id !== undefined && { id }), method, ...(params && { params }) });
}

export interface RpcError {
  readonly code: unknown;
  readonly text: string;
  readonly data: Fields;
}

export type RpcFrame =
  | { readonly kind: 'call'; readonly id: string | undefined; readonly method: string; readonly params: Fields }
  | { readonly kind: 'result'; readonly id: string | undefined; readonly result: Fields }
  | { readonly kind: 'error'; readonly id: string | undefined; readonly error: RpcError }
  | { readonly kind: 'malformed'; readonly problem: string };

export function readRpc(text: string): RpcFrame {
  const json = parseJson(text);
  if (!json.ok) return { kind: 'malformed', problem: json.problem };
  if (!isObject(json.value)) return { kind: 'malformed', problem: 'not an object' };
  const frame = fieldsOf(json.value);
  if (pick(frame, 'jsonrpc') !== '2.0') return { kind: 'malformed', problem: 'not JSON-RPC 2.0' };
  const id = readId(frame, ['id']);
  const method = pick(frame, 'method');
  if (typeof method === 'string') return { kind: 'call', id, method, params: fieldsOf(pick(frame, 'params')) };
  const given = pick(frame, 'error');
  if (isObject(given)) {
    const error = fieldsOf(given);
    const message = pick(error, 'message');
    const text = (typeof message === 'string' ? message : 'an error without a text').slice(0, 1000);
    return { kind: 'error', id, error: { code: pick(error, 'code'), text, data: fieldsOf(pick(error, 'data')) } };
  }
  if (frame.has('result')) return { kind: 'result', id, result: fieldsOf(pick(frame, 'result')) };
  return { kind: 'malformed', problem: 'neither a method, nor a result, nor an error' };
}

const byRpcCode: Readonly<Record<string, Refusal>> = {
  '-32001': 'key',
  '-32002': 'final',
  '-32003': 'rate',
  '-32600': 'final',
  '-32601': 'final',
  '-32602': 'final',
};

/** What an error means for the message it answers; a tool's own error has no code. */
export function rpcRefusal(code: unknown, text: string): Refusal {
  const known = byRpcCode[String(code)];
  if (known === 'key' || known === 'rate') return known;
  if (/\btask not found\b/.test(text)) return 'final';
  if (/\brate limit exceeded\b/i.test(text)) return 'rate';
  const said = refusalOf(code, text);
  return said === 'passing' ? (known ?? said) : said;
}

/** Whether an error says that there is no such method; one server has no code of its own for it. */
export function isUnknownMethod(code: unknown, text: string): boolean {
  return code === -32601 || code === -32602 || /\bmethod not found\b/i.test(text);
}

export interface BatchEntry {
  readonly value?: Fields;
  readonly error?: string;
}

export type BatchEntries = ReadonlyMap<string, BatchEntry>;

/**
 * The entries of a batch's result by the id that we gave each: `value` where it worked, `error` where it did not.
 * What begins with `prefix` is known without it.
 */
export function batchEntries(result: Fields, prefix: string): BatchEntries {
  return new Map<string, BatchEntry>(
    entriesOf(result).map((entry) => {
      const fields = fieldsOf(entry);
      const given = readId(fields, ['id']) ?? '';
      const id = given.startsWith(prefix) ? given.slice(prefix.length) : given;
      const value = fieldsOf(pick(fields, 'result'));
      // Some tools fail with a success that says so inside.
      const failed = pick(fields, 'status') !== 'success' || pick(value, 'success') === false;
      if (!failed) return [id, { value }];
      const error = pick(fields, 'error') ?? pick(value, 'error');
      return [id, { error: typeof error === 'string' ? error.slice(0, 1000) : 'the tool failed' }];
    }),
  );
}

/** What stands before the first space of the first entry's id: the batch's own id, where that was sent as part of it. */
export function batchIdOf(result: Fields): string | undefined {
  return readId(fieldsOf(entriesOf(result)[0]), ['id'])?.split(' ')[0];
}

function entriesOf(result: Fields): readonly unknown[] {
  const list = pick(result, 'batch_results');
  return Array.isArray(list) ? list.slice(0, 10) : [];
}
