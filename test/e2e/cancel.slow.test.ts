import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { probeSandbox } from "../../src/sandbox/bwrap-probe.ts";
import { createProcesses } from "../../src/sandbox/process.ts";
import type { RunEvent } from "../../src/events/event.ts";
import { testGrant } from "../support/egress.ts";
import { type ScriptedTurn, type TestEngine, testEngine } from "../support/engine.ts";
import { eventually } from "../support/mcp-servers/process-list.ts";
import { type Behaviour, startOpenAiServer } from "../support/openai-server.ts";
import { taskFolder } from "../support/task-folder.ts";
import { temporaryFolder } from "../support/temporary.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function opened(settings: Readonly<Record<string, JsonValue>> = {}, folder?: string): TestEngine {
  const made = testEngine(settings, folder);
  closing.push(() => made.engine.close());
  return made;
}

/** An engine under one rule besides what is allowed anyway. */
function under(rule: string, settings: Readonly<Record<string, JsonValue>> = {}): TestEngine {
  const path = join(temporaryFolder("pack"), "one-rule.yaml");
  const head = "pack: one-rule\nversion: 1\ndescription: for a test\ndefault: allow\n";
  writeFileSync(path, `${head}rules:\n  - id: rule\n    ${rule}\n    reason: For a test.\n`);
  return opened({ "policy.packs": ["one-rule"], "policy.files": [path], ...settings });
}

const grant = testGrant("starts programs", { spawn: true });
const sandbox = await grant.run(() => probeSandbox({ spawn: createProcesses().spawn }));
const misbehaving = join(import.meta.dirname, "../support/mcp-servers/misbehaves-in-calls.mjs");
const hanging = join(import.meta.dirname, "../support/mcp-servers/hangs-at-initialize.mjs");
/** A word in the command lines of this test's children, so that nobody else's are found. */
const mark = `cancel-${process.pid}`;
/** Seconds that only this test sleeps. */
const asleep = `6${process.pid}`;

const stubborn = join(import.meta.dirname, "../support/mcp-servers/stubborn.mjs");
const call = (name: string, args: Record<string, JsonValue> = {}): ScriptedTurn => ({
  tool_calls: [{ name, arguments: args }],
});
const done = { text: "Done." };

/** What somebody cancels, and at which moment. */
interface Cancelled {
  readonly turns?: readonly ScriptedTurn[];
  readonly task?: string;
  readonly mcp?: string;
  /** The name of that server where it is to run without the sandbox. */
  readonly unconfined?: string;
  readonly shell?: boolean;
  readonly workspace?: string;
  /** Cancels a moment after it; at once after the start where nothing is named. */
  readonly at?: RunEvent["type"];
  readonly afterMs?: number;
  /** Who cancels; the driving engine unless said otherwise. */
  readonly by?: TestEngine;
}

/** Milliseconds after the event, by which what follows it is under way. */
const momentMs = 300;
/** How long a cancelled run, and all that it started, may still be there. */
const limitMs = 1_000;
/** When the second of the last cancel is over, by the monotonic clock. */
let overAt = 0;

async function cancelled({ engine, folder, script }: TestEngine, what: Cancelled) {
  const { turns, task, mcp, unconfined, shell = false, workspace = folder, at, by } = what;
  const { afterMs = momentMs } = what;
  const runId = await engine.runs.create({
    task:
      task === undefined
        ? { kind: "text", text: "Do it.", workspace }
        : { kind: "folder", path: task, environment: "host" },
    model: turns === undefined ? undefined : script(turns),
    effort: undefined,
    shell,
    mcpCommands: mcp === undefined ? [] : [mcp],
    ...(unconfined === undefined ? {} : { mcpUnconfined: [unconfined] }),
  });
  const reached = Promise.withResolvers<void>();
  if (at === undefined) reached.resolve();
  const stop = engine.runs.follow(runId, ({ type }) => {
    if (type === at) reached.resolve();
  });
  const driving = engine.runs.drive(runId);
  await reached.promise;
  await pause(afterMs);
  const began = performance.now();
  (by ?? { engine }).engine.runs.cancel(runId);
  const { outcome } = await driving;
  const tookMs = performance.now() - began;
  stop();
  expect(outcome).toBe("cancelled");
  expect(engine.store.runLog.read(runId).at(-1)).toMatchObject({
    type: "run.finished",
    outcome: "cancelled",
    stop: { reason: "cancelled" },
  });
  expect(tookMs).toBeLessThan(limitMs);
  const left = () => engine.processes.live();
  await eventually(() => left().length === 0, limitMs - tookMs);
  expect(left()).toEqual([]);
  overAt = began + limitMs;
}

/**
 * Nothing of it is left within the second that a cancel may take: what a killed process had started
 * is ended by the kernel, a moment later.
 */
async function gone(text: string): Promise<void> {
  await eventually(() => running(text).length === 0, Math.max(0, overAt - performance.now()));
  expect(running(text)).toEqual([]);
}

/** Processes of the machine whose command line has a text. */
function running(text: string): readonly string[] {
  const list = grant.run(() => execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }));
  return list.split("\n").filter((line) => line.includes(text));
}

async function modelThat(behaviour: Behaviour): Promise<TestEngine> {
  const server = await startOpenAiServer(() => behaviour);
  closing.push(() => server.close());
  return opened({ model: `openai-compatible:test@${server.baseUrl}` });
}

describe("a cancel ends a run within a second, and no process is left", () => {
  test("before the model has answered", async () => {
    await cancelled(await modelThat({ kind: "hang", at: "start" }), { at: "turn.started" });
  });

  test("while the model's answer comes in", async () => {
    const slow = { kind: "turn", text: "word ".repeat(90), pauseMs: 5_000 } as const;
    await cancelled(await modelThat(slow), { at: "turn.started" });
    await cancelled(await modelThat({ kind: "hang", at: "between_chunks" }), {
      at: "turn.started",
    });
  });

  test("while it waits to try again", async () => {
    const busy = { kind: "status", status: 429, headers: { "retry-after": "20" } } as const;
    await cancelled(await modelThat(busy), { at: "turn.started" });
  });

  test.each(["", " --stubborn"])("while a server's tool hangs%s", async (flag) => {
    const turns = [call("misbehaves-in-calls__hang"), done];
    const mcp = `${process.execPath} ${misbehaving} ${mark}${flag}`;
    await cancelled(opened(), { turns, mcp, at: "tool.started" });
    await gone(mark);
  });

  test("while its stubborn server is ended after the agent was done", async () => {
    const mcp = `${process.execPath} ${stubborn} ${mark}`;
    // In the sandbox it could not be stubborn.
    const what = { turns: [done], mcp, unconfined: "stubborn", at: "turn.completed" } as const;
    await cancelled(opened(), { ...what, afterMs: 50 });
    await gone(mark);
  });

  test.skipIf(!sandbox.available)("while a command runs in the sandbox", async () => {
    const turns = [call("run_command", { command: `sleep ${asleep} & sleep ${asleep}` }), done];
    const workspace = temporaryFolder("workspace");
    const made = under('allow: { connector: "shell:sandbox" }');
    await cancelled(made, { turns, shell: true, workspace, at: "tool.started" });
    await gone(`sleep ${asleep}`);
  });

  test("while a person is asked about one call and another hangs", async () => {
    const tool = { effect: "read", repeat: "safe" };
    const made = under("ask: { tool: odd__fine }", {
      mcpServers: {
        odd: {
          command: process.execPath,
          args: [misbehaving, mark],
          tools: { fine: tool, hang: tool },
        },
      },
    });
    const [first, second] = [call("odd__fine"), call("odd__hang")];
    const both = [...(first.tool_calls ?? []), ...(second.tool_calls ?? [])];
    await cancelled(made, { turns: [{ tool_calls: both }, done], at: "run.parked" });
    await gone(mark);
  });

  test("while the check runs", async () => {
    const task = taskFolder({ turns: [done], check: ["sleep", asleep] });
    await cancelled(opened(), { task, at: "turn.completed" });
    await gone(`sleep ${asleep}`);
  });

  test("while the hidden tests run", async () => {
    const task = taskFolder({ turns: [done], tests: `sleep ${asleep}\n` });
    await cancelled(opened(), { task, at: "agent.stopped" });
    await gone(`sleep ${asleep}`);
  });

  test("while its servers start", async () => {
    await cancelled(opened(), { turns: [done], mcp: `${process.execPath} ${hanging} ${mark}` });
    await gone(mark);
  });

  test("by another process, while a tool hangs", async () => {
    const made = opened();
    const turns = [call("misbehaves-in-calls__hang"), done];
    const mcp = `${process.execPath} ${misbehaving} ${mark}`;
    await cancelled(made, { turns, mcp, at: "tool.started", by: opened({}, made.folder) });
    await gone(mark);
  });
});
