import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { manualClock } from "../../base/clock.ts";
import { uuidv7Source } from "../../base/ids.ts";
import { seededRandom } from "../../base/random.ts";
import type { Backend } from "../backend.ts";
import { change, rows } from "../program.ts";
import { exportStore } from "./export.ts";
import { type ImportReport, importStore } from "./import.ts";
import { contentBytes, contentText } from "./quarantine.ts";
import { miscounted } from "./recount.ts";
import { lastSeq } from "./sequences.ts";
import { storeTables, tableNamed } from "./tables.ts";
import {
  digestsOf,
  dyingAfter,
  exportText,
  fillStore,
  memoryBackend,
  textSource,
} from "./transfer.fixture.ts";

const opened: Backend[] = [];
const clock = manualClock();

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

function store(): Backend {
  const backend = memoryBackend();
  opened.push(backend);
  return backend;
}

async function filled(rowsPerTable = 30): Promise<Backend> {
  const backend = store();
  await fillStore(backend, rowsPerTable);
  return backend;
}

const importText = (backend: Backend, text: string | Uint8Array, batchLines = 500) =>
  importStore({ backend, source: textSource(text), clock, batchLines });

function sum(report: ImportReport, field: "kept" | "thereAlready" | "keptOther" | "countedHere") {
  return report.tables.reduce((total, table) => total + table[field], 0);
}

const all = (backend: Backend, text: string) => backend.tables.read(() => rows(text));

test("brings every row of every table into an empty store, bit for bit, with its sequences", async () => {
  const from = await filled();
  const to = store();
  const text = await exportText(from);
  const report = await importText(to, text);
  expect(await digestsOf(to)).toEqual(await digestsOf(from));
  expect(report.tables.map(({ table }) => table)).toEqual(storeTables.map(({ name }) => name));
  expect(report.tables.filter(({ whole }) => whole !== true)).toEqual([]);
  expect(report).toMatchObject({ truncated: false, resumedAt: 0, quarantined: { count: 0 } });
  for (const table of storeTables.filter(({ identity }) => identity)) {
    const last = (backend: Backend) => backend.tables.read(() => lastSeq(backend.kind, table));
    expect([table.name, await last(to)]).toEqual([table.name, await last(from)]);
  }
  const lessons = await all(to, "SELECT max(seq) AS seq FROM lessons");
  expect(Number(lessons[0]?.["seq"])).toBe(29);
});

test("says of itself in the first line what it is, and in the last what it has", async () => {
  const lines = (await exportText(await filled(8))).trimEnd().split("\n");
  const header: unknown = JSON.parse(lines[0] ?? "");
  const footer: unknown = JSON.parse(lines.at(-1) ?? "");
  expect(header).toEqual({
    format: "agent33-store",
    version: 1,
    schema: expect.any(Number),
    exportedAt: "2023-11-14T22:13:20.000Z",
    id: expect.any(String),
  });
  expect(footer).toMatchObject({ tables: { runs: { rows: 8 }, lessons: { rows: 7, lastSeq: 8 } } });
  expect(JSON.parse(lines[1] ?? "")).toEqual({
    table: "runs",
    row: expect.objectContaining({ seq: 1, tenant: "a" }),
    sum: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test("brings nothing twice when it is run again", async () => {
  const from = await filled();
  const to = store();
  const text = await exportText(from);
  await importText(to, text);
  const again = await importText(to, text);
  expect([sum(again, "kept"), sum(again, "keptOther")]).toEqual([0, 0]);
  expect(sum(again, "thereAlready") + sum(again, "countedHere")).toBe(text.split("\n").length - 3);
  expect(await digestsOf(to)).toEqual(await digestsOf(from));
});

test("never writes over a row that is there with other content, and says which", async () => {
  const from = await filled(9);
  const to = store();
  const text = await exportText(from);
  await importText(to, text);
  await to.tables.write(() => change("UPDATE signals SET state = 'resolved' WHERE seq = 4"));
  const [kept] = await all(to, "SELECT id FROM signals WHERE seq = 4");
  const report = await importText(to, text);
  expect(sum(report, "keptOther")).toBe(1);
  expect(report.keptOther).toEqual({
    count: 1,
    first: [
      {
        place: expect.stringMatching(/^line \d+, byte \d+$/),
        reason: `signals a ${String(kept?.["id"])}`,
      },
    ],
  });
  expect(await all(to, "SELECT state FROM signals WHERE seq = 4")).toEqual([{ state: "resolved" }]);
});

describe("into a store in use", () => {
  test("rows whose seq is taken get a new one, and what refers to them follows", async () => {
    const from = await filled(9);
    const to = store();
    await to.tables.write(() =>
      change(
        "INSERT INTO metric_snapshots (tenant, id, period, taken_at, body) VALUES ('a', 'mine', 'x', 1, '{}')",
      ),
    );
    const report = await importText(to, await exportText(from));
    expect(report.tables.find(({ table }) => table === "metric_snapshots")).toMatchObject({
      kept: 9,
      renumbered: 1,
    });
    // The first snapshot, whose place is taken, is the tenth now.
    const values = "SELECT metric_id, snapshot_seq, value FROM metric_values ORDER BY metric_id";
    expect(await all(to, values)).toEqual(
      (await all(from, values)).map((row) =>
        row["snapshot_seq"] === 1 ? { ...row, snapshot_seq: 10 } : row,
      ),
    );
    const [first] = await all(from, "SELECT id FROM metric_snapshots WHERE seq = 1");
    expect(await all(to, "SELECT id FROM metric_snapshots WHERE seq = 10")).toEqual([first]);
  });

  test("counts of signals stay those of all signals that are there", async () => {
    const from = await filled(20);
    const to = store();
    const signal = {
      type: "bug",
      severity: "high",
      summary: "Something of our own happened here",
      details: "",
      source: "here",
      context: {},
    } as const;
    await to.tenant("a").signals.record(signal, { dedupeWindowMs: 0 });
    const report = await importText(to, await exportText(from));
    const counts = report.tables.filter(({ table }) => table.endsWith("_counts"));
    expect(counts.every(({ kept, countedHere }) => kept === 0 && countedHere > 0)).toBe(true);
    const expected =
      "SELECT tenant, count(*) AS n, sum(quality_score) AS q FROM signals GROUP BY tenant";
    for (const grain of ["day", "hour"]) {
      expect(
        await all(
          to,
          `SELECT tenant, sum(signals) AS n, sum(quality_total) AS q FROM signal_class_counts
           WHERE grain = '${grain}' GROUP BY tenant`,
        ),
      ).toEqual(await all(to, expected));
    }
    expect(Number((await all(to, "SELECT count(*) AS n FROM signals"))[0]?.["n"])).toBe(21);
  });
});

test("goes on after being killed at any write, with nothing lost, doubled or counted twice", async () => {
  const from = await filled(12);
  const text = await exportText(from);
  const expected = await digestsOf(from);
  const batches = Math.ceil((text.split("\n").length - 3) / 20);
  let alive = 0;
  for (; ; alive += 1) {
    const to = store();
    const dying = await importText(dyingAfter(to, alive), text, 20).catch(
      (error: unknown) => error,
    );
    if (!(dying instanceof Error)) break;
    expect(dying.message).toBe("killed");
    const report = await importText(to, text, 20);
    expect(report.resumedAt > 0).toBe(alive > 0);
    expect(await digestsOf(to)).toEqual(expected);
    expect(report.tables.every(({ whole }) => whole)).toBe(true);
    expect(sum(report, "kept")).toBe(text.split("\n").length - 3);
  }
  // Each batch, the turn to the counts, those once more, and the end.
  expect(alive).toBeGreaterThan(batches + 2);
});

test("sets a damaged line aside with its reason and place, and takes the others", async () => {
  const from = await filled(10);
  const to = store();
  const lines = (await exportText(from)).split("\n");
  const line = (table: string) => lines.findIndex((one) => one.startsWith(`{"table":"${table}"`));
  const edit = (table: string, change: (text: string) => string) => {
    const index = line(table);
    lines[index] = change(lines[index] ?? "");
  };
  edit("signals", (text) => text.replace('"occurrences":0', '"occurrences":7'));
  edit("intakes", (text) => text.slice(0, 40));
  edit("lessons", (text) => text.replace('"lessons"', '"lesons"'));
  edit("checklists", (text) => text.replace('"period":"monthly"', '"period":5'));
  edit("budgets", () => "\u0000\u0001 no JSON");
  const bytes = Buffer.from(lines.join("\n"));
  const inUtf8 = bytes.indexOf('"table":"audit"');
  bytes[inUtf8 + 2] = 0xff;
  const report = await importText(to, bytes);
  expect(report.quarantined.count).toBe(6);
  const reasons = report.quarantined.first.map(({ reason }) => reason).join("\n");
  for (const words of [
    "checksum does not agree",
    "not JSON",
    'there is no table "lesons". Did you mean "lessons"?',
    "period: ",
    "not UTF-8",
  ]) {
    expect(reasons).toContain(words);
  }
  const kept = await all(
    to,
    "SELECT source, place, content FROM quarantine WHERE source LIKE 'jsonl-%'",
  );
  expect(kept).toHaveLength(6);
  for (const row of kept) {
    expect(row["source"]).toBe(report.transfer);
    const at = Number(String(row["place"]).split("byte ")[1]);
    const content = contentBytes(String(row["content"]));
    expect(Buffer.from(content)).toEqual(bytes.subarray(at, at + content.length));
  }
  const short = report.tables.filter(({ whole }) => whole !== true).map(({ table }) => table);
  expect(short.toSorted()).toEqual(
    ["audit", "budgets", "checklists", "intakes", "lessons", "signals"].toSorted(),
  );
  // Again: nothing new, and nothing is set aside twice.
  const again = await importText(to, bytes);
  expect([sum(again, "kept"), again.quarantined.count]).toEqual([0, 6]);
  expect(await all(to, "SELECT 1 FROM quarantine WHERE source LIKE 'jsonl-%'")).toHaveLength(6);
});

test("loses no name that a line has, not even one that JavaScript takes for its own", async () => {
  const from = await filled(9);
  const context = '{"__proto__":"kept","constructor":"too"}';
  await from.tables.write(() => change("UPDATE signals SET context = ? WHERE seq = 2", context));
  const to = store();
  const text = await exportText(from);
  await importText(to, text);
  expect(await digestsOf(to)).toEqual(await digestsOf(from));
  const other = store();
  const more = text.replace('"lessons","row":{', '$&"__proto__":"lost",');
  const report = await importText(other, more);
  expect(report.quarantined.first).toEqual([
    { place: expect.any(String), reason: expect.stringContaining('"__proto__"') },
  ]);
});

test("sets aside what only the database can refuse, and what lost its parent", async () => {
  const from = store();
  await fillStore(from, 8);
  const to = store();
  await from.tables.write(function* () {
    yield* change("PRAGMA ignore_check_constraints = ON");
    yield* change("UPDATE intakes SET state = 'nonsense' WHERE seq = 3");
    yield* change("PRAGMA ignore_check_constraints = OFF");
  });
  const text = (await exportText(from)).replace(/^\{"table":"runs".*\n/m, "");
  const report = await importText(to, text);
  const reasons = report.quarantined.first.map(({ reason }) => reason);
  expect(reasons.filter((reason) => reason.includes("CHECK constraint"))).toHaveLength(1);
  expect(reasons.filter((reason) => reason.includes("the row of runs"))).toHaveLength(1);
  expect(report.quarantined.count).toBe(2);
  expect(report.tables.find(({ table }) => table === "intakes")).toMatchObject({
    kept: 7,
    read: 7,
  });
});

test("takes what a file that is cut off has, says so, and goes on with the whole file", async () => {
  const from = await filled(15);
  const text = await exportText(from);
  const bytes = Buffer.from(text);
  for (const part of [0.25, 0.5, 0.999]) {
    const to = store();
    const cut = bytes.subarray(0, Math.floor(bytes.length * part));
    const report = await importText(to, cut, 50);
    const lines = cut.toString("latin1").split("\n").length - 2;
    expect(report).toMatchObject({ truncated: true, quarantined: { count: 0 } });
    expect(sum(report, "kept") + sum(report, "countedHere")).toBe(lines);
    expect(await to.tables.read(miscounted)).toEqual([]);
    const whole = await importText(to, text, 50);
    expect(whole.resumedAt).toBeGreaterThan(0);
    expect(whole.truncated).toBe(false);
    expect(await digestsOf(to)).toEqual(await digestsOf(from));
  }
});

test("refuses a newer file, and one that is none, before it writes", async () => {
  const to = store();
  const text = await exportText(await filled(7));
  const code = (name: string) => expect.objectContaining({ code: name });
  const newer = text.replace(/"schema":\d+/, '"schema":99');
  await expect(importText(to, newer)).rejects.toThrowError(code("store.newer_schema"));
  const format = text.replace('"version":1', '"version":2');
  await expect(importText(to, format)).rejects.toThrowError(code("store.newer_schema"));
  for (const other of ["", "{}", "hello\n", '{"signals":[]}']) {
    await expect(importText(to, other)).rejects.toThrowError(code("store.unknown_source"));
  }
  expect(await all(to, "SELECT 1 FROM transfers")).toEqual([]);
});

test("foresees in a dry run what it would do, and writes nothing", async () => {
  const from = await filled(10);
  const to = store();
  const text = (await exportText(from)).replace('"occurrences":0', '"occurrences":5');
  const before = await digestsOf(to);
  const dry = await importStore({ backend: to, source: textSource(text), clock, dryRun: true });
  expect(await digestsOf(to)).toEqual(before);
  expect(await all(to, "SELECT 1 FROM transfers")).toEqual([]);
  const real = await importText(to, text);
  expect(dry.quarantined).toEqual(real.quarantined);
  expect(sum(dry, "kept")).toBe(sum(real, "kept"));
  expect(dry.tables.map(({ table, kept, whole }) => [table, kept, whole])).toEqual(
    real.tables.map(({ table, kept, whole }) => [table, kept, whole]),
  );
});

test("lets one of two processes that move the same file win each batch, and doubles nothing", async () => {
  const from = await filled(20);
  const text = await exportText(from);
  const to = store();
  const both = await Promise.allSettled([importText(to, text, 10), importText(to, text, 10)]);
  expect(both.some(({ status }) => status === "fulfilled")).toBe(true);
  for (const one of both) {
    if (one.status === "fulfilled") continue;
    expect(one.reason).toMatchObject({ code: "store.transfer_elsewhere", retryable: true });
  }
  expect(await digestsOf(to)).toEqual(await digestsOf(from));
});

test("is of the moment at which it began, whatever is written to the store meanwhile", async () => {
  const from = await filled(9);
  const before = await exportText(from);
  let text = "";
  await exportStore({
    backend: from,
    clock,
    ids: uuidv7Source(clock, seededRandom(1)),
    write: async (piece) => {
      text += piece;
      // Both what is read already and what is still to come, and a child of a run that is new.
      if (!piece.startsWith('{"table":"runs"')) return;
      await from.tables.write(function* () {
        yield* change("UPDATE runs SET outcome = 'later' WHERE seq = 1");
        yield* change("UPDATE signals SET occurrences = 90 WHERE seq = 1");
        yield* change("DELETE FROM lessons WHERE seq = 2");
        yield* change(
          `INSERT INTO runs (id, tenant, task, agent, model, effort, state, started_at,
           cost_micro_usd, unpriced_calls, spec) VALUES ('new', 'a', '', '', '', '', 'running', 1, 0, 0, '{}')`,
        );
        yield* change(
          "INSERT INTO run_events (run_id, seq, at, type, event) VALUES ('new', 1, 1, 'x', '{}')",
        );
      });
    },
  });
  expect(text).toBe(before);
  const to = store();
  await importText(to, text);
  expect(await exportText(to)).toBe(before);
  expect(await exportText(from)).not.toBe(before);
});

test("quarantines bytes as they are", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.string().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        const text = contentText(bytes);
        expect(text.includes("\0") || !text.isWellFormed()).toBe(false);
        expect(Buffer.from(contentBytes(text))).toEqual(Buffer.from(bytes));
      },
    ),
  );
  expect(contentText(Buffer.from("plain"))).toBe("plain");
  expect(contentBytes(contentText(Buffer.from("base64:x")))).toEqual(Buffer.from("base64:x"));
  expect(tableNamed("runs")?.name).toBe("runs");
});
