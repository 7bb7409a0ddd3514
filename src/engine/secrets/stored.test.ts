import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRedactor } from "../../base/redact.ts";
import { loadConfig } from "../../config/config.ts";
import { testHost } from "../../../test/support/engine.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { createSecretStore } from "./secret-store.ts";
import { withStoredSecrets } from "./stored.ts";

const masterKey = Buffer.alloc(32, 1).toString("base64");

/** One who runs, and another process that changes the secrets meanwhile. */
function running(env: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder("live-secrets");
  const config = loadConfig({ cwd: folder, env: {}, flags: [] });
  const warned: string[] = [];
  const host = {
    ...testHost(folder, { AGENT33_MASTER_KEY: masterKey, ...env }),
    warn: (text: string) => void warned.push(text),
  };
  const other = createSecretStore(config, host);
  return { folder, warned, other, open: () => withStoredSecrets(config, host) };
}

test("a stored secret is found as it is when it is asked for, and is kept out of what is written", () => {
  const { open, other } = running();
  const { host, conceal } = open();
  const redactor = createRedactor();
  conceal(redactor);
  expect(host.env["DESK"]).toBeUndefined();
  other.add("DESK", "not-for-anybody-1");
  expect(host.env["DESK"]).toBe("not-for-anybody-1");
  other.rotate("DESK", "not-for-anybody-2");
  expect(host.env["DESK"]).toBe("not-for-anybody-2");
  expect(redactor.text("not-for-anybody-1, not-for-anybody-2")).toBe(
    "[secret:DESK], [secret:DESK]",
  );
  expect({ ...host.env }).toMatchObject({ DESK: "not-for-anybody-2" });
  other.remove("DESK");
  expect(host.env["DESK"]).toBeUndefined();
  expect(Object.keys(host.env)).not.toContain("DESK");
});

test("what the environment has goes first, unless it is empty", () => {
  const { open, other } = running({ DESK: "the-environments-own", BANK: " " });
  other.add("DESK", "not-for-anybody-1");
  other.add("BANK", "not-for-anybody-2");
  const { env } = open().host;
  expect(env["DESK"]).toBe("the-environments-own");
  expect(env["BANK"]).toBe("not-for-anybody-2");
});

test("under another master key, what was not changed is used on, and what was changed or removed is not", () => {
  const { folder, open, other, warned } = running();
  for (const name of ["STAYS", "CHANGED", "REMOVED"]) other.add(name, `not-for-anybody-${name}`);
  const { env } = open().host;
  expect(env["CHANGED"]).toBe("not-for-anybody-CHANGED");
  const keyFile = join(folder, "next.key");
  writeFileSync(keyFile, Buffer.alloc(32, 2).toString("hex"), { mode: 0o600 });
  other.rotate("CHANGED", "not-for-anybody-else");
  other.remove("REMOVED");
  other.rekey(keyFile);
  expect(env["STAYS"]).toBe("not-for-anybody-STAYS");
  expect(env["CHANGED"]).toBeUndefined();
  expect(env["REMOVED"]).toBeUndefined();
  expect(warned).toEqual([expect.stringContaining("1 that were open before are used on")]);
});

test("a file that is damaged while it is used changes nothing, and is told once", () => {
  const { folder, open, other, warned } = running();
  other.add("DESK", "not-for-anybody-1");
  const { env } = open().host;
  writeFileSync(join(folder, ".agent33", "secrets.json"), "{");
  expect(env["DESK"]).toBe("not-for-anybody-1");
  expect(env["DESK"]).toBe("not-for-anybody-1");
  expect(warned).toHaveLength(1);
});
