import { manualClock } from "../../base/clock.ts";
import { uuidv7Source } from "../../base/ids.ts";
import { seededRandom } from "../../base/random.ts";
import type { Backend } from "../backend.ts";
import { change } from "../program.ts";
import { openStore } from "../store.ts";
import { type ByteSource, bytesSource } from "./byte-source.ts";
import { exportStore } from "./export.ts";
import { countSignals } from "./recount.ts";
import { insertRows } from "./row-insert.ts";
import { digestTable, type Row, type TableDigest } from "./rows.ts";
import { type StoreTable, storeTables } from "./tables.ts";

/** Words that a column takes; the schema checks these. */
const words: Readonly<Record<string, string>> = {
  "runs.state": "finished",
  "audit.state": "open",
  "audit_chain.state": "open",
  "breakers.state": "open",
  "breakers.forced": "closed",
  "limit_uses.state": "held",
  "approvals.state": "pending",
  "idempotency.state": "started",
  "durable_runs.state": "pending",
  "durable_steps.kind": "call",
  "durable_steps.state": "started",
  "signals.state": "open",
  "signals.provenance": "recorded",
  "intakes.state": "submitted",
  "lessons.event_type": "success",
  "lessons.state": "open",
  "checklists.period": "monthly",
  "checklists.state": "open",
  "roadmap_refreshes.scope": "micro",
  "roadmap_refreshes.state": "planned",
  "alerts.state": "pending",
  "alert_notices.state": "due",
};

/** Two texts that sort one way by UTF-16 units and the other way by bytes, and awkward others. */
const texts = ["\u{1f600}", "\uff5e", "a\nb", 'say "no"', "", "Ünï", "\\", "\u2028"];
const start = 1_700_000_000_000;

function valueOf(table: string, column: string, index: number): string | number {
  const word = words[`${table}.${column}`];
  if (word !== undefined) return word;
  if (column === "run_id") return `run ${texts[index % 3]} ${index % 7}`;
  if (column === "tenant") return index % 3 === 0 ? "a" : "b";
  if (column.endsWith("_at")) return start + index * 61_000;
  return `${texts[index % texts.length]} ${index}`;
}

function sampleRow(table: StoreTable, index: number): Row {
  const row: Record<string, string | number | null> = {};
  for (const { name, kind, nullable } of table.columns) {
    if (name === "seq" && table.identity) row[name] = index + 1;
    else if (nullable && index % 2 === 0) row[name] = null;
    else if (name === "unchained") row[name] = index % 2;
    else if (kind === "integer" && !name.endsWith("_at")) row[name] = index;
    else if (kind === "real") row[name] = index / 7 - 3;
    else row[name] = valueOf(table.name, name, index);
  }
  return row;
}

/** A child belongs to one of seven runs; those have the ids that the children say. */
const parents: Readonly<Record<string, string>> = { runs: "id", durable_runs: "run_id" };

/** Rows for every table, counts that agree with the signals, and a `seq` that was given away. */
export async function fillStore(backend: Backend, rowsPerTable: number): Promise<void> {
  await backend.tables.write(function* () {
    for (const table of storeTables) {
      if (table.name.endsWith("_counts")) continue;
      const key = parents[table.name];
      const rows = Array.from({ length: rowsPerTable }, (_, index) => {
        const row = sampleRow(table, index);
        if (key === undefined) return row;
        return { ...row, [key]: index < 21 ? valueOf(table.name, "run_id", index) : `x ${index}` };
      });
      const { inserted, other, orphans } = yield* insertRows(backend.kind, table, rows);
      if (orphans.length > 0) throw new Error(`${table.name} has orphans`);
      if (inserted.length < Math.min(rowsPerTable, 7)) throw new Error(`${table.name} is short`);
      if (other.length > rowsPerTable) throw new Error(`${table.name} has others`);
      if (table.name !== "signals") continue;
      yield* countSignals(inserted);
    }
    yield* change("DELETE FROM lessons WHERE seq = (SELECT max(seq) FROM lessons)");
  });
}

/** An empty store in memory. */
export function memoryBackend(): Backend {
  const clock = manualClock();
  const ids = uuidv7Source(clock, seededRandom(33));
  return openStore({ dataDir: ":memory:", clock, ids }).backend;
}

/** The digest of every table. */
export async function digestsOf(backend: Backend): Promise<Record<string, TableDigest>> {
  const found: Record<string, TableDigest> = {};
  for (const table of storeTables) {
    found[table.name] = await digestTable(backend.tables.read, table);
  }
  return found;
}

/** The store's export as one text. */
export async function exportText(backend: Backend, seed = 1): Promise<string> {
  const clock = manualClock();
  let text = "";
  await exportStore({
    backend,
    clock,
    ids: uuidv7Source(clock, seededRandom(seed)),
    write: async (piece) => {
      text += piece;
    },
  });
  return text;
}

export function textSource(text: string | Uint8Array, name = "export.jsonl"): ByteSource {
  return bytesSource(name, typeof text === "string" ? Buffer.from(text) : text);
}

/** A backend on which the n-th write from now on, and all after it, fail as a killed process does. */
export function dyingAfter(backend: Backend, writes: number): Backend {
  let left = writes;
  return {
    ...backend,
    tables: {
      ...backend.tables,
      write: async (make) => {
        if (left === 0) throw new Error("killed");
        left -= 1;
        return await backend.tables.write(make);
      },
    },
  };
}
