import {
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../../test/support/egress.ts";
import { unwrap } from "../../base/result.ts";
import { compilePolicy, loadPacks } from "../../boundary/policy/index.ts";
import { readLibrary } from "../../boundary/policy/load.ts";
import { createBwrapSandbox } from "../../sandbox/bwrap.ts";
import { probeSandbox } from "../../sandbox/bwrap-probe.ts";
import { createProcesses } from "../../sandbox/process.ts";
import type { Tool } from "../../tools/tool.ts";
import { toolCallSpec } from "../tool-call.ts";
import { shellTool } from "./connector.ts";

const processes = createProcesses();
const grant = grantTests("runs the tool without the boundary", { spawn: true });
const probe = await grant.run(() => probeSandbox({ spawn: processes.spawn }));
const sandbox = createBwrapSandbox({ spawn: processes.spawn });
const available = { available: true, driver: "bubblewrap", version: "0", notices: [] } as const;

let workspace: string;
beforeEach(() => {
  workspace = realpathSync(mkdtempSync(join(tmpdir(), "agent33-shell-")));
});
afterEach(() => {
  expect(processes.live()).toEqual([]);
  rmSync(workspace, { recursive: true });
});

const tool = (): Tool => unwrap(shellTool({ chosen: { probe: available, sandbox }, workspace }));
const run = (args: Record<string, string | number>, signal = new AbortController().signal) =>
  tool().run(args, { signal, idempotencyKey: "k", progress: () => {} });

describe("the shell tool", () => {
  test("is refused with the probe's reason and hint where there is no sandbox", () => {
    const none = { available: false, reason: "No bubblewrap.", hint: "Install it." } as const;
    expect(shellTool({ chosen: { probe: none }, workspace })).toMatchObject({
      ok: false,
      error: {
        code: "shell.sandbox_unavailable",
        message: expect.stringContaining("No bubblewrap."),
        hint: "Install it.",
      },
    });
  });

  test("is a write that may not repeat, on the surface that policy asks about", () => {
    expect(tool()).toMatchObject({
      name: "run_command",
      effect: "write",
      repeat: "once",
      source: "shell:sandbox",
    });
    expect(tool().timeoutMs).toBeGreaterThan(600_000);
  });

  test.each([...readLibrary().keys()])(
    "is one that a person is asked about under the pack %s",
    (pack) => {
      const policy = compilePolicy(loadPacks({ select: [pack] }));
      const facts = toolCallSpec(tool()).facts({ command: "ls" });
      const principal = { tenant: "local", user: "someone" };
      expect(policy.decide(facts, toolCallSpec(tool()).id, principal)).toMatchObject({
        effect: "ask",
        ruleId: "default/shell-asks",
      });
    },
  );

  test.each([
    [{}, "command"],
    [{ command: "" }, "command"],
    [{ command: "a\0b" }, "NUL"],
    [{ command: "ls", timeout_seconds: 0 }, "timeout_seconds"],
    [{ command: "ls", timeout_seconds: 601 }, "timeout_seconds"],
    [{ command: "ls", timeout_seconds: 1.5 }, "timeout_seconds"],
    [{ command: "ls", sandbox: false }, "sandbox"],
  ])("refuses the arguments %j", (args, says) => {
    expect(tool().parse(args)).toMatchObject({
      ok: false,
      error: { code: "tools.invalid_arguments", message: expect.stringContaining(says) },
    });
  });

  test("runs nothing, and says that nothing was sent, when the sandbox is gone meanwhile", async () => {
    const command = join(workspace, "absent");
    const gone = createBwrapSandbox({ spawn: processes.spawn, command });
    const offered = unwrap(shellTool({ chosen: { probe: available, sandbox: gone }, workspace }));
    const context = {
      signal: new AbortController().signal,
      idempotencyKey: "k",
      progress: () => {},
    };
    await expect(offered.run({ command: "touch x" }, context)).rejects.toMatchObject({
      kind: "transport",
      phase: "before_send",
      retryable: false,
      message: expect.stringContaining("was not run"),
      hint: expect.any(String),
    });
    expect(existsSync(join(workspace, "x"))).toBe(false);
  });
});

const title = probe.available ? "run_command" : `run_command (skipped: ${probe.reason})`;
describe.skipIf(!probe.available)(title, () => {
  test("works in the workspace and gives output and exit code", async () => {
    writeFileSync(join(workspace, "a.txt"), "from the host\n");
    const output = await run({ command: "cat a.txt | tr a-z A-Z | tee b.txt; echo note >&2" });
    expect(output).toMatchObject({ isError: false, structured: { exitCode: 0, timedOut: false } });
    expect(output.content).toMatch(
      /^Exit code 0 \(\d+\.\d s\)\n--- stdout\nFROM THE HOST\n--- stderr\nnote$/,
    );
    expect(readFileSync(join(workspace, "b.txt"), "utf8")).toBe("FROM THE HOST\n");
  });

  test("makes a failing command an error with its output", async () => {
    const output = await run({ command: "echo why >&2; exit 2" });
    expect(output).toMatchObject({ isError: true, structured: { exitCode: 2 } });
    expect(output.content).toMatch(/^Exit code 2 .*\n--- stderr\nwhy$/);
  });

  test("says so when nothing was written", async () => {
    expect((await run({ command: "true" })).content).toContain("It wrote nothing.");
  });

  test("names the signal that ended a command", async () => {
    const output = await run({ command: "kill -XFSZ $$" });
    expect(output.content).toMatch(/SIGXFSZ: a file grew beyond the limit/);
  });

  test("says what its time limit cut short, and what it had written", async () => {
    const output = await run({ command: "echo begun; sleep 30", timeout_seconds: 1 });
    expect(output).toMatchObject({ isError: true, structured: { timedOut: true } });
    expect(output.content).toMatch(/^Ended after 1 s, its time limit/);
    expect(output.content).toContain("begun");
  });

  test("says where output is left out", async () => {
    const output = await run({ command: "seq 1 100000" });
    expect(output).toMatchObject({ isError: false, structured: { truncated: true } });
    expect(output.content).toMatch(/\[\d+ bytes are left out here\]/);
    expect(output.content).toContain("Write it to a file");
    expect(output.content.length).toBeLessThan(34_000);
  });

  test("starts anew every time", async () => {
    await run({ command: "cd /tmp; export KEPT=1; echo x > /tmp/kept; sleep 30 &" });
    const output = await run({ command: "pwd; echo [$KEPT]; ls /tmp/kept" });
    expect(output.content).toContain(`${workspace}\n[]\n`);
    expect(output.isError).toBe(true);
  });

  test("is cancelled with its call", async () => {
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(new Error("stop")), 50);
    await expect(run({ command: "sleep 30" }, cancel.signal)).rejects.toThrow("stop");
  });
});
