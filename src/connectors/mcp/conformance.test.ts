import { expect, onTestFinished } from "vitest";
import { fromOutside } from "../../base/outside.ts";
import { connectorConformance } from "../../../test/connectors/conformance.ts";
import { type HttpPeer, httpPeer } from "../../../test/connectors/http-peer.ts";
import { testPrincipal } from "../../../test/support/boundary.ts";
import { realBoundary } from "../../../test/support/mcp-servers/http-harness.ts";
import { toolCallSpec } from "../tool-call.ts";
import { openMcpServer } from "./connector.ts";

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

connectorConformance({
  name: "a tool of an MCP server over HTTP",
  peer,
  spec: async ({ url }) => {
    const { boundary } = realBoundary();
    const opened = await openMcpServer({
      boundary,
      server: {
        name: "peer",
        type: "http",
        url,
        headers: { authorization: token },
        tools: { echo: { effect: "read", repeat: "safe" } },
        protocol: "legacy",
      },
      principal: testPrincipal,
    });
    if (!opened.ok) throw opened.error;
    onTestFinished(() => opened.value.close());
    const [echo] = opened.value.tools;
    if (echo === undefined) throw new Error("no tool");
    return toolCallSpec(echo);
  },
  input: { a: 1 },
  good: ({ content }, { requests }) => {
    expect(content).toBe(fromOutside(["MCP server: peer"], '{"a":1}'));
    expect(requests.at(-1)?.headers.authorization).toBe(token);
  },
  secrets: [token],
});
