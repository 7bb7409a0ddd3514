import { z } from "zod";
import { toAgent33Error } from "../base/errors.ts";
import type { StoredEvent } from "../events/event.ts";
import type { FeedSource } from "../observability/feed/feed.ts";
import { type RecordedCall, recordedCall } from "../observability/feed/recorded-call.ts";
import { type Program, rows } from "../store/program.ts";
import type { Store } from "../store/store.ts";

/** Who has rows in the store: one step in an index for each, however many rows there are. */
function* tenantsOf(table: "audit" | "runs"): Program<readonly string[]> {
  const found = yield* rows(
    `WITH RECURSIVE each(tenant) AS (
       SELECT MIN(tenant) FROM ${table}
       UNION ALL SELECT (SELECT MIN(tenant) FROM ${table} WHERE tenant > each.tenant)
         FROM each WHERE each.tenant IS NOT NULL)
     SELECT tenant FROM each WHERE tenant IS NOT NULL`,
  );
  return found.map(({ tenant }) => String(tenant));
}

/** A record that is damaged is not told of: the store's and the audit's own checks say so. */
function callOf(record: string): readonly RecordedCall[] {
  try {
    return [recordedCall(JSON.parse(record))];
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return [];
    throw error;
  }
}

/** The same of a log. */
async function unlessDamaged(
  log: Promise<readonly StoredEvent[]>,
): Promise<readonly StoredEvent[]> {
  try {
    return await log;
  } catch (thrown) {
    const { code } = toAgent33Error(thrown);
    if (code === "store.bad_row" || code === "events.malformed") return [];
    throw thrown;
  }
}

/** A store as telemetry reads it: all of its tenants. */
export function feedSource(opened: Pick<Store, "backend" | "tenant">): FeedSource {
  const { backend } = opened;
  return {
    tenants: async () => {
      const found = await Promise.all(
        (["audit", "runs"] as const).map((table) => backend.tables.read(() => tenantsOf(table))),
      );
      return [...new Set(found.flat())].toSorted();
    },
    calls: async (tenant, after, limit) => {
      const entries = await backend.tenant(tenant).auditChain.entries({ after, limit });
      const calls = entries.flatMap(({ link, row }) =>
        // A call has at most one link that it is closed by. One whose row is gone is not told of.
        link.state === "closed" && row !== undefined ? callOf(row.record) : [],
      );
      return { calls, last: entries.at(-1)?.link.position ?? after };
    },
    runs: (tenant, after, limit) => backend.tenant(tenant).runs.after(after, limit),
    run: async (tenant, id) => {
      const run = await backend.tenant(tenant).runs.get(id);
      if (run === undefined) return undefined;
      const { agent, model, effort, state } = run;
      return { run: { id, agent, model, effort }, finished: state === "finished" };
    },
    events: (tenant, run, fromSeq) =>
      unlessDamaged(backend.tenant(tenant).runLog.read(run, { fromSeq })),
  };
}
