import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
  existsSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { eventually } from "../../test/support/mcp-servers/process-list.ts";
import type { SpawnedProcess } from "../boundary/hands.ts";
import { processesWith } from "./bwrap.fixture.ts";
import { type ConfinedRequest, createConfinedSpawn } from "./confined-spawn.ts";
import { makeWorkspace, processes, realBubblewrap } from "./sandbox.fixture.ts";

grantTests("runs servers in bubblewrap, and listens for those that must not reach it", {
  spawn: true,
});

const { probed, title } = await realBubblewrap();
const spawnConfined = createConfinedSpawn({ spawn: processes.spawn });
const modules = realpathSync(join(import.meta.dirname, "../../node_modules"));
const fileServer = join(modules, "@modelcontextprotocol/server-filesystem/dist/index.js");

let workspace: string;
let outside: string;
beforeEach(() => {
  workspace = makeWorkspace(true);
  outside = makeWorkspace(true);
  writeFileSync(join(outside, "secret"), "canary-91ab", { mode: 0o644 });
});
afterEach(async () => {
  expect(processes.live()).toEqual([]);
  rmSync(workspace, { recursive: true });
  rmSync(outside, { recursive: true });
});

/** Collects what a program writes, and ends it. */
async function outputOf(child: SpawnedProcess): Promise<{
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}> {
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const { code } = await child.exited;
  await child.kill(0);
  return { stdout, stderr, code };
}

const node = (script: string, extras: Partial<ConfinedRequest> = {}): Promise<SpawnedProcess> => {
  writeFileSync(join(workspace, "program.cjs"), script, { mode: 0o666 });
  return spawnConfined({
    command: "node",
    args: ["program.cjs"],
    cwd: workspace,
    env: {},
    ...extras,
    readOnly: [
      ...(extras.readOnly ?? []),
      ...(extras.writable?.includes(workspace) === true ? [] : [workspace]),
    ],
  });
};

/** A client of one server that asks one thing after the other (JSON-RPC, a message a line). */
function clientOf(child: SpawnedProcess) {
  let text = "";
  let id = 0;
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const send = (message: object): boolean =>
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const ask = async (method: string, params: object = {}): Promise<string> => {
    id += 1;
    send({ id, method, params });
    const line = (): string | undefined =>
      text
        .split("\n")
        .slice(0, -1)
        .find((one) => one.includes(`"id":${id}`));
    expect(await eventually(() => line() !== undefined, 15_000)).toBe(true);
    return line() ?? "";
  };
  return { send, ask };
}

describe.skipIf(!probed.available)(title, () => {
  test("a real MCP server works in its folder, and files outside are not there", async () => {
    writeFileSync(join(workspace, "note.txt"), "hello from inside");
    const child = await spawnConfined({
      command: "node",
      args: [fileServer, workspace],
      cwd: workspace,
      env: {},
      writable: [workspace],
      readOnly: [modules],
    });
    const { ask, send } = clientOf(child);
    const hello = await ask("initialize", {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "test", version: "0" },
    });
    expect(hello).toContain("serverInfo");
    send({ method: "notifications/initialized" });
    expect(await ask("tools/list")).toContain("read_text_file");
    const call = (name: string, args: object): Promise<string> =>
      ask("tools/call", { name, arguments: args });
    expect(await call("read_text_file", { path: join(workspace, "note.txt") })).toContain(
      "hello from inside",
    );
    await call("write_file", { path: join(workspace, "made.txt"), content: "made" });
    expect(existsSync(join(workspace, "made.txt"))).toBe(true);
    const denied = await call("read_text_file", { path: join(outside, "secret") });
    expect(denied).not.toContain("canary-91ab");
    await child.kill();
  });

  test("opens no socket to this machine or any other, unless it is given the network", async () => {
    let reached = 0;
    const server: Server = createServer((socket) => {
      reached += 1;
      socket.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const script = `const s = require("node:net").connect(${port}, "127.0.0.1");
      s.on("connect", () => { console.log("connected"); process.exit(); });
      s.on("error", (e) => { console.log(e.code); process.exit(); });`;
    expect((await outputOf(await node(script))).stdout).toBe("ECONNREFUSED\n");
    expect(reached).toBe(0);
    expect((await outputOf(await node(script, { network: "host" }))).stdout).toBe("connected\n");
    expect(await eventually(() => reached === 1)).toBe(true);
    server.close();
  });

  test("sees nothing of a hidden folder within its own, and can put nothing there", async () => {
    const secrets = join(workspace, ".kept");
    mkdirSync(secrets, { mode: 0o777 });
    writeFileSync(join(secrets, "secret"), "canary-77fe", { mode: 0o644 });
    const script = `const fs = require("node:fs");
      console.log(fs.readdirSync(".kept").length);
      try { fs.writeFileSync(".kept/x", ""); } catch (e) { console.log(e.code); }`;
    const request = { writable: [workspace], hidden: [secrets, outside] };
    expect((await outputOf(await node(script, request))).stdout).toBe("0\nEROFS\n");
    expect(existsSync(join(secrets, "secret"))).toBe(true);
  });

  test("sees its folders and nothing beside them; only those to be written can be", async () => {
    const shelf = makeWorkspace();
    writeFileSync(join(shelf, "book"), "read me");
    mkdirSync(join(workspace, "data"), { mode: 0o777 });
    const script = `const fs = require("node:fs");
      const tries = {
        book: () => fs.readFileSync(${JSON.stringify(join(shelf, "book"))}, "utf8"),
        shelf: () => fs.writeFileSync(${JSON.stringify(join(shelf, "x"))}, ""),
        cwd: () => fs.writeFileSync("x", ""),
        data: () => fs.writeFileSync("data/x", ""),
        secret: () => fs.readFileSync(${JSON.stringify(join(outside, "secret"))}, "utf8"),
        shadow: () => fs.readFileSync("/etc/shadow", "utf8"),
        root: () => fs.readdirSync("/root"),
      };
      for (const [name, work] of Object.entries(tries)) {
        try { console.log(name, work() ?? "done"); } catch (e) { console.log(name, e.code); }
      }`;
    const request = { writable: [join(workspace, "data")], readOnly: [shelf] };
    const { stdout } = await outputOf(await node(script, request));
    rmSync(shelf, { recursive: true });
    expect(stdout.trim().split("\n")).toEqual([
      "book read me",
      "shelf EROFS",
      "cwd EROFS",
      "data done",
      "secret ENOENT",
      "shadow ENOENT",
      "root ENOENT",
    ]);
  });

  test("gets the environment that it is given, and none of ours", async () => {
    process.env["AGENT33_TEST_CANARY"] = "canary-91ab";
    const env = { TOKEN: "given", HOME: "/root", TMPDIR: workspace, PATH: "/usr/bin" };
    const script = `const fs = require("node:fs");
      console.log(JSON.stringify([process.env, fs.readFileSync("/proc/1/environ", "utf8")]));`;
    const { stdout } = await outputOf(await node(script, { env }));
    delete process.env["AGENT33_TEST_CANARY"];
    const [inside, first] = JSON.parse(stdout);
    expect(inside).toMatchObject({
      TOKEN: "given",
      HOME: "/tmp",
      TMPDIR: workspace,
      PATH: "/opt/node/bin:/usr/bin",
    });
    expect(first).toBe("");
    expect(stdout).not.toContain("canary");
  });

  test("speaks through its three pipes, with nothing of the sandbox among its errors", async () => {
    const child = await node(
      `process.stdin.on("data", (d) => { process.stdout.write("out:" + d); process.stderr.write("err:" + d); })
         .on("end", () => process.exit(5));`,
    );
    const output = outputOf(child);
    child.stdin.write("one\n");
    child.stdin.end();
    expect(await output).toEqual({ stdout: "out:one\n", stderr: "err:one\n", code: 5 });
  });

  test("ends with all that it started when it is killed, daemons that ignore signals too", async () => {
    const marker = `agent33-confined-${process.pid}`;
    const stubborn = `trap : TERM HUP; while :; do sleep 0.1; done; : ${marker}`;
    const child = await spawnConfined({
      command: "sh",
      args: ["-c", `for n in 1 2 3; do setsid sh -c '${stubborn}' & done; ${stubborn}`],
      cwd: workspace,
      env: {},
    });
    expect(await eventually(() => processesWith(marker).length >= 4)).toBe(true);
    await child.kill();
    expect(processesWith(marker)).toEqual([]);
  });

  test("that leaves by itself leaves nothing behind", async () => {
    const marker = `agent33-left-${process.pid}`;
    const child = await spawnConfined({
      command: "sh",
      args: ["-c", `setsid sh -c 'while :; do sleep 0.1; done; : ${marker}' & sleep 0.3; exit 4`],
      cwd: workspace,
      env: {},
    });
    expect(await outputOf(child)).toMatchObject({ code: 4 });
    expect(processesWith(marker)).toEqual([]);
  });
});

describe.skipIf(!probed.available)(`what is said of a confined process, with ${title}`, () => {
  const spawned = async (writable: string, hidden: readonly string[] = []) => {
    const request = { command: "true", args: [], cwd: writable, env: {} };
    const child = await spawnConfined({ ...request, writable: [writable], hidden });
    await outputOf(child);
    return child.notices.join("\n");
  };

  test("is that it runs as root, where the tests do and nobody else can read its folder", async () => {
    const shut = makeWorkspace();
    const notices = await spawned(shut);
    rmSync(shut, { recursive: true });
    if (process.getuid?.() === 0) expect(notices).toContain("run as root, because");
    else expect(notices).toBe("");
  });

  test("is nothing where there is nothing to say", async () => {
    expect(await spawned(workspace)).toBe("");
  });

  test("is what was made in its folder so that it cannot make it, once", async () => {
    const place = join(workspace, "agent33.lock.yaml");
    const there = join(workspace, "there");
    writeFileSync(there, "mine");
    // Where the tests run as root, the program is nobody, if nobody can work in its folder.
    chmodSync(there, 0o666);
    const hidden = [place, there, join(workspace, "absent/file"), join(outside, "elsewhere")];
    expect(await spawned(workspace, hidden)).toBe(
      `${place} was made, empty, so that no confined program can make it.`,
    );
    expect(readFileSync(place, "utf8")).toBe("");
    expect(readFileSync(there, "utf8")).toBe("mine");
    expect(existsSync(join(outside, "elsewhere"))).toBe(false);
    expect(await spawned(workspace, hidden)).toBe("");
    const agents = join(workspace, "agents");
    expect(await spawned(workspace, [agents])).toContain(`${agents} was made, empty`);
    expect(readdirSync(agents)).toEqual([]);
  });
});

describe("a confined process that cannot be had", () => {
  const refused = (script: string): Promise<unknown> => {
    // Where the tests run as root, it is started as nobody.
    const command = join(outside, "bwrap");
    if (script !== "") writeFileSync(command, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return createConfinedSpawn({ spawn: processes.spawn, command })({
      command: "true",
      args: [],
      cwd: workspace,
      env: {},
    });
  };

  test.each([
    ["", "bubblewrap is not installed"],
    [`echo "bwrap: No permissions to create a new namespace" >&2; exit 1`, "create namespaces"],
    ["exit 0", "exit code 0"],
  ])("is an error that says why, and nothing runs: %j", async (script, says) => {
    await expect(refused(script)).rejects.toMatchObject({
      code: "sandbox.unavailable",
      message: expect.stringContaining(says),
    });
  });

  test("refuses a folder that must not be shown", async () => {
    const request = { command: "true", args: [], cwd: workspace, env: {}, writable: ["/etc"] };
    await expect(spawnConfined(request)).rejects.toMatchObject({ code: "sandbox.folder_refused" });
  });
});
