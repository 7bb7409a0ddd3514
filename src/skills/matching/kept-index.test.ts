import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { openKeptIndex } from "./kept-index.ts";
import { createSkillIndex, type IndexedSkill } from "./skill-index.ts";
import { defaultWeights } from "./weights.ts";

const skill = (name: string, description: string, body = ""): IndexedSkill => ({
  key: name,
  name,
  description,
  body,
  digest: JSON.stringify([name, description, body]),
});
const skills = [
  skill("pdf", "Fill PDF forms", "Use pypdf to fill the fields of a form."),
  skill("xlsx", "Spreadsheets", "Überschriften in Zeile 1, 表計算."),
  skill("docx", "Letters and documents"),
];
const task = "Fill the fields of a form and of a 表計算 in a PDF document";

const place = (): string => join(temporaryFolder("index"), "skill-index.jsonl");
const kept = (path: string, given: readonly IndexedSkill[] = skills) => {
  const index = openKeptIndex(path);
  index.update(given);
  index.save();
  return index;
};
const fresh = (given: readonly IndexedSkill[] = skills) => {
  const index = createSkillIndex();
  index.update(given);
  return index.search(task, 10);
};

test("what was kept gives what a fresh index gives, and is not written again", () => {
  const path = place();
  expect(kept(path).search(task, 10)).toEqual(fresh());
  const written = readFileSync(path, "utf8");
  const again = kept(path);
  expect(again.search(task, 10)).toEqual(fresh());
  expect(again.notices).toEqual([]);
  expect(readFileSync(path, "utf8")).toBe(written);
});

test("a changed skill adds one line", () => {
  const path = place();
  kept(path);
  const before = readFileSync(path, "utf8");
  const changed = [...skills.slice(1), skill("pdf", "Merge PDF files")];
  expect(kept(path, changed).search(task, 10)).toEqual(fresh(changed));
  const after = readFileSync(path, "utf8");
  expect(after.startsWith(before)).toBe(true);
  expect(after.slice(before.length).trimEnd().split("\n")).toHaveLength(1);
});

test("an index that goes on after it was kept adds what is new, and nothing twice", () => {
  const path = place();
  const index = kept(path, skills.slice(0, 2));
  index.update(skills);
  index.save();
  index.update([]);
  index.update(skills);
  index.save();
  expect(index.search(task, 10)).toEqual(fresh());
  expect(readFileSync(path, "utf8").trimEnd().split("\n")).toHaveLength(1 + skills.length);
  expect(kept(path).search(task, 10)).toEqual(fresh());
});

test("a file that is mostly of skills that are gone is written anew without them", () => {
  const path = place();
  kept(
    path,
    Array.from({ length: 200 }, (_, number) => skill(`s${number}`, `Number ${number}`)),
  );
  const large = readFileSync(path).length;
  kept(path, skills);
  expect(readFileSync(path).length).toBeLessThan(large / 10);
  expect(kept(path).search(task, 10)).toEqual(fresh());
});

test.each([
  ["cut in the middle of a line", (text: string) => text.slice(0, -40), "in 1 places"],
  [
    "with another letter in a word",
    (text: string) => text.replace("field", "feild"),
    "in 1 places",
  ],
  ["with its first line gone", (text: string) => text.slice(text.indexOf("\n") + 1), "is damaged"],
  ["that is not text", () => "\u0000\u0001\u0002", "is damaged"],
  ["of another format", () => "c0ffee00 {}\n", "is damaged"],
])("a file %s is mended, and said", (_what, damage, said) => {
  const path = place();
  kept(path);
  writeFileSync(path, damage(readFileSync(path, "utf8")));
  const mended = kept(path);
  expect(mended.notices).toEqual([expect.stringContaining(said)]);
  expect(mended.search(task, 10)).toEqual(fresh());
  expect(kept(path).notices).toEqual([]);
});

test("a file that other weights made is of another version, and made anew", () => {
  const path = place();
  const other = openKeptIndex(path, { ...defaultWeights, k1: 1 });
  other.update(skills);
  other.save();
  const index = kept(path);
  expect(index.notices).toEqual([expect.stringContaining("another version")]);
  expect(index.search(task, 10)).toEqual(fresh());
  expect(kept(path).notices).toEqual([]);
});

test("a place that cannot be written or read is said, and the index serves all the same", () => {
  const path = place();
  mkdirSync(path);
  const index = kept(path);
  expect(index.notices).toEqual([
    expect.stringContaining("cannot be read"),
    expect.stringContaining("cannot be kept"),
  ]);
  expect(index.search(task, 10)).toEqual(fresh());
});

test("vectors are kept by embedder and content", () => {
  const path = place();
  const index = openKeptIndex(path);
  index.update(skills);
  index.shelf("one").keep(skills[0]?.digest ?? "", Float32Array.of(0.5, -0.25));
  index.save();
  const again = openKeptIndex(path);
  expect(again.shelf("one").find(skills[0]?.digest ?? "")).toEqual(Float32Array.of(0.5, -0.25));
  expect(again.shelf("other").find(skills[0]?.digest ?? "")).toBeUndefined();
});

test("whatever one byte becomes, nothing is thrown and what is found stays the same", () => {
  const path = place();
  kept(path);
  const whole = readFileSync(path);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const damaged = Buffer.from(whole);
      damaged[at] = byte;
      writeFileSync(path, damaged);
      expect(kept(path).search(task, 10)).toEqual(fresh());
      appendFileSync(path, "half a li");
      expect(kept(path).search(task, 10)).toEqual(fresh());
    }),
    { numRuns: 60 },
  );
});
