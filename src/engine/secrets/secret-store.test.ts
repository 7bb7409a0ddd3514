import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { loadConfig } from "../../config/config.ts";
import { testHost } from "../../../test/support/engine.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { masterKeyOf } from "./master-key.ts";
import { seal, unseal } from "./seal.ts";
import { createSecretStore, type SecretStore } from "./secret-store.ts";

const key = Buffer.alloc(32, 1).toString("base64");
const otherKey = Buffer.alloc(32, 2).toString("hex");

interface Place {
  readonly folder: string;
  readonly file: string;
  open(masterKey?: string, tenant?: string, flags?: Readonly<Record<string, string>>): SecretStore;
}

function place(): Place {
  const folder = temporaryFolder("secrets");
  return {
    folder,
    file: join(folder, ".agent33", "secrets.json"),
    open: (masterKey = key, tenant = "default", flags = {}) => {
      const config = loadConfig({
        cwd: folder,
        env: {},
        flags: Object.entries({ tenant, ...flags }).map(([setting, value]) => ({
          setting,
          flag: setting,
          value,
        })),
      });
      return createSecretStore(config, testHost(folder, { AGENT33_MASTER_KEY: masterKey }));
    },
  };
}

describe("stored secrets", () => {
  test("are kept sealed, given other values, and forgotten", () => {
    const { open, file } = place();
    const store = open();
    expect(store.add("NOTES_TOKEN", "not-for-anybody-1")).toMatchObject({ version: 1 });
    store.add("BANK", "not-for-anybody-2");
    expect(store.rotate("NOTES_TOKEN", "not-for-anybody-3")).toMatchObject({ version: 2 });
    expect([...open().open()].map(([name, { value }]) => [name, value])).toEqual([
      ["BANK", "not-for-anybody-2"],
      ["NOTES_TOKEN", "not-for-anybody-3"],
    ]);
    const text = readFileSync(file, "utf8");
    for (const form of ["not-for-anybody", Buffer.from("not-for").toString("base64").slice(0, 8)]) {
      expect(text).not.toContain(form);
    }
    store.remove("BANK");
    expect(store.list().map(({ name }) => name)).toEqual(["NOTES_TOKEN"]);
    expect(() => store.remove("BANK")).toThrow(
      expect.objectContaining({ code: "secrets.unknown" }),
    );
    expect(() => store.add("NOTES_TOKEN", "x")).toThrow(
      expect.objectContaining({ code: "secrets.exists" }),
    );
  });

  test("open under no other key, and say which one they need", () => {
    const { open } = place();
    const { keyId } = open().add("BANK", "not-for-anybody-1");
    expect(() => open(otherKey).open()).toThrow(
      expect.objectContaining({
        code: "secrets.wrong_key",
        message: expect.stringContaining(keyId) as string,
      }),
    );
    expect(() => open("").open()).toThrow(expect.objectContaining({ code: "secrets.no_key" }));
    expect(() => open("short").open()).toThrow(
      expect.objectContaining({ code: "secrets.bad_key" }),
    );
  });

  test("of which one was changed or moved do not open", () => {
    const { open, file } = place();
    open().add("BANK", "not-for-anybody-1");
    open().add("NOTES", "not-for-anybody-2");
    const whole = readFileSync(file, "utf8");
    const swapped = JSON.parse(whole) as { secrets: { sealed: unknown }[] };
    const [one, other] = swapped.secrets;
    if (one === undefined || other === undefined) throw new Error("two were kept");
    [one.sealed, other.sealed] = [other.sealed, one.sealed];
    for (const text of [JSON.stringify(swapped), whole.replace('"default"', '"acme"')]) {
      writeFileSync(file, text);
      expect(() => open().open()).toThrow(expect.objectContaining({ code: "secrets.wrong_key" }));
    }
    writeFileSync(file, "{}");
    expect(() => open().list()).toThrow(expect.objectContaining({ code: "secrets.malformed" }));
  });

  test("are sealed under another master key, all or none", () => {
    const { open, folder, file } = place();
    open().add("BANK", "not-for-anybody-1");
    const next = join(folder, "next.key");
    writeFileSync(next, otherKey, { mode: 0o600 });
    const before = readFileSync(file, "utf8");
    expect(() => open(Buffer.alloc(32, 9).toString("hex")).rekey("next.key")).toThrow(
      expect.objectContaining({ code: "secrets.wrong_key" }),
    );
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(open().rekey("next.key")).toMatchObject({ secrets: 1 });
    expect(open(otherKey).open().get("BANK")?.value).toBe("not-for-anybody-1");
    expect(() => open().open()).toThrow(expect.objectContaining({ code: "secrets.wrong_key" }));
  });

  test("take names as settings refer to them, and none that children inherit", () => {
    const store = place().open();
    for (const name of ["PATH", "NODE_EXTRA_CA_CERTS", "HTTP_PROXY", "AGENT33_MODEL", "a b", ""]) {
      expect(() => store.add(name, "not-for-anybody-1")).toThrow(
        expect.objectContaining({ code: "secrets.bad_name" }),
      );
    }
    for (const value of ["", "x\0", "\ud800", "x".repeat(65_537)]) {
      expect(() => store.add("BANK", value)).toThrow(
        expect.objectContaining({ code: "secrets.bad_value" }),
      );
    }
  });

  test("refuse a master key that lies beside them, or that others can read", () => {
    const { open, folder } = place();
    mkdirSync(join(folder, ".agent33"));
    const inside = join(folder, ".agent33", "key");
    const outside = join(folder, "key");
    for (const path of [inside, outside]) writeFileSync(path, key, { mode: 0o600 });
    const under = (path: string) => () =>
      open("", "default", { "secrets.keyFile": path }).add("A", "x");
    expect(under(inside)).toThrow(expect.objectContaining({ code: "secrets.key_beside_data" }));
    chmodSync(outside, 0o640);
    expect(under(outside)).toThrow(expect.objectContaining({ code: "secrets.key_readable" }));
    chmodSync(outside, 0o600);
    expect(under(join(folder, "gone"))).toThrow(
      expect.objectContaining({ code: "secrets.bad_key" }),
    );
    expect(under(outside)()).toMatchObject({ name: "A" });
  });
});

test("whatever byte of an envelope is changed, it does not open, and never under another name", () => {
  const host = testHost("/", { AGENT33_MASTER_KEY: key });
  const config = loadConfig({ cwd: "/nowhere", env: {}, flags: [] });
  const master = masterKeyOf(config.settings, host);
  if (master === undefined) throw new Error("there is a key");
  const flipped = (text: string, at: number): string => {
    const bytes = Buffer.from(text, "base64");
    bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1;
    return bytes.toString("base64");
  };
  const boxes = ["wrapped", "value"] as const;
  const parts = ["iv", "data", "tag"] as const;
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, unit: "grapheme" }),
      fc.string(),
      fc.nat(),
      fc.constantFrom(...boxes),
      fc.constantFrom(...parts),
      (value, name, at, box, part) => {
        const owner = { tenant: "t", name };
        const sealed = seal(value, owner, master, systemRandom);
        expect(unseal(sealed, owner, master)).toBe(value);
        const changed = {
          ...sealed,
          [box]: { ...sealed[box], [part]: flipped(sealed[box][part], at) },
        };
        expect(unseal(changed, owner, master)).toBeUndefined();
        expect(unseal(sealed, { tenant: "t", name: `${name}x` }, master)).toBeUndefined();
        expect(unseal(sealed, { tenant: "u", name }, master)).toBeUndefined();
      },
    ),
  );
});
