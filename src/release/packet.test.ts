import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runInProcess } from "../../test/support/cli.ts";
import { grantTests } from "../../test/support/egress.ts";
import { releaseFiles, scratchRepository } from "../../test/support/scratch-repository.ts";
import { digestOf } from "../base/digest.ts";
import { codeowners } from "./owners.ts";
import { readPacket } from "./packet.ts";

grantTests("runs git and a small program", { spawn: true });

const run = async (folder: string, ...words: readonly string[]) => {
  const { code, stdout, stderr } = await runInProcess(["release", ...words, "--json"], folder);
  expect(stderr.replaceAll(/^running .*\n/gm, "")).toBe("");
  const result = JSON.parse(stdout) as { file: string; problems?: readonly string[] };
  return { code, ...result };
};

/** A repository with a change on a branch that is checked out. */
function changed(more = "") {
  const repository = scratchRepository();
  repository.commit("Checks", {
    ...releaseFiles(["a"], more),
    ".github/CODEOWNERS": "* @all\n/src/ @core # the heart\n",
  });
  repository.git("checkout", "-q", "-b", "change");
  repository.commit("Add b | with [marks]", {
    "checks.txt": "a\nb\n",
    "src/x.ts": "1\n",
    "package.json": "{}\n",
    "packs/p.yaml": "pack: p\n",
    ".github/CODEOWNERS": "* @me\n",
  });
  return repository;
}

async function withPacket(more = "") {
  const repository = changed(more);
  await run(repository.folder, "snapshot");
  const { file, code } = await run(repository.folder, "packet", "create");
  return { ...repository, file, code };
}

describe("a packet", () => {
  test("tells scope, owners of the base, risk and evidence, and stands when run again", async () => {
    const { folder, file, code, git } = await withPacket();
    expect(code).toBe(0);
    const { body } = readPacket(file);
    expect(body).toMatchObject({
      base: "main",
      from: git("rev-parse", "main").trim(),
      head: git("rev-parse", "HEAD").trim(),
      commits: [{ subject: "Add b | with [marks]" }],
      evidence: [{ group: "unit", counts: { tests: 2, passed: 2 } }],
      gate: null,
      problems: [],
      risk: { level: "high" },
    });
    expect(body.files.find(({ path }) => path === "src/x.ts")?.owners).toEqual(["@core"]);
    expect(body.files.find(({ path }) => path === "package.json")?.owners).toEqual(["@all"]);
    expect(body.risk.findings.map(({ rule }) => rule)).toEqual([
      "dependencies",
      "policy",
      "pipeline",
    ]);
    const text = readFileSync(file.replace(/json$/, "md"), "utf8");
    expect(text).toContain("**It stands.**");
    expect(text).toContain(String.raw`Add b \| with \[marks\]`);
    expect(await run(folder, "packet", "verify", file)).toMatchObject({ code: 0, problems: [] });
    expect(git("worktree", "list").trim().split("\n")).toHaveLength(1);
  });

  test("without evidence, or with that of another commit or a changed tree, does not stand", async () => {
    const { folder, write, commit } = changed();
    expect((await run(folder, "packet", "create")).code).toBe(2);
    const old = (await run(folder, "snapshot")).file;
    commit("More");
    const other = await run(folder, "packet", "create", "--snapshot", old);
    expect(readPacket(other.file).body.problems).toEqual([
      expect.stringContaining("is of another commit"),
      "unit: there is no usable snapshot of it at this commit",
    ]);
    write("src/x.ts", "2\n");
    await run(folder, "snapshot");
    const dirty = await run(folder, "packet", "create");
    expect(readPacket(dirty.file).body.problems[0]).toContain("1 changed files (src/x.ts)");
  });

  test("that was edited is refused, also with a new digest: running it again tells", async () => {
    const { folder, file, git } = await withPacket();
    const sealed = readPacket(file);
    const edit = (reseal: boolean): string => {
      const evidence = sealed.body.evidence.map((one) => ({
        ...one,
        snapshot: "0".repeat(64),
        counts: { ...one.counts, tests: 99, passed: 99 },
      }));
      const body = { ...sealed.body, evidence };
      const path = join(git("rev-parse", "--absolute-git-dir").trim(), "edited.json");
      writeFileSync(
        path,
        JSON.stringify({ body, digest: reseal ? digestOf(body) : sealed.digest }),
      );
      return path;
    };
    expect(await run(folder, "packet", "verify", edit(false))).toMatchObject({
      code: 2,
      problems: ["the packet was edited: its digest is not that of its content"],
    });
    expect(await run(folder, "packet", "verify", edit(true))).toMatchObject({
      code: 2,
      problems: ["unit: the packet says 99 tests, 99 passed; run again it is 2 tests, 2 passed"],
    });
    expect((await run(folder, "packet", "verify", "--no-rerun", edit(true))).code).toBe(0);
  });

  test("of another commit than the head is stale", async () => {
    const { folder, file, commit } = await withPacket();
    commit("More");
    const { code, problems } = await run(folder, "packet", "verify", file);
    expect({ code, problems }).toMatchObject({
      code: 2,
      problems: [expect.stringContaining("the packet is stale: it is of")],
    });
  });

  test("brings the verdict of the gate that it needs, of this commit, with nothing skipped", async () => {
    const { folder, git } = await withPacket("packet: { gate: merge }\n");
    const head = git("rev-parse", "HEAD").trim();
    const gate = async (verdict: object) => {
      const path = join(git("rev-parse", "--absolute-git-dir").trim(), "gate.json");
      writeFileSync(
        path,
        JSON.stringify({ gate: "merge", commit: head, outcome: "pass", ...verdict }),
      );
      const { file } = await run(folder, "packet", "create", "--gate", path);
      return readPacket(file).body.problems;
    };
    const { file } = await run(folder, "packet", "create");
    expect(readPacket(file).body.problems).toEqual(["the gate merge has no verdict"]);
    expect(await gate({})).toEqual([]);
    expect(await gate({ skippedCritical: ["golden-1"] })).toEqual([
      "the gate merge skipped critical tasks: golden-1",
    ]);
    expect(await gate({ outcome: "block", reasons: ["too slow"] })).toEqual([
      "the gate merge says no: too slow",
    ]);
    expect(await gate({ commit: "a".repeat(40) })).toEqual([
      "the gate merge judged another commit (aaaaaaaaaaaa)",
    ]);
  });

  test("that cannot be read is wrong use", async () => {
    const { folder, write } = changed();
    write("out/p.json", "{}");
    const { code, stderr } = await runInProcess(
      ["release", "packet", "verify", "out/p.json"],
      folder,
    );
    expect({ code, stderr }).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("release.bad_packet"),
    });
  });
});

test.each([
  ["*", "a/b.ts", true],
  ["*.ts", "a/b.ts", true],
  ["/docs/", "docs/a/b.md", true],
  ["/docs/", "a/docs/b.md", false],
  ["docs/*", "docs/a.md", true],
  ["docs/*", "docs/a/b.md", false],
  ["apps/", "x/apps/y", true],
  ["**/logs", "a/b/logs/c", true],
  ["/a.b", "axb", false],
])("the owners' pattern %s on %s: %s", (pattern, path, fits) => {
  expect(codeowners(`${pattern} @x\n`)(path)).toEqual(fits ? ["@x"] : []);
});

test("the last line that fits decides, and may take owners away", () => {
  expect(codeowners("* @x\n/free/\n")("free/a")).toEqual([]);
});
