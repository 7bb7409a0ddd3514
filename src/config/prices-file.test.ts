import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { loadConfig } from "./config.ts";

const price = (input: number) => ({ inputPerMillionUsd: input, outputPerMillionUsd: 2 });

function pricesOf(file: string, text: string | undefined, prices = {}) {
  const cwd = temporaryFolder("prices");
  if (text !== undefined) writeFileSync(join(cwd, file), text);
  const flags = [
    { setting: "pricesFile", flag: "--prices-file", value: file },
    { setting: "prices", flag: "--prices", value: prices },
  ];
  return loadConfig({ cwd, env: {}, flags }).settings.prices;
}

test("prices of a file count, and those of the settings before them", () => {
  const text = "one: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 }\n";
  expect(pricesOf("p.yaml", text)).toEqual({ one: price(1) });
  const json = JSON.stringify({ one: price(1), two: price(3) });
  expect(pricesOf("p.json", json, { one: price(9) })).toEqual({ one: price(9), two: price(3) });
  expect(pricesOf("empty.yaml", "")).toEqual({});
});

test("a file that is not there, is no YAML or holds something else is named", () => {
  for (const [text, code, said] of [
    [undefined, "config.unreadable", "p.yaml"],
    ["{", "config.malformed", "p.yaml"],
    ["one: { inputPerMillionUsd: -1 }", "config.invalid_value", "one.inputPerMillionUsd"],
    ["- 1", "config.invalid_value", "p.yaml"],
  ] as const) {
    expect(() => pricesOf("p.yaml", text)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(said) }),
    );
  }
});
