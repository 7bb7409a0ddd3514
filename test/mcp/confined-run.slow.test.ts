import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/base/json.ts";
import type { RunRequest } from "../../src/engine/create-run.ts";
import { realBubblewrap } from "../../src/sandbox/sandbox.fixture.ts";
import { runInProcess } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";
import { eventsOf, type ScriptedTurn, resultsOf, testEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";

grantTests("looks for bubblewrap, and listens for servers that must not get there", {
  spawn: true,
});

const { probed, title } = await realBubblewrap();
const script = join(import.meta.dirname, "../support/mcp-servers/looks-around.mjs");
const closing: (() => Promise<void>)[] = [];
let folder: string;
let port: number;

beforeEach(async () => {
  folder = temporaryFolder("confined-run");
  const listener = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  port = (listener.address() as AddressInfo).port;
  closing.push(() => new Promise((resolve) => listener.close(() => resolve())));
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

type Call = { readonly name: string; readonly arguments: JsonObject };

/** Runs servers that are named for the run, lets one try things, and gives what log and audit say. */
async function tries(
  request: Partial<RunRequest>,
  calls: readonly Call[],
  env: Record<string, string> = {},
  server = "looks-around",
) {
  const made = testEngine({}, undefined, env);
  closing.push(() => made.engine.close());
  const named = calls.map((call) => ({ ...call, name: `${server}__${call.name}` }));
  const turns: ScriptedTurn[] = [{ tool_calls: named }, { text: "Done." }];
  const { events, outcome } = await made.run(turns, request);
  const opening = made.engine.store.audit
    .list()
    .items.filter(({ operation }) => operation === "session/open")
    .map(({ record }) => record["effect"]);
  return {
    said: resultsOf(events).map(({ content }) => content),
    notices: eventsOf(events, "session.opened").flatMap(({ notices }) => notices),
    last: JSON.stringify(events.at(-1)),
    outcome,
    opening,
    folder: made.folder,
  };
}

const connects = (): readonly Call[] => [{ name: "connect", arguments: { port } }];
const flag = (...words: readonly string[]): Partial<RunRequest> => ({
  mcpCommands: [[process.execPath, script, ...words].join(" ")],
});

describe.skipIf(!probed.available)(`a server that is named for one run, with ${title}`, () => {
  test("has no network, sees the folders on its command line, and the audit knows", async () => {
    const outside = join(temporaryFolder("outside"), "secret");
    writeFileSync(join(folder, "note"), "hello");
    writeFileSync(outside, "canary");
    const { said, notices, opening } = await tries(flag(folder), [
      ...connects(),
      { name: "read", arguments: { path: join(folder, "note") } },
      { name: "write", arguments: { path: join(folder, "made") } },
      { name: "read", arguments: { path: outside } },
    ]);
    expect(said).toEqual(["ECONNREFUSED", "done hello", "done", "ENOENT"]);
    expect(readFileSync(join(folder, "made"), "utf8")).toBe("x");
    expect(notices.join(" ")).not.toContain("unconfined");
    expect(opening).toEqual(["write"]);
  });

  test("has a network where hosts are named for it", async () => {
    const request = { ...flag(), mcpHosts: { "looks-around": ["127.0.0.1"] } };
    expect((await tries(request, connects())).said).toEqual(["connected"]);
  });

  test("says when it cannot work what it lacks, and with which option it gets it", async () => {
    const ends = join(import.meta.dirname, "../support/mcp-servers/exits-at-start.mjs");
    const { outcome, last } = await tries(
      { mcpCommands: [`${process.execPath} ${ends}`] },
      connects(),
    );
    expect(outcome).toBe("failed");
    expect(last).toMatch(/--mcp-hosts exits-at-start=HOST.*--mcp-unconfined exits-at-start/);
  });
});

test("a server that is named as unconfined runs as it is, and log and audit say so", async () => {
  const request = { ...flag(), mcpUnconfined: ["looks-around"] };
  const { said, notices, opening } = await tries(request, connects());
  expect(said).toEqual(["connected"]);
  expect(notices).toContain("MCP server looks-around is unconfined: --mcp-unconfined names it.");
  expect(opening).toEqual(["unknown"]);
});

test("so does one where there is no bubblewrap", async () => {
  const { said, notices, opening } = await tries(flag(), connects(), { PATH: folder });
  expect(said).toEqual(["connected"]);
  expect(notices.join(" ")).toMatch(/MCP server looks-around is unconfined: .*bubblewrap/);
  expect(opening).toEqual(["unknown"]);
});

test("a choice for a server that this run has not is a mistake, with what was probably meant", async () => {
  const command = `${process.execPath} ${script}`;
  const choices = ["--mcp-hosts", "look-around=a.example", "--mcp", command];
  const { code, stderr } = await runInProcess(
    ["run", "Look.", "--model", "x:y", ...choices],
    folder,
  );
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/engine\.unknown_server.*"look-around"[^]*"looks-around"/);
  const empty = ["run", "Look.", "--mcp", command, "--mcp-hosts", "looks-around=a.example,"];
  expect(await runInProcess(empty, folder)).toMatchObject({
    code: 64,
    stderr: expect.stringContaining("names no host"),
  });
});

describe.skipIf(!probed.available)(`a server of a task, with ${title}`, () => {
  async function taskTries(network: string, calls: readonly Call[]) {
    const task = join(folder, "task");
    for (const part of ["environment", "tests"]) mkdirSync(join(task, part), { recursive: true });
    writeFileSync(join(task, "instruction.md"), "Look around.");
    writeFileSync(join(task, "tests/test.sh"), "echo canary\n");
    writeFileSync(join(task, "environment/data.txt"), "data");
    const server = `name = "scout"\ncommand = "node"\nargs = ["${script}", "."]`;
    const lines = ["[environment]", network, "[[environment.mcp_servers]]", server];
    writeFileSync(join(task, "task.toml"), lines.join("\n"));
    const request = { task: { kind: "folder", path: task, environment: "host" } } as const;
    return tries(request, calls, {}, "scout");
  }

  test("works in the scratch workspace, without a network where its task wants none", async () => {
    const { said, notices, opening } = await taskTries("allow_internet = false", [
      ...connects(),
      { name: "read", arguments: { path: "data.txt" } },
      { name: "write", arguments: { path: "made.txt" } },
      { name: "read", arguments: { path: join(folder, "task/tests/test.sh") } },
    ]);
    expect(said).toEqual(["ECONNREFUSED", "done data", "done", "ENOENT"]);
    expect(notices.join(" ")).not.toContain("unconfined");
    expect(opening).toEqual(["write"]);
  });

  test("has the network that its task declares, and by Harbor's rule all of it otherwise", async () => {
    const hosts = 'network_mode = "allowlist"\nallowed_hosts = ["127.0.0.1"]';
    expect((await taskTries(hosts, connects())).said).toEqual(["connected"]);
    expect((await taskTries("", connects())).said).toEqual(["connected"]);
    const none = 'network_mode = "allowlist"';
    expect((await taskTries(none, connects())).said).toEqual(["ECONNREFUSED"]);
  });
});

describe.skipIf(!probed.available)(`npx without a network, with ${title}`, () => {
  /** A package as npm installs it, in a folder of modules. */
  function installed(modules: string, name: string, version = "1.0.0"): void {
    const place = join(modules, name);
    mkdirSync(place, { recursive: true });
    mkdirSync(join(modules, ".bin"), { recursive: true });
    const rpc = join(import.meta.dirname, "../support/mcp-servers/rpc.mjs");
    writeFileSync(join(place, "rpc.mjs"), readFileSync(rpc));
    writeFileSync(join(place, "main.mjs"), `#!/usr/bin/env node\n${readFileSync(script, "utf8")}`);
    chmodSync(join(place, "main.mjs"), 0o755);
    const manifest = { name, version, bin: { scout: "main.mjs" } };
    writeFileSync(join(place, "package.json"), JSON.stringify(manifest));
    symlinkSync(join(place, "main.mjs"), join(modules, ".bin/scout"));
  }

  test("starts what npm has fetched before, in the words in which it was asked", async () => {
    const fetched = join(folder, "cache/_npx/0123456789abcdef");
    installed(join(fetched, "node_modules"), "@example/scout-server", "1.2.3");
    const asked = { _npx: { packages: ["@example/scout-server@latest"] } };
    writeFileSync(join(fetched, "package.json"), JSON.stringify(asked));
    const mcpCommands = [`npx -y @example/scout-server@latest ${folder}`];
    const env = { npm_config_cache: join(folder, "cache") };
    const { said } = await tries({ mcpCommands }, connects(), env, "scout");
    expect(said).toEqual(["ECONNREFUSED"]);
  });

  test("fails at once where the package would have to be fetched, and says what to do", async () => {
    const begun = performance.now();
    const env = { HOME: folder };
    const { outcome, last } = await tries(
      { mcpCommands: ["npx -y agent33-no-such"] },
      connects(),
      env,
    );
    expect(outcome).toBe("failed");
    expect(last).toMatch(/ENOTCACHED.*npx can fetch nothing.*install the package/);
    expect(performance.now() - begun).toBeLessThan(15_000);
  });
});
