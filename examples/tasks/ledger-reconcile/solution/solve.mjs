// The reference solution of ledger-reconcile, step by step as the skill tells it.
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const currencies = ["EUR", "USD", "GBP"];
const adjustments = [];

/** The fields of a line, or undefined where its quotes do not pair up. */
function split(line) {
  const fields = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const match = pattern.exec(line);
    if (match === null) return undefined;
    fields.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'));
    if (match[3] === "") return fields;
  }
}

function readDate(text) {
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  const dmy = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(text);
  const date = iso ? text : dmy ? `${dmy[3]}-${dmy[2]}-${dmy[1]}` : undefined;
  const time = date === undefined ? Number.NaN : Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== date) return undefined;
  return date;
}

/** Whole cents. */
function readAmount(text) {
  if (!/^-?(\d+|\d{1,3}(,\d{3})+)(\.\d{1,2})?$/.test(text)) return undefined;
  const [units, cents = ""] = text.replaceAll(",", "").replace("-", "").split(".");
  const value = Number(units) * 100 + Number(cents.padEnd(2, "0"));
  return text.startsWith("-") ? -value : value;
}

function money(cents) {
  const text = String(Math.abs(cents)).padStart(3, "0");
  return `${cents < 0 ? "-" : ""}${text.slice(0, -2)}.${text.slice(-2)}`;
}

function load(file, dateFields, amountFields) {
  const lines = readFileSync(`data/${file}`, "utf8").split(/\r?\n/);
  const header = lines[0].split(",");
  const count = { read: 0, quarantined: 0, duplicates: 0, used: 0 };
  const rows = [];
  const seen = new Set();
  for (const [index, text] of lines.entries()) {
    if (index === 0 || text.trim() === "") continue;
    const line = index + 1;
    count.read += 1;
    const fields = split(text);
    let reason;
    const row = {};
    if (fields === undefined) reason = "the quotes do not pair up";
    else if (fields.length !== header.length)
      reason = `${fields.length} fields instead of ${header.length}`;
    else {
      for (const [column, name] of header.entries()) row[name] = fields[column].trim();
      for (const name of dateFields) {
        row[name] = readDate(row[name]);
        if (row[name] === undefined) reason ??= `${name} is not a date`;
      }
      for (const name of amountFields) {
        row[name] = readAmount(row[name]);
        if (row[name] === undefined) reason ??= `${name} is not an amount`;
      }
      if (!currencies.includes(row.currency)) reason ??= "unknown currency";
      if (row.reference === "" && file !== "ledger.csv") reason ??= "no reference";
      row.reference = row.reference.toUpperCase();
    }
    if (reason !== undefined) {
      count.quarantined += 1;
      adjustments.push({ kind: "quarantine", file, line, reason });
    } else if (row.reference !== "" && seen.has(row.reference)) {
      count.duplicates += 1;
      adjustments.push({ kind: "duplicate", file, line, reference: row.reference });
    } else {
      count.used += 1;
      seen.add(row.reference);
      rows.push(row);
    }
  }
  return { rows, count };
}

const bank = load("bank.csv", ["date"], ["amount"]);
const card = load("card-payouts.csv", ["payout_date", "date"], ["gross", "fee", "net"]);
const ledger = load("ledger.csv", ["date"], ["amount", "amount_eur"]);

const rates = readFileSync("data/fx-rates.csv", "utf8")
  .trim()
  .split(/\r?\n/)
  .map((line) => line.split(","));
const rateColumns = rates.shift();
function toEur(cents, currency, date) {
  if (currency === "EUR") return cents;
  const day = rates.findLast((row) => row[0] <= date);
  if (day === undefined) throw new Error(`No ${currency} rate on or before ${date}.`);
  const rate = Math.round(Number(day[rateColumns.indexOf(currency)]) * 10_000);
  const rounded = Math.floor((Math.abs(cents) * rate + 5_000) / 10_000);
  return cents < 0 ? -rounded : rounded;
}

// What happened.
const payouts = new Map();
for (const row of card.rows) {
  const payout = payouts.get(row.payout) ?? {
    date: row.payout_date,
    currency: row.currency,
    net: 0,
    fees: 0,
  };
  payout.net += row.net;
  payout.fees += row.fee;
  payouts.set(row.payout, payout);
}
const transactions = new Map();
const happened = (reference, date, amount, currency) => {
  if (transactions.has(reference)) return;
  transactions.set(reference, {
    reference,
    date,
    amount,
    currency,
    amount_eur: toEur(amount, currency, date),
    matched: false,
  });
};
for (const row of bank.rows)
  if (!payouts.has(row.reference)) happened(row.reference, row.date, row.amount, row.currency);
for (const row of card.rows) happened(row.reference, row.date, row.gross, row.currency);
for (const [name, payout] of payouts)
  if (payout.fees !== 0) happened(`FEE-${name}`, payout.date, -payout.fees, payout.currency);

// Match.
const byReference = [...transactions.values()].sort((a, b) => (a.reference < b.reference ? -1 : 1));
for (const entry of ledger.rows) {
  entry.transaction = transactions.get(entry.reference);
  if (entry.transaction !== undefined) entry.transaction.matched = true;
}
for (const entry of ledger.rows) {
  if (entry.reference !== "") continue;
  entry.transaction = byReference.find(
    (item) =>
      !item.matched &&
      item.date === entry.date &&
      item.amount === entry.amount &&
      item.currency === entry.currency,
  );
  if (entry.transaction !== undefined) entry.transaction.matched = true;
}

// Correct.
const shown = (field, value) => (field.startsWith("amount") ? money(value) : value);
const corrected = [];
for (const { transaction, ...entry } of ledger.rows) {
  let status = transaction === undefined ? "unmatched" : "matched";
  for (const field of ["date", "reference", "amount", "currency", "amount_eur"]) {
    if (transaction === undefined || entry[field] === transaction[field]) continue;
    adjustments.push({
      kind: "change",
      entry: entry.entry,
      field,
      from: shown(field, entry[field]),
      to: shown(field, transaction[field]),
    });
    entry[field] = transaction[field];
    status = "corrected";
  }
  corrected.push({ ...entry, status });
}
const missing = byReference.filter((item) => !item.matched);
missing.sort((a, b) => (a.date === b.date ? 0 : a.date < b.date ? -1 : 1));
for (const [index, { date, reference, amount, currency, amount_eur }] of missing.entries()) {
  const entry = `A-${String(index + 1).padStart(3, "0")}`;
  corrected.push({
    entry,
    date,
    description: "Added from the export",
    reference,
    amount,
    currency,
    amount_eur,
    status: "added",
  });
  adjustments.push({
    kind: "add",
    entry,
    date,
    reference,
    amount: money(amount),
    currency,
    amount_eur: money(amount_eur),
  });
}

// Write.
const columns = [
  "entry",
  "date",
  "description",
  "reference",
  "amount",
  "currency",
  "amount_eur",
  "status",
];
const order = (row) => `${row.date} ${row.entry}`;
corrected.sort((a, b) => (order(a) < order(b) ? -1 : 1));
const quoted = (text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const csv = [columns.join(",")];
for (const row of corrected)
  csv.push(columns.map((name) => quoted(shown(name, row[name]))).join(","));
writeFileSync("corrected-ledger.csv", `${csv.join("\n")}\n`);

rmSync("adjustments.jsonl", { force: true });
for (const adjustment of adjustments)
  appendFileSync("adjustments.jsonl", `${JSON.stringify(adjustment)}\n`);

const kinds = (kind) => adjustments.filter((item) => item.kind === kind).length;
const sum = (amounts) => amounts.reduce((total, amount) => total + amount, 0);
const inEur = sum(corrected.map((row) => Math.max(0, row.amount_eur)));
const outEur = sum(corrected.map((row) => Math.min(0, row.amount_eur)));
const report = {
  period: "2026-03",
  rows: { bank: bank.count, card: card.count, ledger: ledger.count },
  corrections: {
    quarantine: kinds("quarantine"),
    duplicate: kinds("duplicate"),
    change: kinds("change"),
    add: kinds("add"),
  },
  payouts: [...payouts.keys()].sort().map((name) => {
    const { net, currency } = payouts.get(name);
    const arrived = bank.rows.find((row) => row.reference === name)?.amount ?? 0;
    return {
      payout: name,
      currency,
      card_net: money(net),
      bank: money(arrived),
      difference: money(arrived - net),
    };
  }),
  unmatched: corrected
    .filter((row) => row.status === "unmatched")
    .map((row) => row.entry)
    .sort(),
  totals: {
    entries: corrected.length,
    in_eur: money(inEur),
    out_eur: money(outEur),
    net_eur: money(inEur + outEur),
  },
};
writeFileSync("report.json", `${JSON.stringify(report, null, 2)}\n`);

const open = [
  ...report.unmatched.map((entry) => `- ${entry} is in neither export.`),
  ...adjustments
    .filter((item) => item.kind === "quarantine")
    .map((item) => `- ${item.file}, line ${item.line}: ${item.reason}.`),
  ...report.payouts
    .filter((item) => item.difference !== "0.00")
    .map((item) => `- ${item.payout}: the bank differs by ${item.difference} ${item.currency}.`),
];
writeFileSync(
  "report.md",
  `# March 2026\n\nNet total: ${report.totals.net_eur} EUR. Corrections: ${adjustments.length}, each in adjustments.jsonl.\n\n## To look at\n\n${open.join("\n")}\n`,
);
