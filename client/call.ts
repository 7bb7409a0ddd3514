import type { Problem } from "./operations.ts";

/** What came of a call: a value, or the problem that the server or the way to it had. */
export type Result<T> =
  | {
      readonly ok: true;
      readonly value: T;
      /** The HTTP status. */
      readonly status: number;
      /** Where what was made can be found; undefined where nothing was. */
      readonly location: string | undefined;
    }
  | { readonly ok: false; readonly problem: Problem };

/** What every call takes besides its input. */
export interface CallOptions {
  /** Ends the call; its problem is then `client.aborted`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds until the whole answer is there, of this call; its problem is `client.timeout` where it is
   * not. Of an answer in lines: between two pieces of it. Infinity is no limit. Default: the client's, and
   * longer where the server takes longer for the operation. Events have `silenceMs` in its place.
   */
  readonly timeoutMs?: number | undefined;
}

/** What following a stream takes besides its input. */
export interface FollowOptions extends Omit<CallOptions, "timeoutMs"> {
  /** Told whether events can come: `open` from the server's first word on, `waiting` before it and between attempts. */
  readonly onState?: ((state: "open" | "waiting") => void) | undefined;
  /** Milliseconds without a sign of life after which the stream is opened anew. Default: 45 000. */
  readonly silenceMs?: number | undefined;
}

/** One thing that a stream tells. A problem is the last: nothing can come after it. */
export type StreamItem<T> =
  | { readonly ok: true; readonly id: string | undefined; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };

/** What an operation takes that takes nothing. */
export type NoInput = Readonly<Record<string, never>>;

/** An operation: no input is needed where all of it may be left out. It never throws. */
export type Call<Input, Output> = undefined extends Input
  ? (input?: Input, options?: CallOptions) => Promise<Output>
  : (input: Input, options?: CallOptions) => Promise<Output>;

/** An operation that tells events until nothing more can come, over broken connections. It never throws. */
export type Follow<Input, Event> = undefined extends Input
  ? (input?: Input, options?: FollowOptions) => AsyncGenerator<StreamItem<Event>, void, undefined>
  : (input: Input, options?: FollowOptions) => AsyncGenerator<StreamItem<Event>, void, undefined>;
