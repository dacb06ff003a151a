export type JsonObject = Readonly<Record<string, unknown>>;

export interface MeshFrame {
  /** Over all connections, from 1. */
  readonly order: number;
  /** Milliseconds since the server was made. */
  readonly at: number;
  /** Which connection, from 1. */
  readonly connection: number;
  readonly direction: 'in' | 'out';
  readonly text: string;
  /** `type`, or '' when the frame has none. */
  readonly type: string;
  readonly json: JsonObject;
  /** `json.payload` where that is an object, else empty. */
  readonly payload: JsonObject;
}

/** The object a frame is; empty when it is none. */
export function objectFrom(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    // Recorded as it came, in `text`.
    return {};
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
