import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/base/json.ts";
import { grantTests } from "../support/egress.ts";
import { eventsOf, testEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { realBubblewrap } from "../../src/sandbox/sandbox.fixture.ts";

grantTests("looks for bubblewrap, and listens for servers that must not get there", {
  spawn: true,
});

const { probed, title } = await realBubblewrap();
const script = join(import.meta.dirname, "../support/mcp-servers/looks-around.mjs");
const closing: (() => Promise<void>)[] = [];
let folder: string;
let port: number;

beforeEach(async () => {
  folder = temporaryFolder("confined");
  const listener = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  port = (listener.address() as AddressInfo).port;
  closing.push(() => new Promise((resolve) => listener.close(() => resolve())));
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Lets a server of the settings try things, and gives what it said and the engine's audit. */
async function tries(
  settings: JsonObject,
  calls: readonly { readonly name: string; readonly arguments: JsonObject }[],
  env: Record<string, string> = {},
) {
  const server = { command: process.execPath, args: [script, folder], ...settings };
  const made = testEngine({ mcpServers: { scout: server } }, undefined, env);
  closing.push(() => made.engine.close());
  const { events } = await made.run([
    { tool_calls: calls.map((call) => ({ ...call, name: `scout__${call.name}` })) },
    { text: "Done." },
  ]);
  const opening = made.engine.store.audit
    .list()
    .items.filter(({ operation }) => operation === "session/open")
    .map(({ record }) => record["effect"]);
  return {
    said: eventsOf(events, "tool.completed").map(({ content }) => content),
    notices: eventsOf(events, "session.opened").flatMap(({ notices }) => notices),
    opening,
    dataDir: made.engine.dataDir,
  };
}

describe.skipIf(!probed.available)(`a server of the settings, with ${title}`, () => {
  test("has no network, sees its own folders, and the audit knows what it may do", async () => {
    const inside = join(folder, "note");
    const outside = join(temporaryFolder("outside"), "secret");
    writeFileSync(inside, "hello");
    writeFileSync(outside, "canary");
    const { said, notices, opening } = await tries({}, [
      { name: "connect", arguments: { port } },
      { name: "read", arguments: { path: inside } },
      { name: "write", arguments: { path: join(folder, "made") } },
      { name: "read", arguments: { path: outside } },
    ]);
    expect(said).toEqual(["ECONNREFUSED", "done hello", "done", "ENOENT"]);
    expect(readFileSync(join(folder, "made"), "utf8")).toBe("x");
    expect(notices.join(" ")).not.toContain("unconfined");
    expect(opening).toEqual(["write"]);
  });

  test("has a network where its settings name hosts", async () => {
    const { said } = await tries({ hosts: ["127.0.0.1"] }, [
      { name: "connect", arguments: { port } },
    ]);
    expect(said).toEqual(["connected"]);
  });

  test("never sees the engine's own data, whatever folder it is given", async () => {
    const kept = join(folder, "kept");
    const server = { command: process.execPath, args: [script, folder] };
    const made = testEngine({ mcpServers: { scout: server }, data: kept });
    closing.push(() => made.engine.close());
    const store = join(made.engine.dataDir, "agent33.db");
    expect(existsSync(store)).toBe(true);
    const { events } = await made.run([
      { tool_calls: [{ name: "scout__read", arguments: { path: store } }] },
      { text: "Done." },
    ]);
    expect(eventsOf(events, "tool.completed").map(({ content }) => content)).toEqual(["ENOENT"]);
  });
});

test("a server that is not to be confined runs as it is, and log and audit say so", async () => {
  const { said, notices, opening } = await tries({ confine: false }, [
    { name: "connect", arguments: { port } },
  ]);
  expect(said).toEqual(["connected"]);
  expect(notices).toContain("MCP server scout is unconfined: its setting confine is false.");
  expect(opening).toEqual(["unknown"]);
});

test("so does one where there is no bubblewrap, with what to do about it", async () => {
  const { said, notices } = await tries({}, [{ name: "connect", arguments: { port } }], {
    PATH: folder,
  });
  expect(said).toEqual(["connected"]);
  expect(notices.join(" ")).toMatch(/MCP server scout is unconfined: .*bubblewrap/);
});
