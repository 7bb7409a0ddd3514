import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { discover } from "../src/skills/load.ts";
import { temporaryFolder } from "./support/temporary.ts";

interface RawSkill {
  readonly name: string | null;
  readonly description: string | null;
  readonly body: string | null;
}

/** Published skills where they are at hand, and else some that are odd in the same ways. */
function rawSkills(): readonly RawSkill[] {
  const path = join(process.env["AGENT33_BENCH_DATA"] ?? "", "skillmatch/corpus.jsonl.gz");
  if (!existsSync(path)) return madeUp;
  return gunzipSync(readFileSync(path))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as RawSkill);
}

const madeUp: readonly RawSkill[] = [
  { name: "plain", description: "Does it.", body: "How." },
  { name: "Odd Name_2", description: "Use this: when odd", body: "---\nnot front matter\n---" },
  { name: "long", description: "x ".repeat(900), body: "How." },
  { name: "none", description: null, body: "How." },
  { name: "lines", description: "One.\n\n- two: 2\n@three `four`", body: null },
  { name: "quotes", description: "\"Half\" a quote, 'and' {braces}: [x", body: "How." },
  { name: "hash", description: "C# and #hash: yes", body: "\u0000\u0007" },
];

const skills = rawSkills();

async function discoverAs(front: (skill: RawSkill) => string) {
  const root = temporaryFolder("corpus");
  for (const [place, skill] of skills.entries()) {
    const dir = join(root, `skill-${place}`);
    mkdirSync(dir);
    writeFileSync(join(dir, "SKILL.md"), `---\n${front(skill)}\n---\n\n${skill.body ?? ""}\n`);
  }
  return discover(root);
}

/** Of several skills of one name the first counts, and the others are issues. */
const described = skills.filter(({ description }) => (description ?? "").trim() !== "");
const nameOf = ({ name }: RawSkill): string => (name ?? "").replaceAll(/\s+/g, " ").trim();

// Thousands of folders are written and read; the limit is for a machine that has much else to do.
describe(`${skills.length} skills as they are published`, { timeout: 180_000 }, () => {
  test("are all read from front matter that is written as YAML has it", async () => {
    const found = await discoverAs(({ name, description }) =>
      [`name: ${JSON.stringify(name)}`, `description: ${JSON.stringify(description)}`].join("\n"),
    );
    expect(new Set(found.skills.map(({ name }) => name))).toEqual(new Set(described.map(nameOf)));
  });

  test("are read or told of, each with a reason, from front matter as people write it", async () => {
    const found = await discoverAs(
      ({ name, description }) => `name: ${name ?? ""}\ndescription: ${description ?? ""}`,
    );
    const issues = found.notices.filter(({ level }) => level === "issue");
    expect(found.skills.length + new Set(issues.map(({ folder }) => folder)).size).toBe(
      skills.length,
    );
    expect(found.notices.every(({ hint = "", message }) => hint !== "" && message !== "")).toBe(
      true,
    );
    const lost = issues.filter(({ code }) => code !== "skills.name_taken");
    const nameless = skills.length - described.length;
    // Nothing is lost but what has no description, and texts with a line that looks like a key.
    expect(lost.length).toBeLessThanOrEqual(nameless + Math.ceil(skills.length / 1_000));
  });
});
