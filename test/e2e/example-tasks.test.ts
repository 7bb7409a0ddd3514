import { delimiter, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { nopAgent } from "../../src/evaluation/attempts/nop.ts";
import { oracleAgent } from "../../src/evaluation/attempts/oracle.ts";
import type { TrialAgent } from "../../src/evaluation/attempts/attempt.ts";
import { createHostDriver } from "../../src/evaluation/environments/host/driver.ts";
import { verdictOf } from "../../src/evaluation/environments/verdict.ts";
import { loadTask } from "../../src/evaluation/tasks/load-task.ts";
import { onlyStep } from "../../src/evaluation/tasks/task.ts";
import { createProcesses } from "../../src/sandbox/process.ts";
import { grantTests } from "../support/egress.ts";
import { temporaryFolder } from "../support/temporary.ts";

grantTests("runs trials on the host", { spawn: true });

const processes = createProcesses();
const driver = createHostDriver({
  spawn: processes.spawn,
  clock: systemClock,
  env: { PATH: [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter) },
});
const signal = new AbortController().signal;

/** What the hidden tests say of what an agent leaves. */
async function rewardOf(name: string, agent: TrialAgent): Promise<number | null> {
  const task = await loadTask(join(import.meta.dirname, "../../examples/tasks", name));
  expect(task.notices).toEqual([]);
  const { instruction, solution, verifier } = onlyStep(task);
  const prepared = await driver.prepare(task, signal);
  const environment = await prepared.start({
    dir: temporaryFolder("place"),
    withSkills: true,
    signal,
  });
  const result = await agent.work({
    task,
    instruction,
    solution,
    environment,
    model: undefined,
    effort: undefined,
    skills: "none",
    repetition: 1,
    logs: temporaryFolder("logs"),
    timeoutMs: 20_000,
    signal,
  });
  expect(result.error).toBeUndefined();
  const logs = temporaryFolder("verdict");
  const { timeoutMs } = verifier;
  const judged = await environment.judge({ tests: verifier.dirs[0], logs, env: {}, timeoutMs });
  const { reward } = await verdictOf(judged, logs, timeoutMs);
  await environment.close();
  return reward;
}

describe.each(["expense-totals", "broken-links", "label-codes"])("the example task %s", (name) => {
  test("gives 1 to its solution and 0 to doing nothing", async () => {
    expect(await rewardOf(name, oracleAgent({}))).toBe(1);
    expect(await rewardOf(name, nopAgent)).toBe(0);
  });
});
