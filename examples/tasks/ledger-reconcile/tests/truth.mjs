// What a right reconciliation of the files in data/ gives. Shares no code with the reference
// solution, so that a slip in one of them shows.

const known = new Set(["EUR", "USD", "GBP"]);

/** The fields of one CSV record, or null where a quote stands anywhere but around a field. */
export function parseRecord(line) {
  const fields = [];
  let at = 0;
  for (;;) {
    let field = "";
    if (line[at] === '"') {
      at += 1;
      for (;;) {
        const close = line.indexOf('"', at);
        if (close < 0) return null;
        field += line.slice(at, close);
        at = close + 1;
        if (line[at] !== '"') break;
        field += '"';
        at += 1;
      }
      if (at < line.length && line[at] !== ",") return null;
    } else {
      const comma = line.indexOf(",", at);
      const end = comma < 0 ? line.length : comma;
      field = line.slice(at, end);
      if (field.includes('"')) return null;
      at = end;
    }
    fields.push(field);
    if (at >= line.length) return fields;
    at += 1;
  }
}

/** `1,234.5` as 123450, or null. */
export function decimalToCents(text) {
  const parts = /^(-?)([0-9,]+)(?:\.([0-9]{1,2}))?$/.exec(text);
  if (parts === null) return null;
  const [, sign, whole, decimals = ""] = parts;
  const groups = whole.split(",");
  const wellGrouped =
    groups.length === 1
      ? whole !== ""
      : /^\d{1,3}$/.test(groups[0]) && groups.slice(1).every((group) => group.length === 3);
  if (!wellGrouped) return null;
  const cents = Number(groups.join("") + decimals.padEnd(2, "0"));
  return sign === "-" ? 0 - cents : cents;
}

export function centsToDecimal(cents) {
  const whole = Math.trunc(Math.abs(cents) / 100);
  const rest = Math.abs(cents) % 100;
  return `${cents < 0 ? "-" : ""}${whole}.${rest < 10 ? "0" : ""}${rest}`;
}

function isoDate(text) {
  let year, month, day;
  if (/^\d{4}-\d\d-\d\d$/.test(text)) [year, month, day] = text.split("-");
  else if (/^\d\d\/\d\d\/\d{4}$/.test(text)) [day, month, year] = text.split("/");
  else return null;
  const lengths = [
    31,
    Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0) ? 29 : 28,
    31,
    30,
    31,
    30,
    31,
    31,
    30,
    31,
    30,
    31,
  ];
  const length = lengths[Number(month) - 1];
  return length !== undefined && Number(day) >= 1 && Number(day) <= length
    ? `${year}-${month}-${day}`
    : null;
}

const readers = {
  date: isoDate,
  payout_date: isoDate,
  amount: decimalToCents,
  amount_eur: decimalToCents,
  gross: decimalToCents,
  fee: decimalToCents,
  net: decimalToCents,
  currency: (text) => (known.has(text) ? text : null),
  reference: (text) => text.toUpperCase(),
};

/** Steps 1 and 2 of the skill: usable rows, and what was left out. */
function usable(file, text, adjustments) {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  const names = lines[0].split(",");
  const rows = [];
  const taken = new Set();
  const count = { read: 0, quarantined: 0, duplicates: 0, used: 0 };
  for (let number = 2; number <= lines.length; number += 1) {
    const line = lines[number - 1];
    if (line.trim() === "") continue;
    count.read += 1;
    const fields = parseRecord(line);
    const row = {};
    let readable = fields !== null && fields.length === names.length;
    if (readable) {
      names.forEach((name, index) => {
        const value = fields[index].trim();
        row[name] = name in readers ? readers[name](value) : value;
        if (row[name] === null) readable = false;
      });
      if (row.reference === "" && file !== "ledger.csv") readable = false;
    }
    if (!readable) {
      count.quarantined += 1;
      adjustments.push({ kind: "quarantine", file, line: number });
    } else if (row.reference !== "" && taken.has(row.reference)) {
      count.duplicates += 1;
      adjustments.push({ kind: "duplicate", file, line: number, reference: row.reference });
    } else {
      count.used += 1;
      taken.add(row.reference);
      rows.push(row);
    }
  }
  return { rows, count };
}

/** Exact: cents times ten-thousandths, in whole numbers. */
function converter(text) {
  const [header, ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const columns = header.split(",");
  const table = lines.map((line) => line.split(","));
  return (cents, currency, date) => {
    if (currency === "EUR") return cents;
    let latest = null;
    for (const row of table)
      if (row[0] <= date && (latest === null || row[0] > latest[0])) latest = row;
    if (latest === null) throw new Error(`fx-rates.csv has no rate on or before ${date}`);
    const rate = latest[columns.indexOf(currency)] ?? "";
    if (!/^\d+\.\d{4}$/.test(rate))
      throw new Error(`fx-rates.csv: "${rate}" is no rate with four decimals`);
    const product = BigInt(cents) * BigInt(rate.replace(".", ""));
    const size = product < 0n ? -product : product;
    const rounded = Number((size + 5000n) / 10000n);
    return product < 0n ? 0 - rounded : rounded;
  };
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** @param read gives the text of a file in data/ */
export function expectedOutcome(read) {
  const adjustments = [];
  const bank = usable("bank.csv", read("bank.csv"), adjustments);
  const card = usable("card-payouts.csv", read("card-payouts.csv"), adjustments);
  const ledger = usable("ledger.csv", read("ledger.csv"), adjustments);
  const toEur = converter(read("fx-rates.csv"));

  const payoutNames = [...new Set(card.rows.map((row) => row.payout))].sort(compare);
  const rowsOf = (payout) => card.rows.filter((row) => row.payout === payout);
  const total = (rows, key) => rows.reduce((sum, row) => sum + row[key], 0);

  const facts = new Map();
  const fact = (reference, date, amount, currency) => {
    if (!facts.has(reference))
      facts.set(reference, {
        reference,
        date,
        amount,
        currency,
        amount_eur: toEur(amount, currency, date),
      });
  };
  for (const row of bank.rows)
    if (!payoutNames.includes(row.reference))
      fact(row.reference, row.date, row.amount, row.currency);
  for (const row of card.rows) fact(row.reference, row.date, row.gross, row.currency);
  for (const payout of payoutNames) {
    const rows = rowsOf(payout);
    const fees = total(rows, "fee");
    if (fees !== 0) fact(`FEE-${payout}`, rows[0].payout_date, -fees, rows[0].currency);
  }

  const pairs = new Map();
  const claimed = new Set();
  for (const row of ledger.rows) {
    if (row.reference === "" || !facts.has(row.reference)) continue;
    pairs.set(row, facts.get(row.reference));
    claimed.add(row.reference);
  }
  for (const row of ledger.rows.filter((each) => each.reference === "")) {
    const candidates = [...facts.values()].filter(
      (each) =>
        !claimed.has(each.reference) &&
        each.date === row.date &&
        each.amount === row.amount &&
        each.currency === row.currency,
    );
    candidates.sort((a, b) => compare(a.reference, b.reference));
    if (candidates.length === 0) continue;
    pairs.set(row, candidates[0]);
    claimed.add(candidates[0].reference);
  }

  const spell = (row, field) =>
    field.startsWith("amount") ? centsToDecimal(row[field]) : row[field];
  const fields = ["date", "reference", "amount", "currency", "amount_eur"];
  const list = [];
  for (const row of ledger.rows) {
    const pair = pairs.get(row);
    const changed = pair === undefined ? [] : fields.filter((field) => row[field] !== pair[field]);
    for (const field of changed) {
      adjustments.push({
        kind: "change",
        entry: row.entry,
        field,
        from: spell(row, field),
        to: spell(pair, field),
      });
    }
    const status = pair === undefined ? "unmatched" : changed.length > 0 ? "corrected" : "matched";
    list.push({ ...row, ...pair, status });
  }
  const absent = [...facts.values()].filter((each) => !claimed.has(each.reference));
  absent.sort((a, b) => compare(a.date, b.date) || compare(a.reference, b.reference));
  absent.forEach((each, index) => {
    const entry = `A-${String(index + 1).padStart(3, "0")}`;
    list.push({ ...each, entry, description: "", status: "added" });
    adjustments.push({
      kind: "add",
      entry,
      ...Object.fromEntries(fields.map((field) => [field, spell(each, field)])),
    });
  });
  list.sort((a, b) => compare(a.date, b.date) || compare(a.entry, b.entry));

  const kinds = { quarantine: 0, duplicate: 0, change: 0, add: 0 };
  for (const item of adjustments) kinds[item.kind] += 1;
  const positive = list.filter((row) => row.amount_eur > 0);
  const negative = list.filter((row) => row.amount_eur < 0);
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
  return {
    entries: list.map((row) => columns.map((name) => spell(row, name))),
    adjustments,
    report: {
      period: "2026-03",
      rows: { bank: bank.count, card: card.count, ledger: ledger.count },
      corrections: kinds,
      payouts: payoutNames.map((payout) => {
        const rows = rowsOf(payout);
        const net = total(rows, "net");
        const arrived = total(
          bank.rows.filter((row) => row.reference === payout),
          "amount",
        );
        return {
          payout,
          currency: rows[0].currency,
          card_net: centsToDecimal(net),
          bank: centsToDecimal(arrived),
          difference: centsToDecimal(arrived - net),
        };
      }),
      unmatched: list
        .filter((row) => row.status === "unmatched")
        .map((row) => row.entry)
        .sort(compare),
      totals: {
        entries: list.length,
        in_eur: centsToDecimal(total(positive, "amount_eur")),
        out_eur: centsToDecimal(total(negative, "amount_eur")),
        net_eur: centsToDecimal(total(list, "amount_eur")),
      },
    },
  };
}
