import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { grantTests } from "../support/egress.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { tasksIn } from "../support/tasks.ts";

grantTests("runs trials on the host", { spawn: true });

const host = ["--environment", "host", "--data", "data"];

interface JobReport {
  readonly conditions: readonly {
    readonly name: string;
    readonly passed: number;
    readonly trials: number;
    readonly errors: number;
    readonly rate: number | null;
  }[];
  readonly excluded: readonly { readonly task: string; readonly reason: string }[];
}

async function evalRun(root: string, words: readonly string[]) {
  const ran = await runInProcess(["eval", "run", "tasks", ...host, ...words, "--json"], root);
  const events = ran.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { readonly kind: string });
  const last = events.findLast(({ kind }) => kind === "report") as JobReport | undefined;
  return { ...ran, events, report: last };
}

const byName = (report: JobReport | undefined): JobReport["conditions"] =>
  (report?.conditions ?? []).toSorted((one, other) => (one.name < other.name ? -1 : 1));

describe("agent33 eval run", () => {
  test("tries every task with everybody, several times, and says what came of it", async () => {
    const root = freshFolder();
    tasksIn(root, { one: {}, two: {} });
    const { code, report, events } = await evalRun(root, [
      "--agent",
      "oracle",
      "--agent",
      "nop",
      "--job",
      "first",
      "--command",
      'half=sh -c "test $AGENT33_REPETITION = 1 && echo yes > done || true"',
      "--trials",
      "2",
    ]);
    expect(byName(report)).toMatchObject([
      { name: "half · no model · skills none", passed: 2, trials: 4, rate: 0.5 },
      { name: "nop · no model", passed: 0, trials: 4, rate: 0 },
      { name: "oracle · no model", passed: 4, trials: 4, rate: 1 },
    ]);
    expect(code).toBe(0);
    expect(events.filter(({ kind }) => kind === "trial.ended")).toHaveLength(12);
    const job = join(root, "jobs/first");
    expect(readdirSync(job).filter((name) => name.includes("__"))).toHaveLength(12);
    const again = await runInProcess(["eval", "report", "jobs/first", "--json"], root);
    expect(JSON.parse(again.stdout)).toMatchObject({ suites: [{}, {}, {}] });
  });

  test("keeps what agents and verifiers left in the trial's folder", async () => {
    const root = freshFolder();
    tasksIn(root, { one: {} });
    await evalRun(root, ["--agent", "oracle", "--job", "kept"]);
    const [name = ""] = readdirSync(join(root, "jobs/kept")).filter((one) => one.includes("__"));
    const trial = join(root, "jobs/kept", name);
    const read = (path: string): string => readFileSync(join(trial, path), "utf8");
    expect(read("verifier/test-stdout.txt")).toBe("judged\n");
    expect(read("artifacts/done")).toBe("yes\n");
    const result = JSON.parse(read("result.json")) as { readonly agent33: unknown };
    expect(result).toMatchObject({
      task_name: "one",
      verifier_result: { rewards: { reward: 1 } },
      agent33: {
        attempt: "oracle",
        retries: [],
        artefacts: expect.arrayContaining([
          {
            name: "written files",
            path: "artifacts/manifest.json",
            contentType: "application/json",
          },
          { name: "oracle.txt", path: "agent/oracle.txt", contentType: "text/plain" },
        ]),
      },
    });
  });

  test("leaves out tasks that their own solution does not pass, and says why", async () => {
    const root = freshFolder();
    tasksIn(root, { good: {}, bad: { "solution/solve.sh": "true\n" } });
    const { code, report, stdout } = await evalRun(root, [
      "--command",
      "worker=sh -c 'echo yes > done'",
      "--job",
      "gated",
    ]);
    expect(report?.excluded).toEqual([
      { task: "bad", reason: "its own solution has 0 here, not 1" },
    ]);
    expect(report?.conditions).toMatchObject([{ trials: 1, passed: 1 }]);
    expect(stdout).toContain('"kind":"gate.passed","task":"good","known":false');
    expect(code).toBe(0);
    const shown = await runInProcess(["eval", "report", "jobs/gated"], root);
    expect(shown.stdout).toContain("its own solution has 0 here, not 1");
    // What passed once is not tried again.
    const next = await evalRun(root, ["--command", "w=true", "--include", "good"]);
    expect(next.stdout).toContain('"kind":"gate.passed","task":"good","known":true');
  });

  test("tells a missing reward from a zero, and ends with 1 for it", async () => {
    const root = freshFolder();
    tasksIn(root, { broken: { "tests/test.sh": "true\n" }, good: {} });
    const { code, report } = await evalRun(root, ["--agent", "oracle"]);
    expect(code).toBe(1);
    expect(report?.conditions).toMatchObject([{ trials: 2, passed: 1, errors: 1, rate: 1 }]);
  });

  test("judges what an agent left that failed or ran out of time", async () => {
    const root = freshFolder();
    tasksIn(root, { one: { "task.toml": "[agent]\ntimeout_sec = 0.5\n" } });
    const { report, events } = await evalRun(root, [
      "--no-oracle-gate",
      "--command",
      "fails=sh -c 'echo yes > done; exit 3'",
      "--command",
      "hangs=sh -c 'echo yes > done; sleep 60'",
    ]);
    expect(byName(report)).toMatchObject([
      { name: "fails · no model · skills none", passed: 1 },
      { name: "hangs · no model · skills none", passed: 1 },
    ]);
    const ends = events.filter(({ kind }) => kind === "trial.ended");
    expect(ends).toMatchObject([
      { agentError: { code: "evaluation.agent_failed" } },
      { agentError: { code: "evaluation.agent_timeout" } },
    ]);
  });

  test("ends with 2 where a rate is under what was asked for", async () => {
    const root = freshFolder();
    tasksIn(root, { one: {} });
    const words = ["--command", "idle=true", "--fail-under", "0.5"];
    const { code, stderr } = await evalRun(root, words);
    expect(code).toBe(2);
    expect(stderr).toContain("0 is under 0.5");
  });
});
