import { encodeEvent } from "../events/codec.ts";
import type { StoredEvent } from "../events/event.ts";
import type { EngineStore } from "../engine/tenant-store.ts";
import type { StreamItem } from "./route.ts";

/** How often the log is looked at for what other processes wrote. Milliseconds. */
const lookMs = 1_000;
/** How many of a run's last events are kept for all who follow it. */
const mostKept = 256;
/** How many events are read at once for who is further behind. */
const pageSize = 256;

/** An event as it goes out, made once for all who follow the run. */
export interface FeedItem {
  readonly seq: number;
  /** Whether nothing comes after it. */
  readonly isLast: boolean;
  readonly item: StreamItem;
}

/** The events of one run, for one who follows it. */
export interface FeedReader {
  /**
   * The next events after a place, oldest first: some of them where there are many, none where
   * there is nothing newer yet. @throws Agent33Error `store.*`, `events.malformed`
   */
  after(place: number): readonly FeedItem[];
  /** Ends the reader. */
  leave(): void;
}

type FeedStore = Pick<EngineStore, "runLog" | "onAppend">;

/**
 * What this process follows of a store. An append of this process is told at once; for those of
 * others the log is looked at from time to time. Each run is looked at once, however many follow it.
 */
class RunFeeds {
  readonly #store: FeedStore;
  readonly #feeds = new Map<string, Feed>();
  #stop: (() => void) | undefined;

  constructor(store: FeedStore) {
    this.#store = store;
  }

  join(runId: string, onNews: () => void): FeedReader {
    this.#stop ??= this.#store.onAppend((events) => {
      const [first] = events;
      if (first !== undefined) this.#feeds.get(first.runId)?.take(events);
    });
    const feed = this.#feeds.get(runId) ?? new Feed(runId, this.#store);
    this.#feeds.set(runId, feed);
    // Its own function, so that one listener given twice is two readers.
    const listener = (): void => onNews();
    feed.add(listener);
    return {
      after: (place) => feed.after(place),
      leave: () => {
        feed.remove(listener);
        if (!feed.isLeft || this.#feeds.get(runId) !== feed) return;
        this.#feeds.delete(runId);
        if (this.#feeds.size > 0) return;
        this.#stop?.();
        this.#stop = undefined;
      },
    };
  }
}

/** The newest events of one run, in order and without a gap. */
class Feed {
  readonly #runId: string;
  readonly #store: FeedStore;
  readonly #listeners = new Set<() => void>();
  #kept: FeedItem[] = [];
  /** The place of the last event that is kept; undefined where none was seen. */
  #end: number | undefined;
  /** Whether there may be more in the store than is kept. */
  #isBehind = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(runId: string, store: FeedStore) {
    this.#runId = runId;
    this.#store = store;
  }

  get isLeft(): boolean {
    return this.#listeners.size === 0;
  }

  add(listener: () => void): void {
    this.#listeners.add(listener);
    // What fails in the store then fails where a reader asks it.
    this.#timer ??= setInterval(() => {
      this.#isBehind = true;
      this.#ring();
    }, lookMs);
  }

  remove(listener: () => void): void {
    this.#listeners.delete(listener);
    if (!this.isLeft) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  take(events: readonly StoredEvent[]): void {
    const [first] = events;
    if (first === undefined) return;
    if (this.#end === undefined || first.seq === this.#end + 1) this.#keep(events);
    // Somebody else wrote before it, or it is known.
    else if (first.seq > this.#end) this.#isBehind = true;
    this.#ring();
  }

  after(place: number): readonly FeedItem[] {
    if (this.#isBehind) this.#catchUp();
    const first = this.#kept[0]?.seq;
    if (first !== undefined && place >= first - 1) return this.#kept.slice(place - first + 1);
    const page = this.#read(place + 1);
    if (page.length < pageSize && this.#end === undefined) this.#keep(page);
    return page.map(itemOf);
  }

  #catchUp(): void {
    // Where nothing is kept, readers look for themselves.
    while (this.#end !== undefined) {
      const page = this.#read(this.#end + 1);
      this.#keep(page);
      if (page.length < pageSize) break;
    }
    this.#isBehind = false;
  }

  #read(fromSeq: number): readonly StoredEvent[] {
    return this.#store.runLog.read(this.#runId, { fromSeq, limit: pageSize });
  }

  #keep(events: readonly StoredEvent[]): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.#end = last.seq;
    this.#kept = [...this.#kept, ...events.map(itemOf)].slice(-mostKept);
  }

  #ring(): void {
    for (const listener of this.#listeners) listener();
  }
}

function itemOf(event: StoredEvent): FeedItem {
  return {
    seq: event.seq,
    isLast: event.type === "run.finished",
    item: { id: String(event.seq), event: event.type, data: encodeEvent(event) },
  };
}

const known = new WeakMap<FeedStore, RunFeeds>();

/**
 * Begins to follow a run.
 * @param runId its whole id
 * @param onNews told when there may be more; it must not throw
 */
export function joinFeed(store: FeedStore, runId: string, onNews: () => void): FeedReader {
  const feeds = known.get(store) ?? new RunFeeds(store);
  known.set(store, feeds);
  return feeds.join(runId, onNews);
}
