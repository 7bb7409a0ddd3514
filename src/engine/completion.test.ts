import { expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { agentDefinitionSchema, defaultAgent } from "../agents/definition.ts";
import { systemClock } from "../base/clock.ts";
import { createProcesses } from "../sandbox/process.ts";
import { commandsIn } from "../evaluation/commands/run-command.ts";
import { ownCompletion } from "./completion.ts";

grantTests("runs checks", { spawn: true });

/** The time that each check of a definition gets of a run that has so much left. Milliseconds. */
async function timesGiven(completion: object, leftMs: number): Promise<readonly number[]> {
  const given: number[] = [];
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) => {
      given.push(ms);
      return systemClock.sleep(ms, signal);
    },
  };
  const { checks } = ownCompletion(agentDefinitionSchema.parse({ ...defaultAgent, completion }), {
    run: commandsIn({
      cwd: temporaryFolder("checks"),
      env: { PATH: process.env["PATH"] ?? "" },
      spawn: createProcesses().spawn,
      clock,
    }),
  });
  for (const { run } of checks) {
    const from = given.length;
    expect(await run(new AbortController().signal, leftMs)).toMatchObject({ passed: true });
    // What comes after the first is the pause for the last output.
    given.splice(from + 1);
  }
  return given;
}

const command = { command: "true" };
const scorer = { scorer: { command: "echo 1", atLeast: 1 } };

test("a check has as long as its run, unless its definition says less", async () => {
  const checks = [command, scorer];
  expect(await timesGiven({ checks }, 900_000)).toEqual([900_000, 900_000]);
  expect(await timesGiven({ checks, timeoutSeconds: 5 }, 900_000)).toEqual([5_000, 5_000]);
  expect(await timesGiven({ checks, timeoutSeconds: 5 }, 2_000)).toEqual([2_000, 2_000]);
});
