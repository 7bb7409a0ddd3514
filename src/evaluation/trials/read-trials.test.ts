import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { passedOf, type Trial, trialSchema } from "./trial.ts";
import { trialOf } from "./trial.fixture.ts";
import { readTrials } from "./read-trials.ts";
import { resultFile } from "./result-file.ts";

/** What Harbor 0.13 writes, shortened. */
function harborResult(given: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: "5eb561a4-2163-4369-8b52-9b4a97b75092",
    task_name: "hello",
    trial_name: "hello__abc",
    trial_uri: "file:///jobs/hello__abc",
    task_id: { path: "tasks/hello" },
    source: "local",
    task_checksum: "c0ffee",
    config: { agent: { skills: ["skills/x"], kwargs: { reasoning_effort: "high" } } },
    agent_info: {
      name: "terminus-2",
      version: "2.0.0",
      model_info: { name: "gpt-4o", provider: "openai" },
    },
    agent_result: {
      n_input_tokens: 682,
      n_cache_tokens: 10,
      n_output_tokens: 55,
      cost_usd: 0.002255,
    },
    verifier_result: { rewards: { reward: 1 } },
    exception_info: null,
    started_at: "2026-01-02T03:04:05.500000",
    finished_at: "2026-01-02T03:05:05.500000",
    agent_execution: {
      started_at: "2026-01-02T03:04:10",
      finished_at: "2026-01-02T03:04:40",
    },
    ...given,
  };
}

/** A folder of jobs with these results, by their trial's place. */
function jobs(results: Readonly<Record<string, unknown>>): string {
  const folder = temporaryFolder("jobs");
  for (const [place, result] of Object.entries(results)) {
    const path = join(folder, place, "result.json");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof result === "string" ? result : JSON.stringify(result));
  }
  return folder;
}

async function only(result: unknown): Promise<Trial> {
  const { trials } = await readTrials(jobs({ t: result }));
  expect(trials).toHaveLength(1);
  return trials[0]!;
}

describe("trials of Harbor", () => {
  test("are read with all that is known of them, and hold to the schema", async () => {
    const trial = await only(harborResult());
    expect(trialSchema.parse(trial)).toEqual(trial);
    expect(trial).toMatchObject({
      name: "hello__abc",
      task: { name: "hello", source: "local", digest: "c0ffee" },
      condition: {
        agent: "terminus-2",
        agentVersion: "2.0.0",
        model: "openai/gpt-4o",
        effort: "high",
        skills: "given",
      },
      attempt: "agent",
      verdict: { kind: "scored", rewards: { reward: 1 } },
      costMicroUsd: 2_255,
      tokens: { input: 682, cachedInput: 10, output: 55 },
      startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 500),
      phaseMs: { agent: 30_000 },
    });
  });

  test("that timed out and were judged all the same have a verdict", async () => {
    const trial = await only(
      harborResult({
        exception_info: { exception_type: "AgentTimeoutError", exception_message: "900 s" },
      }),
    );
    expect(passedOf(trial)).toBe(true);
    expect(trial.verdict).toMatchObject({
      agentError: { code: "evaluation.harbor_exception", details: { type: "AgentTimeoutError" } },
    });
  });

  test.each([
    ["no result of the verifier", { verifier_result: null }],
    ["no rewards", { verifier_result: { rewards: null } }],
    ["rewards of other names", { verifier_result: { rewards: { a: 1, b: 0 } } }],
    ["a reward that is null", { verifier_result: { rewards: { reward: null } } }],
  ])("with %s are errors, and never zeros", async (_name, given) => {
    const trial = await only(harborResult(given));
    expect(trial.verdict).toMatchObject({
      kind: "error",
      error: { code: "evaluation.reward_missing" },
    });
    expect(passedOf(trial)).toBeUndefined();
  });

  test("are judged by the one reward that there is, whatever its name", async () => {
    const trial = await only(harborResult({ verifier_result: { rewards: { accuracy: 0.5 } } }));
    expect(trial.passRule).toEqual({ reward: "accuracy", atLeast: 1 });
    expect(passedOf(trial)).toBe(false);
  });

  test("add up the costs of their steps, and leave out what is not known", async () => {
    const step = { agent_result: { n_input_tokens: 5, n_output_tokens: 1, cost_usd: 0.5 } };
    const trial = await only(harborResult({ agent_result: null, step_results: [step, step] }));
    expect(trial).toMatchObject({ costMicroUsd: 1_000_000, tokens: { input: 10, output: 2 } });
    const unknown = await only(harborResult({ agent_result: null, agent_info: null }));
    expect(unknown).toMatchObject({ costMicroUsd: null, tokens: null, condition: { model: null } });
  });

  test.each(["oracle", "nop"])("of %s are told apart", async (name) => {
    expect((await only(harborResult({ agent_info: { name } }))).attempt).toBe(name);
  });
});

describe("a folder of jobs", () => {
  test("has its trials wherever they lie, without the jobs' own results", async () => {
    const folder = jobs({
      one: { stats: {}, n_total_trials: 2, started_at: "2026-01-01" },
      "one/a": harborResult({ id: "a" }),
      "one/b": resultFile(trialOf({ id: "b", name: "b" })),
      "two/deep/c": harborResult({ id: "c", trial_name: "c" }),
    });
    mkdirSync(join(folder, "one/a/agent"));
    writeFileSync(join(folder, "one/a/agent/trajectory.json"), "{}");
    symlinkSync(join(folder, "one/a"), join(folder, "two/link"));
    const { trials, places } = await readTrials(folder);
    expect(trials.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(places.get("c")).toBe("two/deep/c");
    expect(trials[0]?.artefacts).toEqual([
      { name: "trajectory", path: "agent/trajectory.json", contentType: "application/json" },
    ]);
  });

  test("says which trials were begun and never ended", async () => {
    const folder = jobs({ "one/a": harborResult() });
    mkdirSync(join(folder, "one/b"));
    writeFileSync(join(folder, "one/b/config.json"), "{}");
    writeFileSync(join(folder, "one/b/trial.log"), "");
    const { trials, notices } = await readTrials(folder);
    expect(trials).toHaveLength(1);
    expect(notices).toEqual([
      "1 trials were begun and have no result.json; they are not counted: one/b.",
    ]);
  });

  const nan = JSON.stringify(harborResult()).replace('"reward":1', '"reward":NaN');
  test.each([
    ["no trial", {}, "results_not_found"],
    ["a text that is no JSON", { t: "{" }, "result_malformed"],
    ["something else", { t: { hello: 1 } }, "result_malformed"],
    ["NaN for a reward", { t: nan }, "reward_not_a_number"],
    [
      "a word for a reward",
      { t: harborResult({ verifier_result: { rewards: { reward: "1" } } }) },
      "reward_not_a_number",
    ],
    ["a trial twice", { a: harborResult(), b: harborResult() }, "duplicate_trial"],
    [
      "two versions of a task",
      { a: harborResult(), b: harborResult({ id: "x", task_checksum: "other" }) },
      "task_digests_differ",
    ],
    [
      "an own record of a form to come",
      { t: { agent33: { format: "agent33-trial/9" } } },
      "result_malformed",
    ],
  ])("with %s is refused", async (_name, results, code) => {
    await expect(readTrials(jobs(results))).rejects.toMatchObject({ code: `evaluation.${code}` });
  });

  test("that is not there, or is a file, is refused", async () => {
    const folder = jobs({ t: harborResult() });
    await expect(readTrials(join(folder, "x"))).rejects.toMatchObject({
      code: "evaluation.results_not_found",
    });
    await expect(readTrials(join(folder, "t/result.json"))).rejects.toMatchObject({
      code: "evaluation.results_unreadable",
    });
  });
});

describe("a trial of our own", () => {
  test("is read as it was written", async () => {
    const trial = trialOf({
      id: "x",
      retries: [{ phase: "environment", code: "sandbox.lost", message: "Gone.", retryable: true }],
      artefacts: [{ name: "log", path: "agent/log.txt", contentType: "text/plain" }],
    });
    expect(await only(resultFile(trial))).toEqual(trial);
  });

  test("says the same to whoever reads it as Harbor's", async () => {
    const trial = trialOf({ id: "x", condition: { agent: "worker", model: "openai:gpt-5" } });
    const { agent33: _own, ...harbors } = resultFile(trial);
    const { artefacts: _none, ...read } = await only(harbors);
    const { artefacts: _empty, ...expected } = trial;
    expect(read).toEqual({ ...expected, condition: { agent: "worker", model: "openai/gpt-5" } });
  });

  test.each(["../secret", "/etc/passwd", "a/../../b", "javascript:alert(1)", "C:\\x"])(
    "names no file outside its folder: %s",
    (path) => {
      const artefacts = [{ name: "x", path, contentType: "text/plain" }];
      expect(trialSchema.safeParse(trialOf({ id: "x", artefacts })).success).toBe(false);
    },
  );
});
