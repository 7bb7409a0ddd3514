import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { isJsonObject, type JsonObject, type JsonValue } from "../../base/json.ts";
import { packFilesOf } from "../../../test/support/packs.ts";
import { packJsonSchema } from "./pack-schema.ts";
import { packSchema } from "./schema.ts";

const root = new URL("../../../", import.meta.url);
const validate = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false }).compile(
  packJsonSchema(),
);
const loads = (pack: unknown): boolean => packSchema.safeParse(pack).success;

const base: JsonObject = { pack: "p", version: 1, description: "d", default: "deny", rules: [] };
const withRule = (rule: JsonObject): JsonObject => ({
  ...base,
  rules: [{ id: "a", reason: "r", ...rule }],
});

test("the schema in docs is up to date (else run: node docs/policy/generate.ts)", () => {
  const text = readFileSync(new URL("docs/policy/pack.schema.json", root), "utf8");
  expect(JSON.parse(text)).toEqual(packJsonSchema());
});

test("the schema is in the published package, where the shipped packs say", () => {
  const { files } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    readonly files: readonly string[];
  };
  expect(files).toContain("docs/policy/pack.schema.json");
  for (const [file, text] of packFilesOf(root)) {
    expect(text.split("\n")[0], file).toBe(
      "# yaml-language-server: $schema=../docs/policy/pack.schema.json",
    );
  }
});

describe("the schema and the loader agree", () => {
  test("about every shipped pack", () => {
    const packs = packFilesOf(root);
    expect(packs.length).toBeGreaterThanOrEqual(6);
    for (const [file, text] of packs) {
      expect(validate(parse(text)), `${file}: ${JSON.stringify(validate.errors)}`).toBe(true);
    }
  });

  test.each<readonly [string, JsonObject]>([
    ["an unknown key", { ...base, defualt: "deny" }],
    ["no default", { pack: "p", version: 1, description: "d", rules: [] }],
    ["a reserved name", { ...base, pack: "egress" }],
    ["a name in capitals", { ...base, pack: "P" }],
    ["a version that is text", { ...base, version: "1" }],
    ["an unknown mode", { ...base, mode: "shadwo" }],
    ["a rule that says nothing", withRule({})],
    ["a rule that says two things", withRule({ deny: {}, ask: {} })],
    ["a rule without a reason", { ...base, rules: [{ id: "a", deny: {} }] }],
    ["a rule called default", withRule({ id: "default", deny: {} })],
    ["an unknown fact", withRule({ deny: { tol: "a" } })],
    ["an unknown effect", withRule({ deny: { effect: "wirte" } })],
    ["a port that is none", withRule({ deny: { port: 0 } })],
    ["a port as text in a list", withRule({ deny: { port: [80, "443"] } })],
    ["a digest that is none", withRule({ deny: { toolDigest: "abc" } })],
    ["a ttl without a question", withRule({ deny: {}, ttl: "10m" })],
    ["a ttl in weeks", withRule({ ask: {}, ttl: "1w" })],
    ["a condition that is no text", withRule({ deny: {}, when: true })],
    ["a limit on allow", withRule({ allow: {}, limit: { max: 1, per: "run" } })],
    ["a before on allow", withRule({ allow: {}, before: {} })],
    ["a limit and a before", withRule({ deny: {}, limit: { max: 1, per: "run" }, before: {} })],
    ["a limit of nothing", withRule({ deny: {}, limit: { max: 0, per: "run" } })],
    ["half a call", withRule({ deny: {}, limit: { max: 1.5, per: "run" } })],
    ["a limit per user without a window", withRule({ deny: {}, limit: { max: 1, per: "user" } })],
    ["a window in weeks", withRule({ deny: {}, limit: { max: 1, per: "user", window: "1w" } })],
    ["an unknown key of a limit", withRule({ deny: {}, limit: { max: 1, per: "run", of: 1 } })],
  ])("that %s is wrong", (_, pack) => {
    expect([validate(pack), loads(pack)]).toEqual([false, false]);
  });

  test.each<readonly [string, JsonObject]>([
    ["a single value for a list", withRule({ deny: { tool: "a", port: 80, private: true } })],
    ["a list", withRule({ deny: { tool: ["a", "b"], port: [80, 443] } })],
    ["half a dollar", withRule({ deny: {}, limit: { max: 0.5, per: "run", sum: "costUsd" } })],
    ["a window of none", withRule({ ask: {}, limit: { max: 1, per: "user", window: "none" } })],
    ["what comes first", withRule({ deny: { tool: "b" }, before: { tool: "a" } })],
  ])("that %s is right", (_, pack) => {
    expect([validate(pack), loads(pack)], JSON.stringify(validate.errors)).toEqual([true, true]);
  });

  test("about whatever becomes of a pack when one thing in it is changed", () => {
    const packs = packFilesOf(root).map(([, text]) => parse(text) as JsonObject);
    const changes = fc.record({
      pack: fc.constantFrom(...packs),
      at: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 6 }),
      what: fc.constantFrom<(value: JsonValue | undefined) => JsonValue | undefined>(
        () => undefined,
        () => 42,
        () => "deny",
        () => true,
        () => ({}),
        (value) => [value ?? null],
      ),
      rename: fc.boolean(),
    });
    let refused = 0;
    fc.assert(
      fc.property(changes, ({ pack, at, what, rename }) => {
        const changed = changeAt(structuredClone(pack), at, what, rename);
        const [editor, loader] = [validate(changed), loads(changed)];
        if (!loader) refused += 1;
        expect(editor, JSON.stringify(changed)).toBe(loader);
      }),
      { numRuns: 2_000 },
    );
    expect(refused).toBeGreaterThan(500);
  });
});

/** Follows the numbers into a value and changes, removes or renames what is there. */
function changeAt(
  value: JsonValue,
  [first = 0, ...rest]: readonly number[],
  what: (value: JsonValue | undefined) => JsonValue | undefined,
  rename: boolean,
): JsonValue {
  if (Array.isArray(value) && value.length > 0) {
    const place = first % value.length;
    // An emptied list is the compiler's to refuse, and says so better.
    return value.map((part, index) =>
      index === place ? changeAt(part, rest, what, rename) : part,
    );
  }
  if (!isJsonObject(value)) return what(value) ?? value;
  const keys = Object.keys(value);
  const key = keys[first % Math.max(1, keys.length)] ?? "";
  const { [key]: part, ...others } = value;
  if (rest.length > 0 && typeof part === "object" && part !== null) {
    return { ...others, [key]: changeAt(part, rest, what, rename) };
  }
  if (rename) return { ...others, [`${key}x`]: part ?? null };
  const next = what(part);
  return next === undefined ? others : { ...others, [key]: next };
}
