import type { Failure } from '../failures.ts';

/** Where the connection stands; the status bar is a switch over it. */
export type ConnectionState =
  /** Not wanted: signed out, disconnected by the person, or no trust (`failure` says which of these needs an action). */
  | { readonly kind: 'off'; readonly failure?: Failure }
  | { readonly kind: 'connecting'; readonly url: string; readonly attempt: number }
  | {
      readonly kind: 'connected';
      readonly url: string;
      readonly agentId: string;
      readonly dialect: string;
      /** Of the last ping; undefined before the first. */
      readonly latencyMs?: number;
    }
  | {
      readonly kind: 'waiting';
      readonly url: string;
      readonly attempt: number;
      /** From the moment the state was entered. */
      readonly retryInMs: number;
      readonly failure: Failure;
    }
  /** Nothing is tried again until the person acts: a refused key, say. */
  | { readonly kind: 'attention'; readonly url: string; readonly failure: Failure };
