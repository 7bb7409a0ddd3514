import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect } from "vitest";
import type { JsonObject } from "../../../src/base/json.ts";
import { insideOf } from "../../../src/base/outside.ts";
import type { Result } from "../../../src/base/result.ts";
import { type BoundaryError, isBoundaryError } from "../../../src/boundary/errors.ts";
import type { SpawnProcess } from "../../../src/boundary/hands.ts";
import { openMcpServer } from "../../../src/connectors/mcp/connector.ts";
import type { McpServerHandle } from "../../../src/connectors/mcp/handle.ts";
import type { McpServer, StdioMcpServer } from "../../../src/connectors/mcp/server.ts";
import { childEnvironment } from "../../../src/sandbox/child-environment.ts";
import { createProcesses, type Processes } from "../../../src/sandbox/process.ts";
import { resolveCommand } from "../../../src/sandbox/resolve-command.ts";
import type { ToolContext, ToolOutput } from "../../../src/tools/tool.ts";
import { type TestBoundary, testBoundary, testPrincipal } from "../boundary.ts";
import { isRunning } from "./process-list.ts";

const root = resolve(import.meta.dirname, "../../..");

/** Real servers behind a boundary; after each test, that nothing of them is left running. */
export interface McpHarness {
  /** A fresh folder for each test. */
  readonly folder: string;
  /** Pids of the servers started in this test. */
  readonly spawned: readonly number[];
  readonly spawn: SpawnProcess;
  /** One of the servers of this folder. */
  readonly script: (
    name: string,
    args?: readonly string[],
    extra?: Partial<StdioMcpServer>,
  ) => StdioMcpServer;
  /** The real filesystem server on this test's folder. */
  readonly filesystem: () => StdioMcpServer;
  readonly open: (
    server: McpServer,
  ) => Promise<TestBoundary & { readonly outcome: Result<McpServerHandle, BoundaryError> }>;
  readonly opened: (server: McpServer) => Promise<McpServerHandle>;
  /** The error of a server that must not open. */
  readonly refused: (server: McpServer) => Promise<BoundaryError>;
}

export function useMcpHarness(): McpHarness {
  let folder: string;
  let processes: Processes;
  let spawned: number[];
  let handles: McpServerHandle[];

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "agent33-mcp-")));
    processes = createProcesses();
    spawned = [];
    handles = [];
  });
  afterEach(async () => {
    await Promise.all(handles.map((handle) => handle.close()));
    expect(processes.live()).toEqual([]);
    expect(spawned.filter(isRunning)).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  const spawn: SpawnProcess = async (request) => {
    const child = await processes.spawn(request);
    spawned.push(child.pid);
    return child;
  };
  const open: McpHarness["open"] = async (server) => {
    const governed = testBoundary({
      hands: { spawn, fetch: () => Promise.reject(new Error("no network in this test")) },
    });
    const { boundary } = governed;
    const outcome = await openMcpServer({ boundary, server, principal: testPrincipal });
    if (outcome.ok) handles.push(outcome.value);
    return { ...governed, outcome };
  };
  return {
    get folder() {
      return folder;
    },
    get spawned() {
      return spawned;
    },
    spawn,
    script: (name, args = [], extra = {}) => ({
      name: "test",
      command: process.execPath,
      args: [join(import.meta.dirname, name), ...args],
      cwd: folder,
      env: childEnvironment({}),
      tools: {},
      ...extra,
    }),
    filesystem: () => {
      const found = resolveCommand("mcp-server-filesystem", { startFolder: root, pathEntries: [] });
      if (!found.ok) throw found.error;
      return {
        name: "filesystem",
        command: found.value,
        args: [folder],
        cwd: folder,
        env: childEnvironment({ HOME: folder }),
        tools: {
          read_text_file: { effect: "read", repeat: "safe" },
          write_file: { effect: "write" },
        },
      };
    },
    open,
    opened: async (server) => {
      const { outcome } = await open(server);
      if (!outcome.ok) throw outcome.error;
      return outcome.value;
    },
    refused: async (server) => {
      const { outcome } = await open(server);
      if (outcome.ok) throw new Error("the server opened");
      return outcome.error;
    },
  };
}

export function callContext(signal = new AbortController().signal): ToolContext {
  return { signal, idempotencyKey: "key-1", progress: () => {} };
}

/** Runs a tool by the name that the server gives it; of its result, what the server itself said. */
export async function call(
  handle: McpServerHandle,
  tool: string,
  args: JsonObject = {},
  signal?: AbortSignal,
): Promise<ToolOutput> {
  const found = handle.tools.find((candidate) => candidate.name === `${handle.name}__${tool}`);
  if (found === undefined) throw new Error(`no tool ${tool}`);
  const output = await found.run(args, callContext(signal));
  const said = insideOf(output.content);
  // Whatever a server says has to be marked as that.
  if (said === output.content && said !== "") throw new Error(`not marked: ${said}`);
  return { ...output, content: said };
}

/** The error of a call that must fail. */
export async function failedCall(...args: Parameters<typeof call>): Promise<BoundaryError> {
  const error: unknown = await call(...args).then(
    () => new Error("the call succeeded"),
    (thrown: unknown) => thrown,
  );
  if (!isBoundaryError(error)) throw error;
  return error;
}
