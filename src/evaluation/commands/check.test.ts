import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../../test/support/egress.ts";
import { systemClock } from "../../base/clock.ts";
import { createProcesses } from "../../sandbox/process.ts";
import { runCheck, runScorer } from "./check.ts";
import { commandsIn } from "./run-command.ts";
import { outputLimitBytes } from "./output-tail.ts";

grantTests("runs checks", { spawn: true });

const processes = createProcesses();
let workspace: string;
const here = (env: Readonly<Record<string, string>>) =>
  commandsIn({ cwd: workspace, env, spawn: processes.spawn, clock: systemClock });
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "agent33-check-"));
});
afterEach(async () => {
  expect(processes.live()).toEqual([]);
  await rm(workspace, { recursive: true, force: true });
});

const check = (code: string, more: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
  runCheck(["node", "-e", code], {
    run: here({ PATH: dirname(process.execPath), COLOR: "green" }),
    timeoutMs: 60_000,
    ...more,
  });

describe("a visible check", () => {
  test("passes with exit code 0, runs in the workspace and sees only the given environment", async () => {
    await writeFile(join(workspace, "report.md"), "hello");
    const result = await check(
      `const fs = require("fs"); console.log(fs.readFileSync("report.md", "utf8"), process.env.COLOR, process.env.HOME)`,
    );
    expect(result).toMatchObject({ passed: true, output: "hello green undefined\n" });
    expect(result.durationMs).toBeGreaterThan(0);
    expect(result.error).toBeUndefined();
  });

  test("fails with any other code, and both outputs say why", async () => {
    const result = await check(`console.log("one"); console.error("two"); process.exitCode = 3`);
    expect(result.passed).toBe(false);
    expect(result.error).toBeUndefined();
    expect(result.output.split("\n").sort()).toEqual(["", "one", "two"]);
  });

  test("that fails without a word is said to have printed nothing, with its exit code", async () => {
    const { passed, output } = await check(`process.exitCode = 3`);
    expect([passed, output]).toEqual([false, "It printed nothing, and ended with exit code 3."]);
    expect((await check("")).output).toBe("");
  });

  test("keeps the end of a long output", async () => {
    const result = await check(`process.stdout.write("x".repeat(200_000) + "the end")`);
    expect(result.output).toMatch(/^\[\d+ bytes before this are left out\]\nx+the end$/);
    expect(result.output.length).toBeLessThan(outputLimitBytes + 100);
  });

  test("does not wait for input that nobody gives", async () => {
    const result = await check(`process.stdin.on("end", () => console.log("end")).resume()`);
    expect(result).toMatchObject({ passed: true, output: "end\n" });
  });

  test("is ended at its time limit, with what it started", async () => {
    const result = await check(
      `require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" }); console.log("on"); setInterval(() => {}, 1000)`,
      { timeoutMs: 1_000 },
    );
    expect(result).toMatchObject({
      passed: false,
      output: "on\n",
      error: { code: "evaluation.check_timeout" },
    });
  });

  test("is ended when it is cancelled, before or while it runs", async () => {
    const early = await check("", { signal: AbortSignal.abort() });
    expect(early).toMatchObject({ passed: false, error: { code: "evaluation.check_cancelled" } });
    const controller = new AbortController();
    const late = check("setInterval(() => {}, 1000)", { signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    expect(await late).toMatchObject({ error: { code: "evaluation.check_cancelled" } });
  });

  test("that kills itself is no verdict on the work", async () => {
    const result = await check(`process.kill(process.pid, "SIGKILL")`);
    expect(result).toMatchObject({ passed: false, error: { code: "evaluation.check_killed" } });
  });

  test("says when its program is not there", async () => {
    const result = await runCheck(["no-such-program"], {
      run: here({ PATH: "/nowhere" }),
      timeoutMs: 60_000,
    });
    expect(result).toMatchObject({
      passed: false,
      output: "",
      error: { code: "evaluation.check_not_started" },
    });
  });

  test("does not wait for a child that holds the output open", async () => {
    const result = await check(
      `require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" }).unref(); console.log("done")`,
    );
    expect(result).toMatchObject({ passed: true, output: "done\n" });
    expect(result.durationMs).toBeLessThan(5_000);
  });
});

describe("a scorer", () => {
  const score = (code: string, atLeast = 0.9) =>
    runScorer(["node", "-e", code], atLeast, {
      run: here({ PATH: dirname(process.execPath) }),
      timeoutMs: 60_000,
    });

  test("passes from its least score on, whatever it says before", async () => {
    expect(await score("console.log('3 of 3'); console.log(0.9)")).toMatchObject({
      passed: true,
      output: "The score is 0.9; at least 0.9 is asked for.\n3 of 3\n0.9\n",
    });
    expect(await score("console.log(-1e-3)", 0)).toMatchObject({ passed: false });
  });

  test.each([
    ["any other text", "console.log('great work, 1.0 points')"],
    ["a number before the last line", "console.log('1\\ndone')"],
    ["a score and an exit code that says failure", "console.log(1); process.exitCode = 1"],
    ["a number on standard error", "console.error(1)"],
    ["a number without an end", "console.log('Infinity')"],
    ["a number that is too large to be one", "console.log('1e309')"],
    ["nothing", ""],
  ])("%s is no score, and so does not pass", async (_what, code) => {
    const result = await score(code);
    expect(result).toMatchObject({ passed: false, output: expect.stringContaining("no score") });
    expect(result.error).toBeUndefined();
  });

  test("that cannot be started is an error, and no score", async () => {
    const options = {
      run: here({}),
      timeoutMs: 60_000,
    };
    const result = await runScorer(["/no/such/program"], 0, options);
    expect(result).toMatchObject({
      passed: false,
      error: { code: "evaluation.check_not_started" },
    });
  });
});
