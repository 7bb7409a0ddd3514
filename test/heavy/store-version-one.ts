import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sha256 } from "../../src/base/digest.ts";
import { bookkeeping, checksumOf, migrations } from "../../src/store/schema/migrations.ts";
import { applicationId } from "../../src/store/sqlite/database.ts";
import { databaseFile } from "../../src/store/store.ts";

/** How many rows of each kind a store of version 1 gets. */
const runs = 150;
const eventsOfRun = 20;
const calls = 3000;
const approvals = 200;
const keys = 600;
const steps = 4;

/** The tables of version 1 with the columns that they had, in an order of their rows. */
const columns: Readonly<Record<string, readonly [list: string, order: string]>> = {
  runs: [
    "seq, id, tenant, task, agent, model, effort, state, outcome, workspace, started_at, finished_at, cost_micro_usd, unpriced_calls, spec",
    "seq",
  ],
  run_events: ["run_id, seq, at, type, event", "run_id, seq"],
  audit: [
    "seq, call_id, run_id, at, state, connector, operation, decision, rule_id, outcome, record",
    "seq",
  ],
  approvals: [
    "seq, id, digest, run_id, summary, rule_id, state, requested_at, expires_at, decided_by, decided_at, consumed_at",
    "seq",
  ],
  idempotency: ["key, run_id, state, started_at, finished_at", "key"],
  durable_runs: ["seq, run_id, workflow, version, input, state, created_at, updated_at", "seq"],
  durable_steps: ["run_id, position, kind, name, state, result, started_at", "run_id, position"],
  durable_messages: ["seq, run_id, topic, key, payload, sent_at", "seq"],
};

/** What the rows of version 1 say, equal before and after an upgrade that loses nothing. */
export interface Contents {
  readonly rows: Readonly<Record<string, number>>;
  readonly digest: string;
}

export function contentsOf(native: DatabaseSync): Contents {
  const rows: Record<string, number> = {};
  const digests = Object.entries(columns).map(([table, [list, order]]) => {
    const all = native.prepare(`SELECT ${list} FROM ${table} ORDER BY ${order}`).all();
    rows[table] = all.length;
    return sha256(JSON.stringify(all));
  });
  return { rows, digest: sha256(digests.join()) };
}

/** Tenants by table, which version 2 must have made of what version 1 knew. */
export function tenantFaults(native: DatabaseSync): readonly string[] {
  const count = (sql: string) => Number(Object.values(native.prepare(sql).get() ?? {})[0]);
  const wrong: Readonly<Record<string, string>> = {
    "calls with another tenant":
      "SELECT count(*) FROM audit WHERE tenant <> CASE WHEN json_valid(record) THEN COALESCE(json_extract(record, '$.principal.tenant'), 'default') ELSE 'default' END",
    "approvals with another tenant":
      "SELECT count(*) FROM approvals a WHERE tenant <> COALESCE((SELECT tenant FROM runs WHERE id = a.run_id), 'default')",
    "idempotency rows with another tenant":
      "SELECT count(*) FROM idempotency k WHERE tenant <> COALESCE((SELECT tenant FROM runs WHERE id = k.run_id), 'default')",
  };
  return Object.entries(wrong).flatMap(([what, sql]) => {
    const found = count(sql);
    return found === 0 ? [] : [`${found} ${what}`];
  });
}

/**
 * Makes a store as AGENT-33 left it before it had the second schema. It stays open, so that its
 * last rows are in the write-ahead log, as a killed process leaves them.
 */
export function makeVersionOne(dataDir: string): DatabaseSync {
  mkdirSync(dataDir, { recursive: true });
  const native = new DatabaseSync(join(dataDir, databaseFile));
  native.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; BEGIN");
  const [first] = migrations;
  if (first === undefined) throw new TypeError("There is no first schema.");
  native.exec(bookkeeping);
  native.exec(first.text);
  native
    .prepare("INSERT INTO migrations (version, name, checksum, applied_at) VALUES (1, ?, ?, 1)")
    .run(first.name, checksumOf(first));
  native.exec(`PRAGMA user_version = 1; PRAGMA application_id = ${applicationId}`);
  fill(native);
  native.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  for (let number = 0; number < runs; number += 1) lateEvent(native, number);
  return native;
}

function fill(native: DatabaseSync): void {
  const insert = (sql: string) => {
    const statement = native.prepare(sql);
    return (...values: readonly (string | number | null)[]) => statement.run(...values);
  };
  const tenantOf = (number: number) => (number % 3 === 0 ? "team-b" : "default");
  const run = insert(
    `INSERT INTO runs (id, tenant, task, agent, model, effort, state, outcome, started_at,
       cost_micro_usd, unpriced_calls, spec) VALUES (?, ?, ?, 'a', 'm', 'low', ?, ?, ?, 1, 0, '{}')`,
  );
  const event = insert("INSERT INTO run_events VALUES (?, ?, ?, 'message.user', ?)");
  const durable = insert(
    `INSERT INTO durable_runs (run_id, workflow, version, input, state, created_at, updated_at)
     VALUES (?, 'run', 1, '{}', 'completed', 1, 1)`,
  );
  const step = insert(
    `INSERT INTO durable_steps (run_id, position, kind, name, state, result, started_at)
     VALUES (?, ?, 'call', 'turn', 'completed', '{}', 1)`,
  );
  const message = insert(
    "INSERT INTO durable_messages (run_id, topic, key, payload, sent_at) VALUES (?, 't', ?, '{}', 1)",
  );
  for (let number = 0; number < runs; number += 1) {
    const id = `run-${number}`;
    const ended = number % 2 === 0;
    run(
      id,
      tenantOf(number),
      `Task ${number}`,
      ended ? "finished" : "running",
      ended ? "verified" : null,
      number,
    );
    for (let seq = 1; seq <= eventsOfRun; seq += 1) event(id, seq, seq, eventText(number, seq));
    durable(id);
    for (let position = 1; position <= steps; position += 1) step(id, position);
    message(id, `m-${number}`);
  }
  const call = insert(
    `INSERT INTO audit (call_id, run_id, at, state, connector, operation, decision, rule_id, outcome,
       record) VALUES (?, ?, ?, 'closed', 'web', 'get', 'allow', 'r', 'ok', ?)`,
  );
  for (let number = 0; number < calls; number += 1) {
    const record =
      number % 50 === 0
        ? "not JSON"
        : JSON.stringify({ principal: { tenant: tenantOf(number) }, pad: "x".repeat(300) });
    call(`call-${number}`, number % 7 === 0 ? null : `run-${number % runs}`, number, record);
  }
  const approval = insert(
    `INSERT INTO approvals (id, digest, run_id, summary, rule_id, state, requested_at, expires_at)
     VALUES (?, ?, ?, 's', 'r', 'pending', 1, 2)`,
  );
  for (let number = 0; number < approvals; number += 1) {
    approval(`ap-${number}`, `d-${number}`, number % 5 === 0 ? null : `run-${number % runs}`);
  }
  const key = insert("INSERT INTO idempotency VALUES (?, ?, 'finished', 1, 2)");
  for (let number = 0; number < keys; number += 1) {
    key(`key-${number}`, number % 4 === 0 ? null : `run-${number % runs}`);
  }
}

function eventText(number: number, seq: number): string {
  const text = `event ${seq} of ${number}`;
  return JSON.stringify({ type: "message.user", runId: `run-${number}`, seq, at: seq, text });
}

function lateEvent(native: DatabaseSync, number: number): void {
  const seq = eventsOfRun + 1;
  native
    .prepare("INSERT INTO run_events VALUES (?, ?, ?, 'message.user', ?)")
    .run(`run-${number}`, seq, seq, eventText(number, seq));
}
