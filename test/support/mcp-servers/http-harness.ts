import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { JsonObject } from "../../../src/base/json.ts";
import { insideOf } from "../../../src/base/outside.ts";
import type { BoundaryOptions } from "../../../src/boundary/boundary.ts";
import { createEgress } from "../../../src/boundary/egress/fetch.ts";
import type { CallOutcome } from "../../../src/boundary/types.ts";
import { openMcpServer } from "../../../src/connectors/mcp/connector.ts";
import type { McpClientFeatures } from "../../../src/connectors/mcp/features.ts";
import type { McpServerHandle } from "../../../src/connectors/mcp/handle.ts";
import type { HttpMcpServer, McpServer } from "../../../src/connectors/mcp/server.ts";
import { governed as governedTool } from "../../../src/connectors/governed-tool.ts";
import { createToolbox } from "../../../src/engine/toolbox.ts";
import { createProcesses } from "../../../src/sandbox/process.ts";
import type { Tool, ToolOutput } from "../../../src/tools/tool.ts";
import { type TestBoundary, testBoundary, testPrincipal } from "../boundary.ts";

/** A server behind a boundary with real hands, and its tools as governed calls. */
export interface GovernedServer extends TestBoundary {
  readonly handle: McpServerHandle;
  /** Of what a tool gives, what the server itself said. */
  call(
    tool: string,
    args?: JsonObject,
    more?: { readonly signal?: AbortSignal; readonly onProgress?: (message: string) => void },
  ): Promise<CallOutcome<ToolOutput>>;
}

export function httpServer(url: string, extra: Partial<HttpMcpServer> = {}): HttpMcpServer {
  return { name: "remote", type: "http", url, headers: {}, tools: {}, ...extra };
}

/** A boundary whose calls may really go out. */
export function realBoundary(options: Partial<BoundaryOptions> = {}): TestBoundary {
  const egress = createEgress();
  const processes = createProcesses();
  onTestFinished(async () => {
    expect(processes.live()).toEqual([]);
    await egress.close();
  });
  return testBoundary({ hands: { fetch: egress.fetch, spawn: processes.spawn }, ...options });
}

/** @throws the error of a server that does not open */
export async function governed(
  server: McpServer,
  options: Partial<BoundaryOptions> = {},
  features?: McpClientFeatures,
): Promise<GovernedServer> {
  const parts = realBoundary(options);
  const outcome = await openMcpServer({
    boundary: parts.boundary,
    server,
    principal: testPrincipal,
    ...(features === undefined ? {} : { features }),
  });
  if (!outcome.ok) throw outcome.error;
  const handle = outcome.value;
  onTestFinished(() => handle.close());
  const toolbox = createToolbox(parts.boundary, {
    shown: handle.tools.map((tool) => governedTool(unmarked(tool))),
    toFind: [],
  });
  return {
    ...parts,
    handle,
    call: (name, args = {}, { signal, onProgress = () => {} } = {}) => {
      const tool = handle.tools.find((one) => one.name === `${handle.name}__${name}`);
      if (tool === undefined) throw new Error(`no tool ${name}`);
      return toolbox.call(tool, args, {
        principal: testPrincipal,
        onProgress,
        ...(signal === undefined ? {} : { signal }),
      });
    },
  };
}

function unmarked(tool: Tool): Tool {
  const run: Tool["run"] = async (args, context) => {
    const output = await tool.run(args, context);
    return { ...output, content: insideOf(output.content) };
  };
  return { ...tool, run };
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

/** The reference server `everything` over HTTP, as a process of its own. */
export async function startEverything(
  port: number,
  transport: "streamableHttp" | "sse" = "streamableHttp",
): Promise<{ kill(): Promise<void> }> {
  const program = resolve(
    import.meta.dirname,
    "../../../node_modules/@modelcontextprotocol/server-everything/dist/index.js",
  );
  const child = spawn(process.execPath, [program, transport], {
    env: { PATH: process.env["PATH"], PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  onTestFinished(kill);
  // It is read to its end: a server whose words nobody reads dies of them.
  await new Promise<void>((listening) => {
    child.stderr.on("data", (chunk) => {
      if (/listening|running on port/.test(String(chunk))) listening();
    });
  });
  return { kill };
}
