import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runInProcess } from "../../test/support/cli.ts";
import { grantTests } from "../../test/support/egress.ts";
import { releaseFiles, scratchRepository } from "../../test/support/scratch-repository.ts";
import { sha256OfFile } from "../base/digest.ts";
import { sealProblems } from "../base/seal.ts";
import { sealKeys } from "./seal.ts";
import { readReleaseSettings } from "./settings.ts";
import { readSnapshot } from "./snapshot.ts";

grantTests("runs git and a small program", { spawn: true });

const snapshot = async (folder: string, ...words: readonly string[]) => {
  const { code, stdout, stderr } = await runInProcess(
    ["release", "snapshot", "--json", ...words],
    folder,
  );
  const { file } = stdout === "" ? { file: "" } : (JSON.parse(stdout) as { file: string });
  return { code, stderr, file };
};

describe("a snapshot", () => {
  test("records commit, tree, state and counts, and no commit holds it", async () => {
    const { folder, git, commit, write } = scratchRepository();
    const head = commit("Checks", { ...releaseFiles(["a", "b skip"]), "package-lock.json": "{}" });
    const { code, file } = await snapshot(folder, "--note");
    expect(code).toBe(0);
    const { body } = readSnapshot(file);
    expect(body).toMatchObject({
      commit: head,
      tree: git("rev-parse", "HEAD^{tree}").trim(),
      dirty: [],
      environment: {
        locks: { "package-lock.json": sha256OfFile(join(folder, "package-lock.json")).sha256 },
      },
      groups: [
        {
          name: "unit",
          command: ["node", "run.mjs"],
          exitCode: 0,
          counts: { tests: 2, passed: 1, failed: 0, skipped: 1, other: 0 },
          problems: [],
        },
      ],
    });
    expect(git("status", "--porcelain")).toBe("");
    expect(JSON.parse(git("notes", "--ref=agent33/snapshots", "show"))).toEqual(readSnapshot(file));
    write("checks.txt", "a\n");
    expect(readSnapshot((await snapshot(folder)).file).body.dirty).toEqual(["checks.txt"]);
  });

  test("of tests that fail says no, and names what failed", async () => {
    const { folder, commit } = scratchRepository();
    commit("Checks", releaseFiles(["a", "b fail"]));
    const { code, file } = await snapshot(folder);
    expect(code).toBe(2);
    expect(readSnapshot(file).body.groups[0]?.problems).toEqual([
      "it ended with 1",
      "1 of 2 tests failed",
    ]);
  });

  test("does not read the report of an earlier run, nor take none for a pass", async () => {
    const { folder, commit, write } = scratchRepository();
    commit("Checks", { ...releaseFiles(["a"]), "run.mjs": "process.exitCode = 0;" });
    write("out/unit.xml", '<testsuite><testcase name="old"/></testsuite>');
    const { code, file } = await snapshot(folder);
    expect(code).toBe(2);
    expect(readSnapshot(file).body.groups[0]).toMatchObject({
      ctrfDigest: null,
      problems: ["it wrote no report out/unit.xml"],
    });
  });

  test("is signed where there is a key, and an edit or another key is seen", async () => {
    const { folder, commit } = scratchRepository();
    const pem = {
      privateKey: { type: "pkcs8", format: "pem" },
      publicKey: { type: "spki", format: "pem" },
    } as const;
    const pair = () =>
      generateKeyPairSync("ed25519", {
        privateKeyEncoding: pem.privateKey,
        publicKeyEncoding: pem.publicKey,
      });
    const own = pair();
    commit("Checks", {
      ...releaseFiles(["a"], "signing: { privateKeyFile: key.pem, publicKeyFile: key.pub }\n"),
      "key.pub": own.publicKey,
    });
    writeFileSync(join(folder, "key.pem"), own.privateKey);
    const sealed = readSnapshot((await snapshot(folder)).file);
    const keys = sealKeys(readReleaseSettings(folder), folder);
    expect(sealProblems("it", sealed, keys)).toEqual([]);
    const edited = { ...sealed, body: { ...sealed.body, dirty: ["x"] } };
    expect(sealProblems("it", edited, keys)).toEqual([
      "it was edited: its digest is not that of its content",
    ]);
    const { signature: _cut, ...unsigned } = sealed;
    expect(sealProblems("it", unsigned, keys)).toEqual(["it is not signed"]);
    writeFileSync(join(folder, "key.pub"), pair().publicKey);
    const others = sealKeys(readReleaseSettings(folder), folder);
    expect(sealProblems("it", sealed, others)).toEqual(["it is signed with another key"]);
  });

  test.each([
    ["groups: {}", "release.bad_settings"],
    ["groups: { a: { run: [], report: x } }", "release.bad_settings"],
    ["groups: { a: { run: [x], report: ../x } }", "below the repository"],
    ["groups: { a: { run: [x], report: x } }\nsmoke: { groups: [b] }", "there is no group"],
    ["groups: [", "release.bad_settings"],
  ])("of settings %j is refused", async (text, words) => {
    const { folder, commit } = scratchRepository();
    commit("Checks", { "agent33.release.yaml": text });
    expect(await snapshot(folder)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining(words),
    });
  });

  test("needs settings, and groups that are there", async () => {
    const { folder, commit } = scratchRepository();
    expect((await snapshot(folder)).stderr).toContain("release.no_settings");
    commit("Checks", releaseFiles(["a"]));
    expect(await snapshot(folder, "--group", "moon")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("release.unknown_group"),
    });
  });
});
