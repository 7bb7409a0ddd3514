import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testEngine, type TestEngine } from "../../test/support/engine.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import type { Trial } from "../evaluation/trials/trial.ts";
import { usualPassRule } from "../evaluation/trials/trial.ts";

let on: TestEngine;
let folder: string;
beforeEach(() => {
  on = testEngine();
  folder = temporaryFolder("trial");
  mkdirSync(join(folder, "verifier"));
});
afterEach(async () => {
  await on.engine.close();
});

function trial(more: Partial<Trial> = {}): Trial {
  return {
    format: "agent33-trial/1",
    id: "t-1",
    name: "receipts__abc",
    task: { name: "receipts", source: null, digest: "d".repeat(64) },
    condition: { agent: "clerk", model: "m", skills: "none" },
    attempt: "agent",
    passRule: usualPassRule,
    verdict: { kind: "scored", rewards: { reward: 0, style: 0.5 } },
    retries: [],
    costMicroUsd: null,
    tokens: null,
    startedAt: 1,
    finishedAt: 2_000,
    phaseMs: {},
    digests: {},
    runId: "r-1",
    artefacts: [
      { name: "out", path: "verifier/test-stdout.txt", contentType: "text/plain" },
      { name: "log", path: "agent/events.jsonl", contentType: "application/x-ndjson" },
    ],
    ...more,
  };
}

async function signals() {
  return (await (await on.engine.learning.rows()).signals.list()).items;
}

test("a failed trial becomes a signal with its evidence, once", async () => {
  const said = `${"x".repeat(20_000)}\nFAIL totals are wrong\n`;
  writeFileSync(join(folder, "verifier/test-stdout.txt"), said);
  await on.engine.learning.recordTrial(trial(), folder);
  await on.engine.learning.recordTrial(trial(), folder);
  const [signal, ...others] = await signals();
  expect(others).toEqual([]);
  expect(signal).toMatchObject({
    type: "bug",
    source: "engine:trial",
    summary: "A trial of receipts failed (clerk · m · skills none)",
    occurrences: 1,
    recordedAt: 2_000,
    context: {
      trial: "receipts__abc",
      task: "receipts",
      taskDigest: "d".repeat(64),
      condition: "clerk · m · skills none",
      rewards: '{"reward":0,"style":0.5}',
      run: "r-1",
      folder,
      artefacts: "verifier/test-stdout.txt\nagent/events.jsonl",
    },
  });
  expect(signal?.details).toContain("FAIL totals are wrong");
});

test("each failed trial is a signal of its own, and one that passed is none", async () => {
  await on.engine.learning.recordTrial(trial(), folder);
  await on.engine.learning.recordTrial(trial({ id: "t-2", name: "receipts__def" }), folder);
  const verdict = { kind: "scored", rewards: { reward: 1 } } as const;
  await on.engine.learning.recordTrial(trial({ id: "t-3", verdict }), folder);
  expect((await signals()).map(({ context }) => context["trial"])).toEqual([
    "receipts__def",
    "receipts__abc",
  ]);
});

test("a trial without a verdict is an incident, whoever worked", async () => {
  const error = {
    phase: "verifier",
    code: "evaluation.reward_missing",
    message: "No reward.",
    retryable: false,
  } as const;
  const verdict = { kind: "error", error } as const;
  await on.engine.learning.recordTrial(trial({ verdict, attempt: "nop" }), folder);
  const [signal] = await signals();
  expect(signal).toMatchObject({
    type: "incident",
    summary: "A trial of receipts has no verdict: evaluation.reward_missing",
    details: "evaluation.reward_missing: No reward.",
  });
});

test("a task whose solution fails or that nobody's work passes is said to be at fault", async () => {
  const passed = { kind: "scored", rewards: { reward: 1 } } as const;
  const { recordTrial } = on.engine.learning;
  await recordTrial(trial({ id: "a", attempt: "oracle" }), folder);
  await recordTrial(trial({ id: "b", attempt: "nop", verdict: passed }), folder);
  await recordTrial(trial({ id: "c", attempt: "oracle", verdict: passed }), folder);
  await recordTrial(trial({ id: "d", attempt: "nop" }), folder);
  expect((await signals()).map(({ type, summary }) => [type, summary])).toEqual([
    ["process", "Doing nothing passes the tests of receipts"],
    ["process", "The solution of receipts does not pass its tests here"],
  ]);
});

test("nothing is recorded where learning is off, and a store that fails does not fail a trial", async () => {
  const off = testEngine({ "learning.enabled": false });
  await off.engine.learning.recordTrial(trial(), folder);
  expect((await (await off.engine.learning.rows()).signals.list()).items).toEqual([]);
  await off.engine.close();
  const warnings: string[] = [];
  const broken = testEngine(
    { "learning.store": "postgres://nobody@127.0.0.1:1/none" },
    undefined,
    {},
    { warn: (message) => warnings.push(message) },
  );
  await broken.engine.learning.recordTrial(trial(), folder);
  expect(warnings.join()).toContain("What trial receipts__abc teaches could not be recorded");
  await broken.engine.close();
});
