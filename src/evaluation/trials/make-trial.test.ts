import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { systemClock } from "../../base/clock.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { AttemptRequest, AttemptResult, TrialAgent } from "../attempts/attempt.ts";
import type { CommandResult } from "../commands/run-command.ts";
import type { PreparedTask, TaskEnvironment } from "../environments/environment.ts";
import { loadTask } from "../tasks/load-task.ts";
import type { Task } from "../tasks/task.ts";
import { makeTrial } from "./make-trial.ts";
import { trialSchema, usualPassRule } from "./trial.ts";

/** Nobody waits here: an hour is over at once. */
const clock = {
  ...systemClock,
  sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 30), signal),
};
const idle: AttemptResult = { costMicroUsd: 1, tokens: null, artefacts: [] };
const exited: CommandResult = {
  end: { kind: "exited", status: { code: 0, signal: null } },
  output: "judged\n",
  stdout: "",
  durationMs: 1,
};

/** A trial in an environment that is a folder, in which a verifier gives these rewards in turn. */
async function bench(given: {
  readonly rewards: readonly (number | string | undefined)[];
  readonly toml?: string;
  readonly steps?: readonly string[];
  readonly work?: (request: AttemptRequest, turn: number) => Promise<AttemptResult>;
  readonly start?: (turn: number) => void;
  readonly retries?: number;
  readonly signal?: AbortSignal;
  readonly overrun?: AbortController;
}) {
  const root = temporaryFolder("make-trial");
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write("task/task.toml", given.toml ?? "[agent]\ntimeout_sec = 900\n");
  write("task/environment/x", "");
  for (const home of given.steps?.map((name) => `task/steps/${name}`) ?? ["task"]) {
    write(`${home}/instruction.md`, "Do it.\n");
    write(`${home}/tests/test.sh`, "true\n");
  }
  const task: Task = await loadTask(join(root, "task"));
  const dir = join(root, "job/t__1");
  const failures: string[] = [];
  let turn = 0;
  let judged = 0;
  let starts = 0;
  const agent: TrialAgent = {
    name: "worker",
    version: undefined,
    digests: { agent: "a" },
    attempt: "agent",
    work: async (request) => (given.work ?? (async () => idle))(request, (turn += 1)),
  };
  const prepared: PreparedTask = {
    notices: [],
    digests: { image: "i" },
    start: async ({ dir: place }) => {
      given.start?.((starts += 1));
      const workspace = join(place, "workspace");
      mkdirSync(workspace);
      const environment: TaskEnvironment = {
        kind: "bwrap",
        workdir: "/app",
        workspace,
        solutionDir: "/solution",
        sandbox: undefined,
        env: {},
        overrun: (given.overrun ?? new AbortController()).signal,
        run: async () => exited,
        put: async () => undefined,
        take: async () => false,
        endAll: async () => undefined,
        judge: async ({ logs }) => {
          const reward = given.rewards[judged];
          judged += 1;
          if (reward !== undefined) writeFileSync(join(logs, "reward.txt"), String(reward));
          return exited;
        },
        close: async () => undefined,
      };
      return environment;
    },
  };
  const trial = await makeTrial(
    {
      id: "1",
      name: "t__1",
      dir,
      task,
      taskDigest: "d",
      source: null,
      agent,
      condition: { agent: "worker", model: null, skills: "none" },
      model: undefined,
      effort: undefined,
      skills: "none",
      repetition: 1,
      timeoutMultiplier: 1,
      passRule: usualPassRule,
    },
    async () => prepared,
    given.retries ?? 2,
    { clock, variables: {} },
    { begun: () => undefined, failed: ({ code }) => void failures.push(code) },
    given.signal ?? new AbortController().signal,
  );
  if (trial !== undefined) expect(trialSchema.parse(trial)).toEqual(trial);
  return { trial, failures, dir, judged: () => judged };
}

const flaw = (code: string): Agent33Error => new Agent33Error(code, "The machine failed.");

describe("a trial", () => {
  test("tells its phases, what it hangs on and what was left", async () => {
    const { trial, dir } = await bench({
      rewards: [0.5],
      work: async ({ environment, logs }) => {
        writeFileSync(join(environment.workspace ?? "", "new.txt"), "new");
        writeFileSync(join(logs, "log.txt"), "log");
        return {
          ...idle,
          runId: "r",
          artefacts: [{ name: "log", path: "log.txt", contentType: "text/plain" }],
        };
      },
    });
    expect(trial).toMatchObject({
      verdict: { kind: "scored", rewards: { reward: 0.5 } },
      costMicroUsd: 1,
      runId: "r",
      digests: { agent: "a", image: "i" },
      phaseMs: {
        environment: expect.any(Number),
        agentSetup: expect.any(Number),
        agent: expect.any(Number),
        verifier: expect.any(Number),
      },
    });
    expect(trial?.artefacts.map(({ path }) => path)).toEqual([
      "agent/log.txt",
      "artifacts/manifest.json",
      "verifier/test-stdout.txt",
      "verifier/reward.txt",
    ]);
    for (const { path } of trial?.artefacts ?? []) expect(existsSync(join(dir, path))).toBe(true);
    expect(readFileSync(join(dir, "artifacts/new.txt"), "utf8")).toBe("new");
  });

  test("is begun anew after the infrastructure failed, and keeps what failed", async () => {
    const { trial, failures, dir } = await bench({
      rewards: [1],
      start: (turn) => {
        if (turn < 3) throw flaw("evaluation.copy_failed");
      },
    });
    expect(failures).toEqual(["evaluation.copy_failed", "evaluation.copy_failed"]);
    expect(trial).toMatchObject({
      verdict: { kind: "scored" },
      retries: [
        { code: "evaluation.copy_failed", phase: "environment" },
        { code: "evaluation.copy_failed" },
      ],
    });
    expect(existsSync(join(dir, "attempts/2/trial.log"))).toBe(true);
  });

  test("ends without a verdict when no attempts are left, and at once where none would help", async () => {
    const always = await bench({
      rewards: [],
      start: () => {
        throw flaw("evaluation.copy_failed");
      },
    });
    expect(always.failures).toHaveLength(2);
    expect(always.trial?.verdict).toMatchObject({ kind: "error", error: { phase: "environment" } });
    const missing = await bench({ rewards: [undefined, 1] });
    expect(missing.failures).toEqual([]);
    expect(missing.trial?.verdict).toMatchObject({
      kind: "error",
      error: { code: "evaluation.reward_missing", phase: "verifier" },
    });
    const unreadable = await bench({ rewards: ["much", 1] });
    expect(unreadable.trial?.verdict).toMatchObject({
      error: { code: "evaluation.reward_unparsable" },
    });
  });

  test("judges what an agent left that failed, hung or took too much", async () => {
    const error = flaw("evaluation.agent_failed").toJSON();
    const failed = await bench({ rewards: [1], work: async () => ({ ...idle, error }) });
    expect(failed.trial?.verdict).toMatchObject({ kind: "scored", agentError: error });
    const hung = await bench({ rewards: [1], work: () => new Promise(() => undefined) });
    expect(hung.trial?.verdict).toMatchObject({
      kind: "scored",
      rewards: { reward: 1 },
      agentError: { code: "evaluation.agent_timeout" },
    });
    const overrun = new AbortController();
    const greedy = await bench({
      rewards: [0],
      overrun,
      work: async () => {
        overrun.abort(flaw("evaluation.storage_exceeded"));
        return idle;
      },
    });
    expect(greedy.trial?.verdict).toMatchObject({
      kind: "scored",
      agentError: { code: "evaluation.storage_exceeded" },
    });
  });

  test("is undone when it is cancelled, and goes on under its own name", async () => {
    const stop = new AbortController();
    const { trial, dir } = await bench({
      rewards: [1],
      signal: stop.signal,
      work: async () => {
        stop.abort();
        return idle;
      },
    });
    expect(trial).toBeUndefined();
    expect(existsSync(join(dir, "result.json"))).toBe(false);
  });
});

describe("a task of several steps", () => {
  const toml = (least: string, strategy = "mean"): string =>
    [
      `multi_step_reward_strategy = "${strategy}"`,
      '[[steps]]\nname = "first"',
      least,
      '[[steps]]\nname = "second"\n',
    ].join("\n");
  const steps = ["first", "second"];

  test("is worth the mean of its steps, or the last, and keeps each", async () => {
    const mean = await bench({ rewards: [1, 0], toml: toml(""), steps });
    expect(mean.trial).toMatchObject({
      verdict: { rewards: { reward: 0.5 } },
      steps: [
        { name: "first", rewards: { reward: 1 } },
        { name: "second", rewards: { reward: 0 } },
      ],
    });
    expect(mean.trial?.artefacts.map(({ path }) => path)).toContain(
      "steps/second/verifier/reward.txt",
    );
    const final = await bench({ rewards: [0, 1], toml: toml("", "final"), steps });
    expect(final.trial).toMatchObject({ verdict: { rewards: { reward: 1 } } });
  });

  test("ends after a step that was worth too little", async () => {
    const { trial, judged } = await bench({
      rewards: [0.4, 1],
      toml: toml("min_reward = 0.5"),
      steps,
    });
    expect(judged()).toBe(1);
    expect(trial?.steps).toHaveLength(1);
  });
});
