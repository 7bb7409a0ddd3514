import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { eventually, isRunning } from "../../test/support/mcp-servers/process-list.ts";
import type { SpawnProcess } from "../boundary/hands.ts";
import { createProcesses, type Processes, type RunningProcess } from "./process.ts";

grantTests("starts processes", { spawn: true });

let folder: string;
let processes: Processes;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "agent33-process-")));
  processes = createProcesses();
});

afterEach(async () => {
  await processes.killAll();
  expect(processes.live()).toEqual([]);
  rmSync(folder, { recursive: true });
});

const start = (command: string, args: readonly string[], env: Record<string, string> = {}) =>
  processes.spawn({ command, args, cwd: folder, env });
const node = (script: string) => start(process.execPath, ["-e", script]);
const shell = (script: string) =>
  start("/bin/sh", ["-c", script], { PATH: process.env["PATH"] ?? "" });

async function outputOf(child: RunningProcess): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) text += String(chunk);
  return text;
}

/** Waits for the script to have written a pid to a file. */
async function pidIn(name: string): Promise<number> {
  let pid = Number.NaN;
  await eventually(() => {
    try {
      pid = Number.parseInt(readFileSync(join(folder, name), "utf8"), 10);
    } catch {
      return false;
    }
    return pid > 0;
  });
  return pid;
}

describe("starting", () => {
  test("fits the boundary's port", () => {
    const port: SpawnProcess = processes.spawn;
    expect(port).toBe(processes.spawn);
  });

  test("gives the child exactly its arguments, its folder and its environment", async () => {
    const child = await start(
      process.execPath,
      [
        "-e",
        "console.log(JSON.stringify([process.argv.slice(1), process.cwd(), process.env]))",
        "--",
        "a b",
        "$HOME",
        "*",
      ],
      { ONLY: "this" },
    );
    expect(JSON.parse(await outputOf(child))).toEqual([
      ["a b", "$HOME", "*"],
      folder,
      { ONLY: "this" },
    ]);
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  test("gives the child further inputs to read, each to its end", async () => {
    const big = Buffer.alloc(1_000_000, "x");
    const child = await processes.spawn({
      command: "/bin/sh",
      args: ["-c", "cat <&4 | wc -c; cat <&3"],
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "" },
      inputs: [Buffer.from("small"), big],
    });
    expect((await outputOf(child)).trim()).toBe(`${big.length}\nsmall`);
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  test("is not held up by a child that does not read its further inputs", async () => {
    const inputs = [Buffer.alloc(5_000_000)];
    const request = { command: "/bin/sh", args: ["-c", "exit 4"], cwd: folder, env: {}, inputs };
    const child = await processes.spawn(request);
    expect(await child.exited).toEqual({ code: 4, signal: null });
  });

  test("makes the child the leader of its own group", async () => {
    const child = await shell("exec sleep 30");
    const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ");
    expect(stat?.[2]).toBe(String(child.pid));
  });

  test.each([
    ["agent33-no-such-program", "ENOENT", "no such program"],
    ["./not-executable", "EACCES", "may not be executed"],
  ])("of %s is refused with %s and a hint", async (command, reason, says) => {
    writeFileSync(join(folder, "not-executable"), "", { mode: 0o644 });
    await expect(start(command, [], { PATH: "/usr/bin" })).rejects.toMatchObject({
      code: "sandbox.spawn_failed",
      message: expect.stringContaining(says),
      hint: expect.any(String),
      details: { command, reason },
    });
    expect(processes.live()).toEqual([]);
  });

  test("in a folder that does not exist blames the folder, not the program", async () => {
    const request = { command: process.execPath, args: [], cwd: join(folder, "absent"), env: {} };
    await expect(processes.spawn(request)).rejects.toMatchObject({
      code: "sandbox.spawn_failed",
      message: expect.stringContaining("absent does not exist"),
    });
  });

  test("with an argument that no program can be given is refused", async () => {
    await expect(start(process.execPath, ["a\0b"])).rejects.toMatchObject({
      code: "sandbox.spawn_failed",
    });
  });
});

describe("ending", () => {
  test("a child that ends by itself is no longer live", async () => {
    const child = await node("process.exit(3)");
    expect(await child.exited).toEqual({ code: 3, signal: null });
    expect(await eventually(() => processes.live().length === 0)).toBe(true);
  });

  test("kill asks first, so that the child can tidy up", async () => {
    const child = await node(
      "process.on('SIGTERM',()=>{console.log('bye');process.exit(0)});console.log('up');setInterval(()=>{},1000)",
    );
    child.stdout.setEncoding("utf8");
    let said = "";
    child.stdout.on("data", (text: string) => {
      said += text;
    });
    await eventually(() => said.includes("up"));
    await child.kill(5_000);
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(said).toContain("bye");
  });

  test("kill forces after the grace, and a later call can shorten it", async () => {
    const child = await node(
      "process.on('SIGTERM',()=>{});console.log('up');setInterval(()=>{},1000)",
    );
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const slow = child.kill(60_000);
    await child.kill(50);
    await slow;
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
    expect(isRunning(child.pid)).toBe(false);
  });

  test("kill of what is gone already does nothing", async () => {
    const child = await node("");
    await child.exited;
    await child.kill();
    await child.kill();
  });

  test("writing to a child that no longer reads does not raise", async () => {
    const child = await shell("exec 0<&-; echo closed; exec sleep 30");
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.stdin.write("into the void");
    expect(await eventually(() => child.stdin.destroyed)).toBe(true);
    child.stdin.write("and again");
    expect(isRunning(child.pid)).toBe(true);
  });

  test("killAll ends every child", async () => {
    const children = await Promise.all([1, 2, 3].map(() => shell("exec sleep 30")));
    expect(processes.live()).toHaveLength(3);
    await processes.killAll();
    expect(children.map((child) => child.pid).filter(isRunning)).toEqual([]);
  });
});

describe.runIf(process.platform === "linux")("the tree", () => {
  const sleeper = "process.on('SIGTERM',()=>{});setInterval(()=>{},1000)";

  test("a child forked twice, whose parent is gone, goes with the leader", async () => {
    // Both forks stay in the group; init adopts the second.
    const child = await shell("( sleep 60 & echo $! > pid ) ; sleep 60");
    const pid = await pidIn("pid");
    expect(isRunning(pid)).toBe(true);
    await child.kill();
    expect(isRunning(pid)).toBe(false);
  });

  test("a child in a session of its own goes too, also if it ignores SIGTERM", async () => {
    writeFileSync(
      join(folder, "stray.cjs"),
      `require('fs').writeFileSync('pid',String(process.pid));${sleeper}`,
    );
    const child = await start(
      "/bin/sh",
      ["-c", `setsid "${process.execPath}" stray.cjs & sleep 60`],
      {
        PATH: process.env["PATH"] ?? "",
      },
    );
    const pid = await pidIn("pid");
    await child.kill(100);
    expect(isRunning(pid)).toBe(false);
    expect(isRunning(child.pid)).toBe(false);
  });

  test("a daemon that was seen below the leader goes too, although its parent left it", async () => {
    // The session of its own and the lost parent leave nothing in the process list that leads to it.
    const child = await shell(
      "( setsid sh -c 'echo $$ > pid; exec sleep 60' & sleep 0.6 ) ; sleep 60",
    );
    const pid = await pidIn("pid");
    expect(
      await eventually(() => parentOf(pid) === 1 || parentOf(parentOf(pid)) === 0, 3_000),
    ).toBe(true);
    await child.kill();
    expect(isRunning(pid)).toBe(false);
  });

  test("what a leader leaves behind when it ends by itself is ended as well", async () => {
    const child = await shell("sleep 60 & echo $! > pid");
    const pid = await pidIn("pid");
    await child.exited;
    expect(await eventually(() => !isRunning(pid))).toBe(true);
    expect(await eventually(() => processes.live().length === 0)).toBe(true);
  });

  test("children do not outlive a parent that exits without closing them", async () => {
    const module = pathToFileURL(join(import.meta.dirname, "process.ts")).href;
    writeFileSync(
      join(folder, "parent.mts"),
      `import { createProcesses } from ${JSON.stringify(module)};
       const child = await createProcesses().spawn({ command: "/bin/sh", args: ["-c", "sleep 60 & sleep 60"], cwd: "/", env: { PATH: "/usr/bin:/bin" } });
       console.log(child.pid);
       setTimeout(() => process.exit(0), 100);`,
    );
    const parent = spawnSync(process.execPath, ["parent.mts"], { cwd: folder, encoding: "utf8" });
    const pid = Number(parent.stdout);
    expect(pid).toBeGreaterThan(1);
    expect(await eventually(() => !isRunning(pid))).toBe(true);
  });
});

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return -1;
  }
}
