import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compilePolicy } from "../src/boundary/policy/compile.ts";
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

test("every pack that the page shows as an example can be read and means something", () => {
  const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  expect(examples.length).toBeGreaterThan(1);
  for (const example of examples) {
    const head = "pack: example\nversion: 1\ndescription: d\ndefault: deny\n";
    const pack = parsePack(/^pack:/m.test(example) ? example : head + example, "example.yaml");
    expect(compilePolicy([pack]).rules.length).toBeGreaterThan(0);
  }
  const whole = examples.find((example) => /^pack:/m.test(example)) ?? "";
  expect(parsePack(whole, "example.yaml").rules.map((rule) => rule.id)).toEqual([
    "papers",
    "uploads-ask",
  ]);
});
