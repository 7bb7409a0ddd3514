import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { packsPage } from "../src/boundary/policy/docs.ts";
import { parsePack } from "../src/boundary/policy/pack-file.ts";
import { readLibrary } from "../src/boundary/policy/load.ts";

const page = readFileSync(new URL("../docs/policy/packs.md", import.meta.url), "utf8");

test("the page about the packs says what the packs say (else run: node docs/policy/generate.ts)", () => {
  expect(page).toBe(packsPage([...readLibrary().values()]));
});

test("the page shows every rule of every pack, with its reason", () => {
  for (const pack of readLibrary().values()) {
    const section = page.split(`\n## ${pack.name}\n`)[1]?.split("\n## ")[0];
    expect(section, pack.name).toContain(pack.description);
    for (const rule of pack.rules) {
      expect(section).toContain(`| \`${rule.id}\` |`);
      expect(section).toContain(rule.reason);
    }
  }
});

test("the pack that the page shows as an example can be read", () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  expect(parsePack(example, "example.yaml").rules.map((rule) => rule.id)).toEqual([
    "papers",
    "uploads-ask",
  ]);
});
