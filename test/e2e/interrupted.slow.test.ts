import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freshFolder, projectRoot, runCli, runInProcess, startCli } from "../support/cli.ts";
import { copyOfDemo, demoWords, processesMentioning } from "../support/demo.ts";
import { grantTests } from "../support/egress.ts";

grantTests("looks at processes, and mounts a small disk", { spawn: true });

/** A script with a turn that waits in a tool for a long time. */
function slowTask(): string {
  const task = copyOfDemo();
  const server = join(freshFolder(), "slow-server.mjs");
  writeFileSync(
    server,
    `import { createInterface } from "node:readline";
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === "initialize") say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "slow", version: "1" } } });
  if (method === "tools/list") say({ id, result: { tools: [{ name: "wait", description: "Waits.", inputSchema: { type: "object" } }] } });
});
setInterval(() => undefined, 1000);
`,
  );
  const toml = readFileSync(join(task, "task.toml"), "utf8");
  writeFileSync(
    join(task, "task.toml"),
    toml
      .replace(/command = ".*"/, `command = ${JSON.stringify(process.execPath)}`)
      .replace(/args = \["\."\]/, `args = [${JSON.stringify(server)}]`),
  );
  writeFileSync(
    join(task, "script.yaml"),
    "name: slow\nturns:\n  - tool_calls: [{ name: filesystem__wait, arguments: {} }]\n  - text: Done.\n",
  );
  return task;
}

describe("interrupting", () => {
  test("Ctrl-C cancels within seconds, leaves no process, and the log says so", async () => {
    const data = freshFolder();
    const running = startCli(demoWords(data, slowTask()));
    await running.seen("turn 1");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const began = Date.now();
    running.child.kill("SIGINT");
    const { code, stdout } = await running.ended;
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(stdout).toMatch(/outcome {2}cancelled/);
    expect(code).toBe(130);
    expect(processesMentioning("slow-server.mjs")).toEqual([]);
  });

  test("a second process cannot take up a run that is running", async () => {
    const data = freshFolder();
    const running = startCli(demoWords(data, slowTask()));
    await running.seen("turn 1");
    const list = await runInProcess(["runs", "list", "--data", data, "--json"], projectRoot);
    const { items } = JSON.parse(list.stdout) as { items: { id: string }[] };
    const second = await runInProcess(["resume", items[0]!.id, "--data", data], projectRoot);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain("durable.run_active");
    running.child.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
  });
});

/** A task whose check or hidden tests take as long as one likes. */
function taskThatWaits(where: "check" | "tests"): string {
  const task = join(freshFolder(), "waits");
  const files: Readonly<Record<string, string>> = {
    "task.toml": `version = "1.0"\n[metadata.agent33]\nscript = "script.yaml"\n${where === "check" ? 'check = ["sleep", "61"]\n' : ""}`,
    "instruction.md": "Do nothing.",
    "script.yaml": "name: waits\nturns:\n  - text: Done.\n",
    "environment/Dockerfile": "FROM x\nWORKDIR /app\n",
    "tests/test.sh": where === "tests" ? "sleep 62\n" : "echo 1 > $AGENT33_LOGS_DIR/reward.txt\n",
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(task, path, ".."), { recursive: true });
    writeFileSync(join(task, path), text);
  }
  return task;
}

describe("a full disk", () => {
  test("ends the run with a typed error, keeps its log, and the run goes on when there is room", async (context) => {
    const mount = freshFolder();
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=680k", "tmpfs", mount], { stdio: "pipe" });
    } catch {
      context.skip("mounting a small tmpfs needs root");
    }
    try {
      const data = join(mount, "data");
      const full = await runCli(demoWords(data));
      expect(full.stderr).toContain("store.full");
      expect(full.code).toBe(1);
      const runId = /go on with .* resume ([0-9a-f-]{36})/.exec(full.stderr)?.[1] ?? "";
      const shown = await runInProcess(["runs", "show", runId, "--data", data], projectRoot);
      expect(shown.stdout).toContain("turn 1");
      execFileSync("mount", ["-o", "remount,size=20m", mount]);
      const again = await runCli(["resume", runId, "--data", data]);
      expect(again.stdout).toMatch(/outcome {2}verified/);
      expect(again.code).toBe(0);
    } finally {
      execFileSync("umount", [mount]);
    }
  });
});

describe("interrupting what judges a run", () => {
  test.each(["check", "tests"] as const)("Ctrl-C during the %s cancels the run", async (where) => {
    const running = startCli(demoWords(freshFolder(), taskThatWaits(where)));
    await running.seen(where === "check" ? "Done." : "agent stopped");
    await new Promise((resolve) => setTimeout(resolve, 200));
    running.child.kill("SIGINT");
    const { code, stdout } = await running.ended;
    expect(stdout).toMatch(/outcome {2}cancelled/);
    expect(code).toBe(130);
    expect(processesMentioning(where === "check" ? "sleep 61" : "sleep 62")).toEqual([]);
  });

  test("Ctrl-C while a server starts cancels at once", async () => {
    const hanging = join(projectRoot, "test/support/mcp-servers/hangs-at-initialize.mjs");
    const data = freshFolder();
    const script = join(data, "done.yaml");
    writeFileSync(script, "name: done\nturns:\n  - text: Done.\n");
    const running = startCli([
      "run",
      "x",
      "--model",
      `scripted:${script}`,
      "--mcp",
      `${process.execPath} ${hanging}`,
      "--data",
      data,
    ]);
    await running.seen("user");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const began = Date.now();
    running.child.kill("SIGTERM");
    const { code, stdout } = await running.ended;
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(stdout).toMatch(/outcome {2}cancelled/);
    expect(code).toBe(130);
    expect(processesMentioning("hangs-at-initialize.mjs")).toEqual([]);
  });

  test("a reader that goes away ends the program without a stack trace", async () => {
    const data = freshFolder();
    const running = startCli(["config", "explain", "--data", data]);
    running.child.stdout?.destroy();
    const { stderr } = await running.ended;
    expect(stderr).not.toMatch(/at .*\(|node:events/);
  });
});
