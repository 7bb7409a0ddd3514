import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { headPath, readHeads, writeHeads } from "./head-file.ts";
import { findKey, keyPath, readPublicKeyFile, takeKey } from "./key-file.ts";
import { checkSignature, makeKey, readPublicKey } from "./signing.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent33-key-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const place = { tenant: "a", position: 3, previous: 1, hash: "ab".repeat(32), at: 1000 };
const code = (name: string) => expect.objectContaining({ code: name });

describe("the key", () => {
  test("is made at first need, for this user's eyes, and stays", () => {
    expect(findKey(folder)).toBeUndefined();
    const key = takeKey(folder);
    expect(statSync(keyPath(folder)).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(keyPath(folder))).mode & 0o777).toBe(0o700);
    expect(readdirSync(dirname(keyPath(folder)))).toEqual(["audit-ed25519.pem"]);
    expect(takeKey(folder).keyId).toBe(key.keyId);
    expect(findKey(folder)?.publicPem).toBe(key.publicPem);
    expect(readFileSync(keyPath(folder), "utf8")).toContain("BEGIN PRIVATE KEY");
    expect(key.publicPem).not.toContain("PRIVATE");
  });

  test("that cannot be read is an error, never replaced", () => {
    mkdirSync(dirname(keyPath(folder)), { recursive: true });
    writeFileSync(keyPath(folder), "no key");
    expect(() => takeKey(folder)).toThrowError(code("audit.bad_key"));
    expect(readFileSync(keyPath(folder), "utf8")).toBe("no key");
    expect(() => readPublicKeyFile(join(folder, "missing.pem"))).toThrowError(
      code("audit.bad_key"),
    );
  });
});

describe("a signature", () => {
  const key = makeKey();
  const keys = new Map([readPublicKey(key.publicPem)]);
  const signed = key.sign("head", place);

  test("holds for what was signed, by that key, as what it was signed", () => {
    expect(checkSignature("head", signed, keys)).toBe("valid");
    expect(checkSignature("checkpoint", signed, keys)).toBe("invalid");
    expect(checkSignature("head", signed, new Map())).toBe("unknown key");
    const other = makeKey().sign("head", place);
    expect(checkSignature("head", { ...other, keyId: key.keyId }, keys)).toBe("invalid");
  });

  test.each([
    { tenant: "b" },
    { position: 4 },
    { previous: 0 },
    { hash: "ac".repeat(32) },
    { at: 1001 },
    { signature: signed.signature.toUpperCase() },
    { signature: `${signed.signature}00` },
    { signature: ` ${signed.signature}` },
    { signature: "" },
  ])("does not hold for %o", (change) => {
    expect(checkSignature("head", { ...signed, ...change }, keys)).toBe("invalid");
  });
});

describe("the head file", () => {
  test("is replaced as a whole, by tenant", () => {
    const path = headPath(folder);
    expect(readHeads(path)).toEqual(new Map());
    const heads = ["b", "a"].map((tenant) => makeKey().sign("head", { ...place, tenant }));
    writeHeads(path, new Map(heads.map((head) => [head.tenant, head])));
    expect([...readHeads(path).keys()]).toEqual(["a", "b"]);
    expect(readHeads(path).get("b")).toEqual(heads[0]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["audit-head.json"]);
  });

  test.each(["", "{}", '{"format":"agent33-audit-head","version":1,"heads":[{}]}'])(
    "that says %j is an error",
    (text) => {
      writeFileSync(headPath(folder), text);
      expect(() => readHeads(headPath(folder))).toThrowError(code("audit.bad_head"));
    },
  );
});
