import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { parityOf } from "../parity/parity.ts";
import { createHistory } from "./journal-file.ts";
import { encodeLine } from "./line.ts";
import { sealJournal } from "./seal.ts";
import { sealedName, segmentName, segmentOf } from "./segments.ts";
import { verifyJournal } from "./verify.ts";

let journal = "";
const history = "h1";
const now = Date.now();

/** A history with two full segments and the beginning of a third. */
beforeEach(() => {
  journal = join(temporaryFolder("seal"), "journal");
  mkdirSync(journal);
  createHistory(journal, { history, at: 1, seq: 0, parent: null, empty: true });
  const files = new Map<number, string[]>();
  for (let seq = 1; seq <= 2 * 4096 + 10; seq += 1) {
    const first = segmentOf(seq);
    const lines = files.get(first) ?? [];
    lines.push(encodeLine(history, { seq, at: seq, schema: 3, statements: [] }, new Set()));
    files.set(first, lines);
  }
  for (const [first, lines] of files) {
    writeFileSync(join(journal, history, segmentName(first)), lines.join(""));
  }
});

const seal = (keepDays = 7) =>
  sealJournal({ journal, position: { history, seq: 8195 }, now, keepDays });
const path = (name: string) => join(journal, history, name);

test("full segments are packed, the one that is written to is not, and all is read as before", async () => {
  const before = await verifyJournal(journal);
  await seal();
  expect(readdirSync(join(journal, history)).sort()).toEqual([
    sealedName(1),
    parityOf(sealedName(1)),
    sealedName(4097),
    parityOf(sealedName(4097)),
    segmentName(8193),
    "origin.json",
    parityOf("origin.json"),
    "sealed.jsonl",
  ]);
  expect(await verifyJournal(journal)).toEqual(before);
  expect(before).toEqual([{ history, from: 1, to: 8202, problems: [] }]);
  const seals = readFileSync(path("sealed.jsonl"), "utf8");
  await seal();
  expect(readFileSync(path("sealed.jsonl"), "utf8")).toBe(seals);
});

test("packing that was killed half-way is done again", async () => {
  writeFileSync(path(sealedName(1)), "half");
  writeFileSync(path(`${sealedName(4097)}.partial`), "half");
  await seal();
  expect(await verifyJournal(journal)).toMatchObject([{ to: 8202, problems: [] }]);
});

test("what is older than it is kept goes, and its seals stay", async () => {
  await seal();
  utimesSync(path(sealedName(1)), 1, 1);
  await seal();
  expect(existsSync(path(sealedName(1)))).toBe(false);
  expect(existsSync(path(parityOf(sealedName(1))))).toBe(false);
  expect(await verifyJournal(journal)).toEqual([{ history, from: 4097, to: 8202, problems: [] }]);
});

test("an altered segment and an altered seal are told of", async () => {
  await seal();
  const seals = readFileSync(path("sealed.jsonl"), "utf8");
  writeFileSync(path(sealedName(4097)), readFileSync(path(sealedName(1))));
  const [altered] = await verifyJournal(journal);
  expect(altered?.problems).toEqual([
    expect.stringContaining("000000004097.jsonl.zst was altered"),
    "change 4097 is missing or damaged",
  ]);
  writeFileSync(path("sealed.jsonl"), seals.split("\n").slice(1).join("\n"));
  const [left] = await verifyJournal(journal);
  expect(left?.problems[0]).toContain("seal");
});
