import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/base/json.ts";
import { grantTests } from "../support/egress.ts";
import { eventsOf, resultsOf, testEngine } from "../support/engine.ts";
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
    said: resultsOf(events).map(({ content }) => content),
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
    expect(resultsOf(events).map(({ content }) => content)).toEqual(["ENOENT"]);
  });
});

test.skipIf(!probed.available)(
  `the bubblewrap on PATH is the one that servers run in, with ${title}`,
  async () => {
    const mark = join(folder, "mark");
    const programs = join(folder, "bin");
    mkdirSync(programs);
    writeFileSync(mark, "");
    // Root leaves its rights before it starts it.
    for (const place of [folder, programs, mark]) chmodSync(place, 0o777);
    const wrapper = `#!/bin/sh\necho "$@" >> ${mark}\nexec /usr/bin/bwrap "$@"\n`;
    writeFileSync(join(programs, "bwrap"), wrapper);
    chmodSync(join(programs, "bwrap"), 0o755);
    const path = `${programs}:${process.env["PATH"] ?? ""}`;
    const { said } = await tries({}, [{ name: "connect", arguments: { port } }], { PATH: path });
    expect(said).toEqual(["ECONNREFUSED"]);
    expect(readFileSync(mark, "utf8")).toContain(script);
  },
);

describe.skipIf(!probed.available)(`a server that cannot work, with ${title}`, () => {
  const noticesOf = async (settings: JsonObject): Promise<string> =>
    (await tries(settings, [{ name: "read", arguments: { path: folder } }])).notices.join("\n");

  test("is left out with what it is not shown, and how that is given to it", async () => {
    const notices = await noticesOf({ args: ["-e", "process.exit(3)"] });
    expect(notices).toMatch(/code 3.*without a network.*`hosts`.*`readOnly`.*confine: false/);
  });

  test("is no fault of the engine's where its settings name a folder that is not there", async () => {
    const notices = await noticesOf({ args: [script], readOnly: ["nowhere"] });
    expect(notices).toMatch(/boundary\.transport: .*nowhere.*does not exist/);
  });
});

describe.skipIf(!probed.available)(`what the engine trusts, with ${title}`, () => {
  /** A folder with settings in which a server is told of the whole folder. */
  async function told(args: readonly string[], settings: JsonObject, paths: readonly string[]) {
    const config = join(folder, "agent33.config.yaml");
    writeFileSync(config, "limits: { maxSteps: 7 }\n");
    writeFileSync(join(folder, "agent33.lock.yaml"), "version: 1\nservers: {}\n");
    writeFileSync(join(folder, ".env"), "canary");
    const scout = { command: process.execPath, args: [script, ...args], ...settings };
    const made = testEngine({ mcpServers: { scout } }, folder);
    closing.push(() => made.engine.close());
    const calls = paths.flatMap((name) =>
      ["read", "write"].map((tool) => ({
        name: `scout__${tool}`,
        arguments: { path: join(folder, name) },
      })),
    );
    const task = { kind: "text", text: "Look.", workspace: undefined } as const;
    const { events } = await made.run([{ tool_calls: calls }, { text: "Done." }], { task });
    expect(readFileSync(config, "utf8")).toContain("maxSteps: 7");
    return resultsOf(events).map(({ content }) => content);
  }

  test("is neither read nor changed by a server that is given the folder that it lies in", async () => {
    const said = await told(["."], {}, ["agent33.config.yaml", "agent33.lock.yaml", "mine"]);
    expect(said.slice(0, 4)).not.toContainEqual(expect.stringContaining("done"));
    expect(said.slice(4)).toEqual(["ENOENT", "done"]);
  });

  test("and is not there yet is made empty, so that no such server can make it", async () => {
    const server = { command: process.execPath, args: [script, "."] };
    const made = testEngine({ mcpServers: { scout: server } }, folder);
    closing.push(() => made.engine.close());
    const places = ["agent33.lock.yaml", "agent33.config.yaml"].map((name) => join(folder, name));
    const forges = places.map((path) => ({ name: "scout__write", arguments: { path } }));
    const agent = { path: join(folder, "agents/forged.yaml") };
    forges.push({ name: "scout__write", arguments: agent });
    const note = { name: "scout__write", arguments: { path: join(folder, "note") } };
    const turns = [{ tool_calls: [...forges, note] }, { text: "Done." }];
    const { events } = await made.run(turns);
    const said = resultsOf(events).map(({ content }) => content);
    expect(said.slice(0, 3)).not.toContainEqual(expect.stringContaining("done"));
    expect(said[3]).toBe("done");
    expect(places.map((path) => readFileSync(path, "utf8"))).toEqual(["", ""]);
    const notices = eventsOf(events, "session.opened").flatMap((opened) => opened.notices);
    for (const path of places) expect(notices.join("\n")).toContain(`${path} was made, empty`);
    const [finished] = eventsOf(events, "run.finished");
    expect(finished?.filesChanged.map(({ path }) => path)).toEqual(["note"]);
    const again = testEngine({ mcpServers: { scout: server } }, folder);
    closing.push(() => again.engine.close());
    expect((await again.run([{ text: "Done." }])).outcome).toBe("unverified");
  });

  test("lies where a server starts, which sees nothing of that by itself", async () => {
    expect(await told([], {}, [".env", "agent33.config.yaml"])).not.toContainEqual(
      expect.stringContaining("done canary"),
    );
  });

  test("stays hidden in a folder that a server is to start in and may read", async () => {
    const said = await told([], { cwd: folder }, [".env", "agent33.config.yaml"]);
    expect(said[0]).toBe("done canary");
    expect(said.slice(1)).not.toContainEqual(expect.stringContaining("done"));
  });

  test("a folder is written by the name that its settings give from where they are", async () => {
    mkdirSync(join(folder, "notes"));
    expect(await told(["notes"], {}, ["notes/a"])).toEqual(["ENOENT", "done"]);
  });
});

test.skipIf(!probed.available)(
  `a run's workspace is there even within the engine's data, with ${title}`,
  async () => {
    const server = { command: process.execPath, args: [script, "."] };
    const made = testEngine({ mcpServers: { scout: server } }, folder);
    closing.push(() => made.engine.close());
    const workspace = join(made.engine.dataDir, "runs/mine");
    mkdirSync(workspace, { recursive: true });
    const { events } = await made.run(
      [
        {
          tool_calls: [join(workspace, "made"), join(made.engine.dataDir, "forged")].map(
            (path) => ({
              name: "scout__write",
              arguments: { path },
            }),
          ),
        },
        { text: "Done." },
      ],
      { task: { kind: "text", text: "Look.", workspace } },
    );
    const said = resultsOf(events).map(({ content }) => content);
    expect(said).toEqual(["done", "EROFS"]);
    expect(readFileSync(join(workspace, "made"), "utf8")).toBe("x");
  },
);

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
