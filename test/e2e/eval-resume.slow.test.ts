import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { grantTests } from "../support/egress.ts";
import { freshFolder, runCli, runInProcess, startCli } from "../support/cli.ts";
import { tasksIn } from "../support/tasks.ts";

grantTests("runs trials on the host", { spawn: true });

const words = [
  "--environment",
  "host",
  "--data",
  "data",
  "--no-oracle-gate",
  "--job",
  "j",
  "--json",
];
const hanging = ["--command", "hangs=sleep 3000"];
const slow = ["--command", "slow=sh -c 'sleep 0.4; echo yes > done'"];

const folders = (root: string): readonly string[] =>
  readdirSync(join(root, "jobs/j")).filter((name) => name.includes("__"));
const results = (root: string): readonly string[] =>
  folders(root).filter((name) => existsSync(join(root, "jobs/j", name, "result.json")));

describe("agent33 eval resume", () => {
  test("goes on after a Ctrl-C with what was left, and with nothing else", async () => {
    const root = freshFolder();
    tasksIn(root, { one: {}, two: {} });
    const run = startCli(["eval", "run", "tasks", ...words, ...slow, "--trials", "4"], {
      cwd: root,
      env: { TMPDIR: root },
    });
    await run.seen('"kind":"trial.ended"');
    run.child.kill("SIGINT");
    const stopped = await run.ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain("eval resume");
    const before = results(root);
    expect(before.length).toBeGreaterThan(0);
    expect(before.length).toBeLessThan(8);
    const listed = await runInProcess(["eval", "list"], root);
    expect(listed.stdout).toContain(`${before.length}/8`);
    const times = before.map((name) =>
      readFileSync(join(root, "jobs/j", name, "result.json"), "utf8"),
    );

    const resumed = await runInProcess(
      ["eval", "resume", "jobs/j", "--data", "data", "--json"],
      root,
    );
    expect(resumed.code).toBe(0);
    expect(results(root)).toHaveLength(8);
    expect(folders(root)).toHaveLength(8);
    expect(
      before.map((name) => readFileSync(join(root, "jobs/j", name, "result.json"), "utf8")),
    ).toEqual(times);
    expect(resumed.stdout).toContain('"passed":8');
    expect(resumed.stdout.match(/"kind":"trial.ended"/g)).toHaveLength(8 - before.length);
  });

  test("keeps what a killed trial had left, and ends what it had started", async () => {
    const root = freshFolder();
    tasksIn(root, { one: {} });
    const hangs = "hangs=sh -c 'echo half > done; sleep 3000'";
    const run = startCli(["eval", "run", "tasks", ...words, "--command", hangs], {
      cwd: root,
      env: { TMPDIR: root },
    });
    await run.seen('"kind":"trial.begun"');
    const [name = ""] = folders(root);
    const half = join(root, "jobs/j", name, "environment/workspace/done");
    while (!existsSync(half)) await new Promise((resolve) => setTimeout(resolve, 20));
    run.child.kill("SIGKILL");
    await run.ended;
    expect(sleepers(root)).not.toEqual([]);
    appendFileSync(join(root, "jobs/j", name, "trial.log"), "before\n");
    const next = startCli(["eval", "resume", "jobs/j", "--data", "data", "--json"], {
      cwd: root,
      env: { TMPDIR: root },
    });
    await next.seen('"kind":"trial.begun"');
    expect(readFileSync(join(root, "jobs/j", name, "attempts/1/trial.log"), "utf8")).toContain(
      "before",
    );
    expect(readFileSync(join(root, "jobs/j", name, "attempts/1/error.json"), "utf8")).toContain(
      "evaluation.trial_interrupted",
    );
    next.child.kill("SIGINT");
    await next.ended;
    expect(sleepers(root)).toEqual([]);
  });

  test("refuses a job that another process works on, and one whose task is another now", async () => {
    const root = freshFolder();
    tasksIn(root, { one: {} });
    const run = startCli(["eval", "run", "tasks", ...words, ...hanging], {
      cwd: root,
      env: { TMPDIR: root },
    });
    await run.seen('"kind":"trial.begun"');
    const second = await runCli(["eval", "resume", "jobs/j", "--data", "data"], {
      cwd: root,
      env: { TMPDIR: root },
    });
    expect(second.stderr).toContain("evaluation.job_busy");
    expect(second.code).toBe(1);
    run.child.kill("SIGKILL");
    await run.ended;
    writeFileSync(join(root, "tasks/one/instruction.md"), "Something else.\n");
    const changed = await runInProcess(["eval", "resume", "jobs/j", "--data", "data"], root);
    expect(changed.stderr).toContain('task "one" has changed');
    expect(changed.code).toBe(64);
    for (const pid of sleepers(root)) process.kill(Number(pid), "SIGKILL");
  });

  test("begins anew what ended without a verdict, where it is asked to", async () => {
    const root = freshFolder();
    // A fault of the machine: the verifier's program is not there at first.
    tasksIn(root, {
      one: {
        "tests/test.sh": `test -e ${join(root, "there")} && echo 1 > "$AGENT33_LOGS_DIR/reward.txt"\n`,
      },
    });
    const first = await runInProcess(["eval", "run", "tasks", ...words, "--agent", "oracle"], root);
    expect(first.code).toBe(1);
    writeFileSync(join(root, "there"), "");
    const resume = ["eval", "resume", "jobs/j", "--data", "data", "--json"];
    const without = await runInProcess(resume, root);
    expect(without.code).toBe(1);
    const withErrors = await runInProcess([...resume, "--errors"], root);
    expect(withErrors.code).toBe(0);
    const [name = ""] = folders(root);
    const result = readFileSync(join(root, "jobs/j", name, "result.json"), "utf8");
    expect(JSON.parse(result)).toMatchObject({
      agent33: { retries: [{ code: "evaluation.reward_missing" }] },
    });
  });
});

/** Processes of the jobs below a folder. */
function sleepers(root: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`AGENT33_APP_DIR=${root}/`);
    } catch {
      // Gone, or of somebody else.
      return false;
    }
  });
}
