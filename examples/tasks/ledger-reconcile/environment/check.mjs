// Tells whether the four output files have the right shape. It does not know whether they are right.
// Usage: node check.mjs, in the working directory. Exit code 0 or 1.
import { existsSync, readFileSync } from "node:fs";

const header = "entry,date,description,reference,amount,currency,amount_eur,status";
const statuses = ["matched", "corrected", "added", "unmatched"];
const adjustmentKeys = {
  quarantine: ["file", "line", "reason"],
  duplicate: ["file", "line", "reference"],
  change: ["entry", "field", "from", "to"],
  add: ["entry", "date", "reference", "amount", "currency", "amount_eur"],
};
const rowCounts = { read: "count", quarantined: "count", duplicates: "count", used: "count" };
const reportShape = {
  period: "text",
  rows: { bank: rowCounts, card: rowCounts, ledger: rowCounts },
  corrections: { quarantine: "count", duplicate: "count", change: "count", add: "count" },
  payouts: [
    { payout: "text", currency: "text", card_net: "money", bank: "money", difference: "money" },
  ],
  unmatched: ["text"],
  totals: { entries: "count", in_eur: "money", out_eur: "money", net_eur: "money" },
};

const problems = [];
const isDate = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text);
const isMoney = (text) => typeof text === "string" && /^-?\d+\.\d{2}$/.test(text);
const fits = {
  text: (value) => typeof value === "string" && value !== "",
  count: (value) => Number.isInteger(value) && value >= 0,
  money: isMoney,
};
const wanted = {
  text: "a text that is not empty",
  count: "a whole number",
  money: 'an amount as a text such as "-12.50"',
};

function read(name) {
  if (existsSync(name)) return readFileSync(name, "utf8");
  problems.push(`${name} is missing`);
  return undefined;
}

function fieldsOf(line) {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))(?=,|$)/g)].map((match) =>
    (match[1] ?? match[2] ?? "").replaceAll('""', '"'),
  );
}

function checkLedger(text) {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (lines[0] !== header) {
    problems.push(`corrected-ledger.csv: the first line must be "${header}"`);
    return;
  }
  let previous = "";
  const seen = new Set();
  for (const [index, line] of lines.entries()) {
    if (index === 0) continue;
    const at = `corrected-ledger.csv, line ${index + 1}`;
    const fields = fieldsOf(line);
    if (fields.length !== 8) {
      problems.push(`${at}: ${fields.length} fields instead of 8`);
      continue;
    }
    const [entry, date, , , amount, , amountEur, status] = fields;
    if (!isDate(date)) problems.push(`${at}: the date "${date}" is not YYYY-MM-DD`);
    if (!isMoney(amount))
      problems.push(`${at}: the amount "${amount}" is not written like -1234.50`);
    if (!isMoney(amountEur))
      problems.push(`${at}: amount_eur "${amountEur}" is not written like -1234.50`);
    if (!statuses.includes(status))
      problems.push(`${at}: the status "${status}" is not one of ${statuses.join(", ")}`);
    if (seen.has(entry)) problems.push(`${at}: entry ${entry} is there twice`);
    seen.add(entry);
    const order = `${date} ${entry}`;
    if (order < previous) problems.push(`${at}: not sorted by date, then entry`);
    previous = order;
  }
}

function checkAdjustments(text) {
  const seen = new Set();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const at = `adjustments.jsonl, line ${index + 1}`;
    let item;
    try {
      item = JSON.parse(line);
    } catch (error) {
      problems.push(`${at}: not JSON (${error.message})`);
      continue;
    }
    const keys = adjustmentKeys[item?.kind];
    if (keys === undefined) {
      problems.push(`${at}: "kind" must be one of ${Object.keys(adjustmentKeys).join(", ")}`);
      continue;
    }
    for (const key of keys) if (!(key in item)) problems.push(`${at}: "${key}" is missing`);
    if (seen.has(line)) problems.push(`${at}: the same correction is there twice`);
    seen.add(line);
  }
}

function checkShape(value, shape, at) {
  if (typeof shape === "string") {
    if (!fits[shape](value)) problems.push(`${at} must be ${wanted[shape]}`);
  } else if (Array.isArray(shape)) {
    if (!Array.isArray(value)) problems.push(`${at} must be a list`);
    else for (const [index, item] of value.entries()) checkShape(item, shape[0], `${at}[${index}]`);
  } else if (typeof value !== "object" || value === null || Array.isArray(value)) {
    problems.push(`${at} must be an object`);
  } else {
    for (const key of Object.keys(shape)) {
      if (key in value) checkShape(value[key], shape[key], `${at}.${key}`);
      else problems.push(`${at} has no "${key}"`);
    }
  }
}

function checkReport(text) {
  let report;
  try {
    report = JSON.parse(text);
  } catch (error) {
    problems.push(`report.json is not JSON: ${error.message}`);
    return;
  }
  checkShape(report, reportShape, "report.json");
}

const ledger = read("corrected-ledger.csv");
if (ledger !== undefined) checkLedger(ledger);
const adjustments = read("adjustments.jsonl");
if (adjustments !== undefined) checkAdjustments(adjustments);
const report = read("report.json");
if (report !== undefined) checkReport(report);
const page = read("report.md");
if (page !== undefined && page.trim() === "") problems.push("report.md is empty");

if (problems.length > 0) {
  console.log(`${problems.length} ${problems.length === 1 ? "problem" : "problems"}:`);
  for (const problem of problems) console.log(`- ${problem}`);
  process.exitCode = 1;
} else {
  console.log("The four files have the right shape.");
}
