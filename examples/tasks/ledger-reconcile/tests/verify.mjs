// Works the truth out again from the files in data/ and compares what the agent wrote with it.
// Usage: node verify.mjs <workspace> <logs folder>. Writes reward.txt (1 or 0) and ctrf.json.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectedOutcome, parseRecord, decimalToCents, centsToDecimal } from "./truth.mjs";

const [app, logs] = process.argv.slice(2);
if (app === undefined || logs === undefined) {
  console.error("usage: node verify.mjs <workspace> <logs folder>");
  process.exit(64);
}

const ledgerHeader = "entry,date,description,reference,amount,currency,amount_eur,status";
const results = [];
const startedAt = Date.now();

/** Runs one test; what it returns is the list of what is wrong. */
function test(name, body) {
  const from = Date.now();
  let problems;
  try {
    problems = body();
  } catch (error) {
    problems = [error instanceof Error ? error.message : String(error)];
  }
  const status = problems.length === 0 ? "passed" : "failed";
  // A long list says no more than its beginning.
  const message = [
    ...problems.slice(0, 10),
    ...(problems.length > 10 ? [`and ${problems.length - 10} more`] : []),
  ].join("\n");
  results.push({
    name,
    status,
    duration: Date.now() - from,
    suite: ["ledger-reconcile"],
    ...(message === "" ? {} : { message }),
  });
  console.log(
    `${status === "passed" ? "ok  " : "FAIL"} ${name}${message === "" ? "" : `\n     ${message.replaceAll("\n", "\n     ")}`}`,
  );
}

const written = (name) => readFileSync(join(app, name), "utf8");

/** Lines of `expected` that `actual` lacks and the other way round, each as often as it occurs. */
function compareLists(actual, expected, describe = (item) => item) {
  const left = new Map();
  for (const item of expected) left.set(item, (left.get(item) ?? 0) + 1);
  const problems = [];
  for (const item of actual) {
    const count = left.get(item) ?? 0;
    if (count === 0) problems.push(`unexpected or repeated: ${describe(item)}`);
    else left.set(item, count - 1);
  }
  for (const [item, count] of left) if (count > 0) problems.push(`missing: ${describe(item)}`);
  return problems;
}

function compareValues(actual, expected, at) {
  if (typeof expected !== "object") {
    return Object.is(actual, expected)
      ? []
      : [`${at} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`];
  }
  if (
    typeof actual !== "object" ||
    actual === null ||
    Array.isArray(actual) !== Array.isArray(expected)
  ) {
    return [`${at} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`];
  }
  if (Array.isArray(expected) && actual.length !== expected.length) {
    return [`${at} has ${actual.length} items, expected ${expected.length}`];
  }
  return Object.keys(expected).flatMap((key) =>
    compareValues(actual[key], expected[key], `${at}.${key}`),
  );
}

let truth;
test("the files in data/ can be read", () => {
  truth = expectedOutcome((name) => written(join("data", name)));
  return [];
});

/** The columns whose values have only one right spelling. A description is free for added entries. */
function ledgerKey(row) {
  const [entry, date, description, reference, amount, currency, amountEur, status] = row;
  const told = status === "added" ? "" : description;
  return JSON.stringify([entry, date, told, reference, amount, currency, amountEur, status]);
}

test("corrected-ledger.csv holds exactly the right entries", () => {
  const lines = written("corrected-ledger.csv")
    .split(/\r?\n/)
    .filter((line) => line !== "");
  if (lines[0] !== ledgerHeader) return [`the header is ${JSON.stringify(lines[0])}`];
  const rows = lines.slice(1).map((line) => parseRecord(line) ?? [line]);
  return compareLists(rows.map(ledgerKey), truth.entries.map(ledgerKey));
});

test("corrected-ledger.csv is sorted by date, then entry", () => {
  const lines = written("corrected-ledger.csv")
    .split(/\r?\n/)
    .filter((line) => line !== "");
  const names = lines.slice(1).map((line) => parseRecord(line)?.[0]);
  const expected = truth.entries.map((row) => row[0]);
  const wrong = expected.findIndex((name, index) => names[index] !== name);
  return wrong < 0
    ? []
    : [`line ${wrong + 2} should be entry ${expected[wrong]}, it is ${names[wrong]}`];
});

const adjustmentKeys = {
  quarantine: ["kind", "file", "line"],
  duplicate: ["kind", "file", "line", "reference"],
  change: ["kind", "entry", "field", "from", "to"],
  add: ["kind", "entry", "date", "reference", "amount", "currency", "amount_eur"],
};

test("adjustments.jsonl holds each correction exactly once", () => {
  const pick = (item) => {
    const keys = adjustmentKeys[item?.kind];
    return keys === undefined ? JSON.stringify(item) : JSON.stringify(keys.map((key) => item[key]));
  };
  const lines = written("adjustments.jsonl")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  const items = lines.map((line) => JSON.parse(line));
  const silent = items.filter(
    (item) =>
      item?.kind === "quarantine" &&
      !(typeof item.reason === "string" && item.reason.trim() !== ""),
  );
  return [
    ...compareLists(items.map(pick), truth.adjustments.map(pick)),
    ...silent.map((item) => `no reason given for ${item.file}, line ${item.line}`),
  ];
});

for (const part of ["period", "rows", "corrections", "payouts", "unmatched", "totals"]) {
  test(`report.json: ${part}`, () =>
    compareValues(JSON.parse(written("report.json"))[part], truth.report[part], part));
}

test("report.md names what a person must know", () => {
  const text = written("report.md");
  const plain = text.replaceAll(/(?<=\d),(?=\d{3})/g, "");
  const problems = [];
  const { report } = truth;
  for (const entry of report.unmatched)
    if (!text.includes(entry)) problems.push(`entry ${entry} is not named`);
  for (const payout of report.payouts) {
    if (payout.difference !== "0.00" && !text.includes(payout.payout))
      problems.push(`${payout.payout} is not named`);
  }
  for (const item of truth.adjustments.filter((each) => each.kind === "quarantine")) {
    const named = text.includes(item.file) && new RegExp(`\\b${item.line}\\b`).test(text);
    if (!named) problems.push(`line ${item.line} of ${item.file} is not named`);
  }
  // A person may write the total with or without a sign of its own and with thousands separators.
  const net = centsToDecimal(Math.abs(decimalToCents(report.totals.net_eur)));
  if (!plain.includes(net)) problems.push(`the net total ${report.totals.net_eur} is not there`);
  return problems;
});

const failed = results.filter((result) => result.status === "failed").length;
const count = {
  tests: results.length,
  passed: results.length - failed,
  failed,
  skipped: 0,
  pending: 0,
  other: 0,
};
const ctrf = {
  reportFormat: "CTRF",
  specVersion: "0.0.0",
  results: {
    tool: { name: "ledger-reconcile" },
    summary: { ...count, start: startedAt, stop: Date.now() },
    tests: results,
  },
};
mkdirSync(logs, { recursive: true });
writeFileSync(join(logs, "ctrf.json"), `${JSON.stringify(ctrf, null, 2)}\n`);
writeFileSync(join(logs, "reward.txt"), failed === 0 ? "1\n" : "0\n");
console.log(`${count.passed} of ${count.tests} passed`);
