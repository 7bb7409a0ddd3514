import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runInProcess } from "../../test/support/cli.ts";
import { grantTests } from "../../test/support/egress.ts";
import { releaseFiles, scratchRepository } from "../../test/support/scratch-repository.ts";
import { digestOf } from "../base/digest.ts";
import { seal } from "../base/seal.ts";
import { gateVerdictSchema } from "../evaluation/gates/verdict.ts";
import { codeowners } from "./owners.ts";
import { readPacket } from "./packet.ts";

grantTests("runs git and a small program", { spawn: true });

const run = async (folder: string, ...words: readonly string[]) => {
  const { code, stdout, stderr } = await runInProcess(["release", ...words, "--json"], folder);
  expect(stderr.replaceAll(/^running .*\n/gm, "")).toBe("");
  const result = JSON.parse(stdout) as { file: string; problems?: readonly string[] };
  return { code, ...result };
};

/** What a gate says where nothing is wrong, but for its checkout. */
const passed = {
  format: "agent33-gate/2",
  gate: "merge",
  outcome: "passed",
  judgedAt: 1_000,
  job: { id: "j", name: "a", dir: "jobs/a", madeHere: true },
  level: 0.95,
  tasks: [
    {
      task: "one",
      tags: ["critical"],
      owner: "ada",
      condition: "oracle",
      status: "passed",
      trials: 1,
      passes: 1,
      message: "1 of 1 trials passed.",
    },
  ],
  checks: [
    {
      kind: "job",
      name: "finished",
      condition: null,
      outcome: "met",
      action: "block",
      message: "1 of 1 conditions have trials.",
    },
  ],
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

  describe("whose settings ask for a gate", () => {
    /** Makes the packet with a verdict, which may be changed, and says what is wrong with it. */
    async function gated() {
      const { folder, git } = await withPacket("packet: { gate: merge }\n");
      const [head, tree] = git("rev-parse", "HEAD", "HEAD^{tree}").trim().split("\n");
      const checkout = { folder, file: "agent33.gates.yaml", commit: head, tree, dirty: [] };
      const good = gateVerdictSchema.parse({ ...passed, checkout });
      const path = join(git("rev-parse", "--absolute-git-dir").trim(), "gate.json");
      const problems = async (file: object) => {
        writeFileSync(path, JSON.stringify(file));
        const made = await run(folder, "packet", "create", "--gate", path);
        return { ...made, problems: readPacket(made.file).body.problems };
      };
      const of = async (more: object) => {
        const { problems: found } = await problems(
          seal(gateVerdictSchema.parse({ ...good, ...more }), {}),
        );
        return found;
      };
      return { folder, path, good, problems, of };
    }

    test("brings its verdict, of this commit, clean, and of a job that the gate made", async () => {
      const { folder, path, good, problems, of } = await gated();
      const without = await run(folder, "packet", "create");
      expect(readPacket(without.file).body.problems).toEqual(["the gate merge has no verdict"]);
      const { file } = await problems(seal(good, {}));
      expect(readPacket(file).body).toMatchObject({
        problems: [],
        gate: { gate: "merge", outcome: "passed", file: "agent33.gates.yaml" },
      });
      const verify = ["packet", "verify", file, "--no-rerun", "--gate", path];
      expect(await run(folder, ...verify)).toMatchObject({ code: 0, problems: [] });
      const { checkout } = good;
      expect(await of({ checkout: { ...checkout, commit: "a".repeat(40) } })).toEqual([
        "the gate merge judged another commit (aaaaaaaaaaaa)",
      ]);
      expect(await of({ checkout: { ...checkout, dirty: ["src/x.ts"] } })).toEqual([
        "the gate merge judged a checkout with 1 changed files (src/x.ts)",
      ]);
      expect(await of({ checkout: null, whyNoCheckout: "There is no git." })).toEqual([
        "the gate merge judged no commit: There is no git.",
      ]);
      expect(await of({ job: { ...good.job, madeHere: false } })).toEqual([
        "the gate merge judged the job a, made before: nobody knows at which commit",
      ]);
      expect(await of({ gate: "monitor" })).toEqual(["the gate monitor is not merge"]);
    });

    test("refuses one that failed, one that left out a critical task, and one that was edited", async () => {
      const { good, problems, of } = await gated();
      const [check] = good.checks;
      const slow = { ...check, outcome: "missed", message: "Too slow." };
      expect(await of({ outcome: "failed", checks: [slow] })).toEqual([
        "the gate merge says no: job finished: Too slow.",
      ]);
      expect(await of({ checks: [slow] })).toEqual([
        "the gate merge says passed, and its checks say failed",
      ]);
      const [task] = good.tasks;
      for (const status of ["skipped", "missing", "incomplete"]) {
        expect(await of({ tasks: [{ ...task, status }] })).toEqual([
          `the gate merge left out critical tasks: one (${status})`,
        ]);
      }
      const { digest } = seal(good, {});
      const edited = await problems({ body: { ...good, level: 0.5 }, digest });
      expect(edited).toMatchObject({
        code: 2,
        problems: [
          "the verdict of the gate merge was edited: its digest is not that of its content",
        ],
      });
    });

    test("is refused when it tells another verdict than the file, or none", async () => {
      const { folder, path, good, problems } = await gated();
      const { file } = await problems(seal(good, {}));
      const { body } = readPacket(file);
      const other = join(path, "..", "other.json");
      const verify = async (gate: object | null, ...more: readonly string[]) => {
        writeFileSync(other, JSON.stringify(seal({ ...body, gate }, {})));
        return run(folder, "packet", "verify", other, "--no-rerun", ...more);
      };
      expect(await verify({ ...body.gate, outcome: "warned" }, "--gate", path)).toMatchObject({
        problems: ["the packet's gate is not what the verdict says"],
      });
      expect(await verify(null)).toMatchObject({ problems: ["the gate merge has no verdict"] });
      expect(await verify({ ...body.gate, outcome: "failed" })).toMatchObject({
        problems: ["the gate merge says no"],
      });
    });

    test.each([
      [{ gate: "merge", commit: "a", outcome: "pass" }, "made by hand"],
      [{ format: "agent33-gate/1", gate: "merge", outcome: "passed", checks: [] }, "earlier form"],
      [{ body: { gate: "merge" }, digest: "a" }, "body.format"],
      ["{", "JSON"],
    ])("says what is wrong with %j in a verdict's place", async (content, word) => {
      const { folder, write } = changed();
      write("out/gate.json", typeof content === "string" ? content : JSON.stringify(content));
      const { code, stderr } = await runInProcess(
        ["release", "packet", "create", "--gate", "out/gate.json"],
        folder,
      );
      expect({ code, stderr }).toMatchObject({ code: 64, stderr: expect.stringContaining(word) });
      expect(stderr).toContain("agent33 gate run");
    });
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
