import { Agent33Error } from "../base/errors.ts";
import type { CallOptions, CallOutcome, CallStream } from "./types.ts";

/** Pieces that are kept for a reader before the handler is asked to wait. */
const mostKept = 16;

/** The pieces of one call between the handler that emits them and the loop that reads them. */
export class ChunkStream<O, C> implements CallStream<O, C> {
  readonly #make: (options: CallOptions<C>) => Promise<CallOutcome<O>>;
  readonly #options: CallOptions<C>;
  /** Aborts when the reader leaves. */
  readonly #left = new AbortController();
  readonly #kept: C[] = [];
  #outcome: Promise<CallOutcome<O>> | undefined;
  #ended: CallOutcome<O> | undefined;
  #news: PromiseWithResolvers<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #isRead = false;

  /** @param make makes the call, under these options */
  constructor(make: (options: CallOptions<C>) => Promise<CallOutcome<O>>, options: CallOptions<C>) {
    this.#make = make;
    this.#options = options;
  }

  get outcome(): Promise<CallOutcome<O>> {
    this.#outcome ??= this.#begin();
    return this.#outcome;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<C, void, undefined> {
    if (this.#isRead) {
      throw new Agent33Error("boundary.stream_read", "The pieces of a call can be read once.", {
        hint: "Collect them in an array, or make another call.",
      });
    }
    this.#isRead = true;
    const { outcome } = this;
    try {
      for (;;) {
        while (this.#kept.length > 0) {
          const piece = this.#kept.shift() as C;
          if (this.#kept.length < mostKept) this.#letOn();
          yield piece;
        }
        if (this.#ended !== undefined) break;
        this.#news = Promise.withResolvers<void>();
        await this.#news.promise;
      }
    } finally {
      this.#left.abort();
      this.#letOn();
      await outcome;
    }
    if (!this.#ended.ok) throw this.#ended.error;
  }

  async #begin(): Promise<CallOutcome<O>> {
    const { signal } = this.#options;
    this.#ended = await this.#make({
      ...this.#options,
      signal:
        signal === undefined ? this.#left.signal : AbortSignal.any([signal, this.#left.signal]),
      onChunk: (chunk) => this.#take(chunk),
      room: () => this.#roomLeft(),
    });
    this.#news?.resolve();
    return this.#ended;
  }

  #take(chunk: C): void {
    this.#kept.push(chunk);
    this.#options.onChunk?.(chunk);
    this.#news?.resolve();
  }

  #letOn(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  #roomLeft(): Promise<void> | undefined {
    if (this.#kept.length < mostKept) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }
}
