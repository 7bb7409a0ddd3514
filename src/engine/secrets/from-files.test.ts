import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { testHost } from "../../../test/support/engine.ts";
import { loadConfig } from "../../config/config.ts";
import { secretsInFiles } from "./from-files.ts";
import { redactorFor, withStoredSecrets } from "./stored.ts";

const value = "kept-in-a-file-0123456789";

function folderWith(content: string): string {
  const cwd = temporaryFolder("secret-files");
  writeFileSync(join(cwd, "token"), content);
  return cwd;
}

test("a variable has the value of the file that is named, and nobody is told it", () => {
  const cwd = folderWith(`${value}\n`);
  const host = { ...testHost(cwd), env: { DESK__FILE: "token" } };
  const config = loadConfig({ cwd, env: {}, flags: [] });
  expect(withStoredSecrets(config, host).host.env["DESK"]).toBe(value);
  expect(redactorFor(config, host).text(`It is ${value}.`)).toBe("It is [secret:DESK].");
});

test("line ends inside and blanks stay; a name alone and an empty path mean nothing", () => {
  const cwd = folderWith(" a\nb \r\n");
  const env = { A__FILE: "token", __FILE: "token", B__FILE: "", C: "c" };
  expect([...secretsInFiles({ env, cwd })]).toEqual([["A", " a\nb "]]);
});

test.each([
  ["is not there", { env: { A__FILE: "other" }, content: "x" }, /other that A__FILE names cannot/],
  ["is empty", { env: { A__FILE: "token" }, content: " \n" }, /is empty/],
  ["is too long", { env: { A__FILE: "token" }, content: "x".repeat(65_537) }, /has 65537 bytes/],
  ["is a folder", { env: { A__FILE: "." }, content: "x" }, /cannot be read/],
  ["is given twice", { env: { A__FILE: "token", A: "y" }, content: "x" }, /A and A__FILE are both/],
] as const)("a file that %s is an error that says so", (_, { env, content }, message) => {
  const cwd = folderWith(content);
  expect(() => secretsInFiles({ env, cwd })).toThrow(
    expect.objectContaining({ code: "secrets.bad_file", message: expect.stringMatching(message) }),
  );
});
