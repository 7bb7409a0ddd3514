import { z } from "zod";
import { injectionLevels } from "../../base/effect.ts";
import type { McpInspection } from "../../engine.ts";
import type { McpToolReport } from "../../engine/mcp-admin.ts";
import { searchServerTools } from "../../engine/server-tools.ts";
import { errorData, errorOrNull, errorView } from "../checks-view.ts";
import { askerOf, requireInstallation } from "../installation.ts";
import { defineRoute, type Route } from "../route.ts";

const tag = "mcp";
const names = z
  .array(z.string().min(1).max(200))
  .max(100)
  .default([])
  .describe("servers by their names; all of the settings by default");

const servers = defineRoute({
  name: "listServers",
  method: "GET",
  path: "/v1/mcp/servers",
  tag,
  scope: "connectors:read",
  effect: "read",
  summary: "List the MCP servers of the settings",
  description:
    "None is started or asked. Their commands, addresses and keys stay in the settings. Logging in to one is done on the server's machine, where the page is opened that ends it.",
  answer: {
    status: 200,
    schema: z.strictObject({
      items: z.array(
        z
          .strictObject({
            name: z.string(),
            breaker: z.enum(["closed", "open", "half_open"]),
            confined: z.boolean().nullable().describe("null where it is no program"),
            problem: errorData.nullable(),
          })
          .meta({ id: "McpServer" }),
      ),
    }),
  },
  handle: async ({ engine: { inventory } }) => {
    const items = await inventory.list();
    return {
      items: items
        .filter(({ kind }) => kind === "mcp")
        .map(({ name, breaker, confined, problem }) => ({
          name,
          breaker,
          confined,
          problem: errorOrNull(problem),
        })),
    };
  },
});

const toolSchema = z
  .strictObject({
    name: z.string(),
    description: z.string(),
    effect: z.string(),
    repeat: z.string(),
    state: z.string().describe("how it stands to what was pinned"),
    injection: z
      .strictObject({ level: z.enum(injectionLevels), rules: z.array(z.string()) })
      .nullable()
      .describe("what of its description looks as if it gave a model orders"),
  })
  .meta({ id: "McpTool" });

const inspectionSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        name: z.string(),
        protocolVersion: z.string(),
        tools: z.array(toolSchema),
        gone: z.array(z.string()).describe("pinned, and not there any more"),
        notices: z.array(z.string()),
      }),
    ),
    failed: z.array(errorData.extend({ name: z.string() })),
  })
  .meta({ id: "McpInspection" });

function failures(failed: McpInspection["failed"]) {
  return failed.map(({ name, ...error }) => ({ name, ...errorView(error) }));
}

function toolView<T extends McpToolReport>(tool: T) {
  const { injection } = tool;
  return {
    ...tool,
    injection: injection === null ? null : { level: injection.level, rules: [...injection.rules] },
  };
}

function shown({ servers, failed }: McpInspection): z.input<typeof inspectionSchema> {
  const items = servers.map((server) => ({
    ...server,
    tools: server.tools.map(toolView),
    gone: [...server.gone],
    notices: [...server.notices],
  }));
  return { items, failed: failures(failed) };
}

const inspect = defineRoute({
  name: "inspectServers",
  method: "POST",
  path: "/v1/mcp/inspect",
  tag,
  scope: "connectors:write",
  effect: "write",
  summary: "Ask servers what they offer now",
  description: "Servers that are programs are started and ended.",
  body: z.strictObject({ names }),
  answer: { status: 200, schema: inspectionSchema },
  problems: [404],
  seconds: 120,
  handle: async (call) => shown(await call.engine.mcp.inspect(call.body.names, askerOf(call))),
});

const pin = defineRoute({
  name: "pinServers",
  method: "POST",
  path: "/v1/mcp/pin",
  tag,
  scope: "connectors:write",
  effect: "write",
  summary: "Take servers' tools for good as they are",
  description: "From then on a changed one asks. The lock file belongs to the installation.",
  body: z.strictObject({ names }),
  answer: { status: 200, schema: inspectionSchema },
  problems: [404],
  seconds: 120,
  handle: async (call) => {
    requireInstallation(call);
    return shown(await call.engine.mcp.pin(call.body.names, askerOf(call)));
  },
});

const search = defineRoute({
  name: "searchTools",
  method: "POST",
  path: "/v1/tools/search",
  tag: "tools",
  scope: "connectors:write",
  effect: "write",
  summary: "Find tools of servers by what they do",
  description:
    "As a run's `find_tools` ranks them. The servers are asked what they offer, and programs among them started for it.",
  body: z.strictObject({
    query: z.string().min(1).max(2_000),
    limit: z.int().min(1).max(100).default(10),
    names,
  }),
  answer: {
    status: 200,
    schema: z
      .strictObject({
        items: z.array(toolSchema.extend({ server: z.string(), score: z.number() })),
        searched: z.int(),
        failed: z.array(errorData.extend({ name: z.string() })),
      })
      .meta({ id: "FoundTools" }),
  },
  problems: [404],
  seconds: 120,
  handle: async (call) => {
    const { names: asked, ...request } = call.body;
    const found = await call.engine.mcp.inspect(asked, askerOf(call));
    const { items, searched } = searchServerTools(found, request);
    return { items: items.map(toolView), searched, failed: failures(found.failed) };
  },
});

/** MCP servers and their tools. */
export const mcpRoutes: readonly Route[] = [servers, inspect, pin, search];
