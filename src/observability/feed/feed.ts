import type { StoredEvent } from "../../events/event.ts";
import type { RecordedCall } from "./recorded-call.ts";

/** A run, as far as what is told of its events names it. */
export interface ToldRun {
  readonly id: string;
  readonly agent: string;
  readonly model: string;
  readonly effort: string;
}

/** One thing that happened: a call is over, or an event is in the log of a run. */
export type Told =
  | { readonly kind: "call"; readonly tenant: string; readonly call: RecordedCall }
  | {
      readonly kind: "event";
      readonly tenant: string;
      readonly run: ToldRun;
      readonly event: StoredEvent;
    };

/** How far one tenant's store has been read. */
export interface TenantPlace {
  /** Links of the audit's chain. */
  readonly calls: number;
  /** The place in the list of runs. */
  readonly runs: number;
  /** Runs that go on, and how far the log of each was read. */
  readonly open: Readonly<Record<string, number>>;
}

/** How far the store has been read, by tenant. It is all that whoever reads has to keep. */
export type Place = Readonly<Record<string, TenantPlace>>;

/** What the feed is read from: the audit's chain and the logs of runs, which are never changed. */
export interface FeedSource {
  tenants(): Promise<readonly string[]>;
  /** The calls among the links after a place, and the last link that was looked at. */
  calls(
    tenant: string,
    after: number,
    limit: number,
  ): Promise<{ readonly calls: readonly RecordedCall[]; readonly last: number }>;
  /** Runs after a place, in the order in which they were made. */
  runs(
    tenant: string,
    after: number,
    limit: number,
  ): Promise<readonly { readonly seq: number; readonly id: string }[]>;
  /** What a run is, and whether its log is at its end; undefined where it is no longer there. */
  run(
    tenant: string,
    id: string,
  ): Promise<{ readonly run: ToldRun; readonly finished: boolean } | undefined>;
  events(tenant: string, run: string, fromSeq: number): Promise<readonly StoredEvent[]>;
}

export const beginning: TenantPlace = { calls: 0, runs: 0, open: {} };

/**
 * What happened after a place, and the place after it. Each thing is told once for each reader,
 * however often processes end in between: the place is in what is never changed, so nothing is put
 * into a queue that could be lost or grow.
 * @param limit about how much is read at once; the log of a run is not cut
 */
export async function readFeed(
  source: FeedSource,
  place: Place,
  limit: number,
): Promise<{ readonly told: readonly Told[]; readonly place: Place; readonly more: boolean }> {
  const told: Told[] = [];
  const next: Record<string, TenantPlace> = { ...place };
  let more = false;
  for (const tenant of await source.tenants()) {
    const read = await readTenant(source, tenant, place[tenant] ?? beginning, limit);
    told.push(...read.told);
    next[tenant] = read.place;
    more ||= read.more;
  }
  return { told, place: next, more };
}

async function readTenant(source: FeedSource, tenant: string, from: TenantPlace, limit: number) {
  const { calls, last } = await source.calls(tenant, from.calls, limit);
  const told: Told[] = calls.map((call) => ({ kind: "call", tenant, call }));
  const open = new Map(Object.entries(from.open));
  const fresh = await source.runs(tenant, from.runs, limit);
  for (const { id } of fresh) open.set(id, 0);
  let full = false;
  for (const [id, seq] of open) {
    if (told.length >= 2 * limit) {
      full = true;
      break;
    }
    // Asked before its log is read: the last event is written together with it.
    const known = await source.run(tenant, id);
    const events = known === undefined ? [] : await source.events(tenant, id, seq + 1);
    for (const event of events) {
      if (known !== undefined) told.push({ kind: "event", tenant, run: known.run, event });
    }
    if (known === undefined || known.finished) open.delete(id);
    else open.set(id, events.at(-1)?.seq ?? seq);
  }
  const place: TenantPlace = {
    calls: last,
    runs: fresh.at(-1)?.seq ?? from.runs,
    open: Object.fromEntries(open),
  };
  const more = full || last - from.calls >= limit || fresh.length >= limit;
  return { told, place, more };
}
