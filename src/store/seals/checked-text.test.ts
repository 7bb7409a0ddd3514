import { expect, test } from "vitest";
import { checkedText, givesRows } from "./checked-text.ts";

test("reads go through the checked view of a table, under the table's own name", () => {
  expect(checkedText("SELECT id FROM runs WHERE runs.id = ?")).toBe(
    "SELECT id FROM checked_runs AS runs WHERE runs.id = ?",
  );
  expect(checkedText('select * from "runs" where "runs"."id" = ?')).toBe(
    'select * from checked_runs AS runs where "runs"."id" = ?',
  );
  expect(checkedText("SELECT count(*) FROM runs")).toBe(
    "SELECT count(*) FROM checked_runs AS runs",
  );
});

test("an alias stays, with and without its word", () => {
  expect(checkedText("SELECT l.at FROM audit_chain l LEFT JOIN audit AS a ON a.at = l.at")).toBe(
    "SELECT l.at FROM checked_audit_chain l LEFT JOIN checked_audit AS a ON a.at = l.at",
  );
  expect(checkedText("SELECT 1 FROM runs JOIN signals ON 1")).toBe(
    "SELECT 1 FROM checked_runs AS runs JOIN checked_signals AS signals ON 1",
  );
  expect(checkedText("SELECT a.* FROM (SELECT * FROM runs) AS a")).toBe(
    "SELECT a.* FROM (SELECT * FROM checked_runs AS runs) AS a",
  );
});

test("what is written is the table, what a write reads is checked", () => {
  for (const text of [
    "DELETE FROM idempotency WHERE key = ?",
    "DELETE  FROM\nidempotency",
    "UPDATE runs SET state = ? WHERE id = ?",
    "INSERT INTO runs (id) VALUES (?)",
  ]) {
    expect(checkedText(text)).toBe(text);
  }
  expect(checkedText("INSERT INTO signal_keys SELECT tenant FROM signals GROUP BY tenant")).toBe(
    "INSERT INTO signal_keys SELECT tenant FROM checked_signals AS signals GROUP BY tenant",
  );
});

test("strings, comments and what is no sealed table stay as they are", () => {
  for (const text of [
    "SELECT 'from runs where' AS a",
    "SELECT 1 -- from runs\n",
    "SELECT 1 /* join runs */",
    "SELECT name FROM sqlite_schema WHERE type = 'table'",
    "SELECT value FROM json_each(?)",
    "SELECT checksum FROM migrations",
    "SELECT a IS DISTINCT FROM runs_of_mine",
  ]) {
    expect(checkedText(text)).toBe(text);
  }
});

test("a statement gives whole rows where it names all columns of one table", () => {
  expect(givesRows("SELECT * FROM runs WHERE 1")).toBe(true);
  expect(givesRows('select * from "signals" where "tenant" = ?')).toBe(true);
  expect(givesRows("SELECT id, state FROM approvals WHERE 1")).toBe(false);
  expect(givesRows("SELECT * FROM (SELECT count(*) FROM runs) AS a")).toBe(false);
  expect(givesRows("SELECT * FROM runs JOIN signals ON 1")).toBe(false);
});
