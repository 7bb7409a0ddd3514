import { expect, onTestFinished } from "vitest";
import { fromOutside } from "../../base/outside.ts";
import { connectorConformance } from "../../../test/connectors/conformance.ts";
import { type HttpPeer, httpPeer } from "../../../test/connectors/http-peer.ts";
import { stdioPeer } from "../../../test/connectors/stdio-peer.ts";
import { testPrincipal } from "../../../test/support/boundary.ts";
import { realBoundary } from "../../../test/support/mcp-servers/http-harness.ts";
import { toolCallSpec } from "../tool-call.ts";
import { mcpSessionSpec, openMcpServer } from "./connector.ts";
import type { McpServer, StdioMcpServer } from "./server.ts";

const token = "mcp-7d30c2f19e";

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly protocolVersion?: string; readonly arguments?: unknown };
}

const results: Readonly<Record<string, (message: Message) => unknown>> = {
  initialize: ({ params }) => ({
    protocolVersion: params?.protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "peer", version: "1" },
  }),
  "tools/list": () => ({ tools: [{ name: "echo", inputSchema: { type: "object" } }] }),
  "tools/call": ({ params }) => ({
    content: [{ type: "text", text: JSON.stringify(params?.arguments) }],
  }),
};

/** Only calls of tools go wrong and are counted: the session is opened before. */
const peer = (): Promise<HttpPeer> =>
  httpPeer(
    ({ method, body }) => {
      if (method !== "POST") return { status: 405 };
      const message = JSON.parse(body) as Message;
      if (message.id === undefined) return { status: 202 };
      const result = results[message.method ?? ""]?.(message);
      const error = { code: -32_601, message: "There is no such method." };
      const answer = result === undefined ? { error } : { result };
      return { body: JSON.stringify({ jsonrpc: "2.0", id: message.id, ...answer }) };
    },
    {},
    ({ body }) => body.includes('"tools/call"'),
  );

/** The governed call of the one tool of a server that is opened before. */
async function echoOf(server: McpServer) {
  const { boundary } = realBoundary();
  const opened = await openMcpServer({ boundary, server, principal: testPrincipal });
  if (!opened.ok) throw opened.error;
  onTestFinished(() => opened.value.close());
  const [echo] = opened.value.tools;
  if (echo === undefined) throw new Error("no tool");
  return toolCallSpec(echo);
}

const reads = { echo: { effect: "read", repeat: "safe" } } as const;
const env = { PATH: "/usr/bin:/bin", TOLD_TOKEN: token };

connectorConformance({
  name: "a tool of an MCP server over HTTP",
  peer,
  spec: ({ url }) =>
    echoOf({
      name: "peer",
      type: "http",
      url,
      headers: { authorization: token },
      tools: reads,
      protocol: "legacy",
    }),
  input: { a: 1 },
  good: ({ content }, { requests }) => {
    expect(content).toBe(fromOutside(["MCP server: peer"], '{"a":1}'));
    expect(requests.at(-1)?.headers.authorization).toBe(token);
  },
  secrets: [token],
});

const noWait = { busy: "JSON-RPC has no word for how long to wait" };

for (const [name, plan, tools] of [
  ["that reads, of an MCP server on pipes", {}, reads],
  ["that nothing is known of, of an MCP server on pipes", { babbling: true }, {}],
] as const) {
  connectorConformance({
    name: `a tool ${name}`,
    peer: () => stdioPeer(plan, { env, tools }),
    spec: ({ server }) => echoOf(server),
    input: { a: 1 },
    good: ({ content }) => expect(content).toBe(fromOutside(["MCP server: told"], '{"a":1}')),
    secrets: [token],
    cannot: noWait,
  });
}

// The server is the input too, and known only when its peer runs.
let opened: StdioMcpServer;
connectorConformance({
  name: "the opening of an MCP server on pipes",
  peer: async () => {
    const peer = await stdioPeer({ at: "initialize" }, { env, tools: reads });
    opened = peer.server;
    return peer;
  },
  spec: ({ server }) => mcpSessionSpec(server),
  get input() {
    return opened;
  },
  good: (session) => {
    onTestFinished(() => session.close());
    expect(session.list.tools.map((tool) => tool.name)).toEqual(["echo"]);
  },
  secrets: [token],
  cannot: noWait,
});
