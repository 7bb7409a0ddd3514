import { DatabaseSync } from "node:sqlite";
import { type All, countMismatches } from "./store-counts.ts";
import { eventsOf, kindOf } from "./store-work.ts";

/** What a check of a store found. */
export interface StoreCheck {
  /** Acknowledged keys that are not there. */
  readonly lost: readonly string[];
  /** What is there more often than once. */
  readonly doubled: readonly string[];
  /** Everything else that must not be. */
  readonly problems: readonly string[];
  /** Keys that are there without having been acknowledged. */
  readonly unacknowledged: readonly string[];
}

/**
 * Holds a store's file against the keys that were acknowledged, with SQL of its own: nothing of
 * the code under test is asked.
 */
export function checkStore(path: string, acknowledged: ReadonlySet<string>): StoreCheck {
  const native = new DatabaseSync(path);
  try {
    const all = (sql: string) => native.prepare(sql).all();
    const one = (sql: string) => Object.values(native.prepare(sql).get() ?? {})[0];
    const problems: string[] = [];
    for (const row of all("PRAGMA integrity_check")) {
      if (row["integrity_check"] !== "ok")
        problems.push(`integrity: ${String(row["integrity_check"])}`);
    }
    const dangling = all("PRAGMA foreign_key_check").length;
    if (dangling > 0) problems.push(`${dangling} dangling references`);
    const version = Number(one("PRAGMA user_version"));
    const tables = Number(one("SELECT count(*) FROM sqlite_schema"));
    if (version === 0) {
      if (tables > 0) problems.push(`${tables} parts of a schema without a version`);
      return { lost: [...acknowledged], doubled: [], problems, unacknowledged: [] };
    }
    const found = new Map<string, number>();
    const add = (key: string, times = 1) => found.set(key, (found.get(key) ?? 0) + times);
    readSignals(all, add, problems);
    readIntakes(all, add, problems);
    readRunLogs(all, add, problems);
    problems.push(...countMismatches(all));
    return {
      lost: [...acknowledged].filter((key) => !found.has(key)),
      doubled: [...found].flatMap(([key, times]) => (times > 1 ? [`${key} x${times}`] : [])),
      problems,
      unacknowledged: [...found.keys()].filter((key) => !acknowledged.has(key)),
    };
  } finally {
    native.close();
  }
}

type Add = (key: string, times?: number) => void;

/** Every signal was recorded under a key: a signal was seen as often as it has keys. */
function readSignals(all: All, add: Add, problems: string[]): void {
  for (const row of all("SELECT key FROM signal_keys")) {
    if (kindOf(String(row["key"])) === "signal") add(String(row["key"]));
  }
  for (const row of all(
    `SELECT s.id, s.occurrences, count(k.key) AS keys FROM signals s
     LEFT JOIN signal_keys k ON k.tenant = s.tenant AND k.signal_id = s.id
     GROUP BY s.seq HAVING s.occurrences <> count(k.key)`,
  )) {
    problems.push(
      `signal ${String(row["id"])} was seen ${String(row["occurrences"])} times by ${String(row["keys"])} keys`,
    );
  }
  for (const row of all(
    "SELECT key FROM signal_keys k WHERE NOT EXISTS (SELECT 1 FROM signals s WHERE s.tenant = k.tenant AND s.id = k.signal_id)",
  )) {
    problems.push(`the signal of key ${String(row["key"])} is not there`);
  }
}

function readIntakes(all: All, add: Add, problems: string[]): void {
  for (const row of all(
    "SELECT json_extract(body, '$.content.title') AS title FROM intakes WHERE automatic = 0",
  )) {
    add(String(row["title"]));
  }
  const linked = all(
    `SELECT k.key, i.id FROM signals s
     JOIN signal_keys k ON k.tenant = s.tenant AND k.signal_id = s.id
     JOIN intakes i ON i.tenant = s.tenant AND i.id = s.intake_id`,
  );
  // Repeats of a signal may have got keys of their own; the write is known by its own key only.
  for (const row of linked) {
    if (kindOf(String(row["key"])) === "automatic") add(String(row["key"]));
  }
  for (const row of all(
    `SELECT i.id, count(s.id) AS signals FROM intakes i
     LEFT JOIN signals s ON s.tenant = i.tenant AND s.intake_id = i.id
     WHERE i.automatic = 1 GROUP BY i.seq HAVING count(s.id) <> 1`,
  )) {
    problems.push(`automatic intake ${String(row["id"])} has ${String(row["signals"])} signals`);
  }
  for (const row of all(
    "SELECT id FROM signals s WHERE intake_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM intakes i WHERE i.tenant = s.tenant AND i.id = s.intake_id)",
  )) {
    problems.push(`the intake of signal ${String(row["id"])} is not there`);
  }
}

/** Places 1, 2, 3 … without a gap, and each append whole, in one piece and in order. */
function readRunLogs(all: All, add: Add, problems: string[]): void {
  let run: unknown;
  let seq = 0;
  let open: { readonly key: string; next: number } | undefined;
  const close = () => {
    if (open === undefined) return;
    if (open.next === eventsOf(open.key)) add(open.key);
    else problems.push(`append ${open.key} has ${open.next} of ${eventsOf(open.key)} events`);
    open = undefined;
  };
  for (const row of all(
    `SELECT run_id, seq, json_extract(event, '$.text') AS text, json_extract(event, '$.seq') AS own
     FROM run_events ORDER BY run_id, seq`,
  )) {
    if (row["run_id"] !== run) {
      close();
      [run, seq] = [row["run_id"], 0];
    }
    seq += 1;
    if (row["seq"] !== seq || row["own"] !== seq) {
      problems.push(`the log of ${String(run)} has a gap before ${String(row["seq"])}`);
      seq = Number(row["seq"]);
    }
    const [key = "", part = ""] = String(row["text"]).split("#");
    if (open?.key !== key || open.next !== Number(part)) close();
    if (open === undefined) {
      if (part !== "0") problems.push(`append ${key} begins with event ${part}`);
      open = { key, next: 0 };
    }
    open.next += 1;
    if (open.next === eventsOf(key)) close();
  }
  close();
}
