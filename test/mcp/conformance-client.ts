/**
 * The client that the MCP conformance suite tries: one server opened and used through our own
 * connector, boundary and egress. Started by the suite with the server's address as its argument.
 */
import { z } from "zod";
import type { JsonObject, JsonValue } from "../../src/base/json.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { createEgress } from "../../src/boundary/egress/fetch.ts";
import { openMcpServer } from "../../src/connectors/mcp/connector.ts";
import type { OAuthLogin, OAuthPerson, OAuthState } from "../../src/connectors/mcp/oauth.ts";
import { governed } from "../../src/connectors/governed-tool.ts";
import { createToolbox } from "../../src/engine/toolbox.ts";
import { loopback, testGrant } from "../support/egress.ts";
import { answering } from "../support/mcp-servers/person.ts";
import { testBoundary, testPrincipal } from "../support/boundary.ts";

const contextSchema = z.looseObject({
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  toolCalls: z
    .array(z.object({ name: z.string(), arguments: z.record(z.string(), z.json()) }))
    .optional(),
});

const url = process.argv.at(-1) ?? "";
const scenario = process.env["MCP_CONFORMANCE_SCENARIO"] ?? "";
const context = contextSchema.parse(JSON.parse(process.env["MCP_CONFORMANCE_CONTEXT"] ?? "{}"));

/** Stands for a browser and a person who agrees: follows the page's redirect to its end. */
const person: OAuthPerson = {
  redirectUrl: "http://localhost:3000/callback",
  authorize: async (page) => {
    const browser = testGrant("stands for the person's browser", { connect: loopback });
    const response = await browser.run(() => fetch(page, { redirect: "manual" }));
    return new URL(response.headers.get("location") ?? "").searchParams;
  },
};

function memoryLogin(): OAuthLogin {
  let kept: OAuthState = { clients: {}, tokens: {} };
  const { client_id: clientId, client_secret: clientSecret } = context;
  return {
    settings: {
      clientMetadataUrl: "https://conformance-test.local/client-metadata.json",
      ...(clientId === undefined ? {} : { clientId }),
      ...(clientSecret === undefined ? {} : { clientSecret }),
      ...(scenario === "auth/client-credentials-basic" ? { grant: "client_credentials" } : {}),
    },
    keep: {
      read: () => kept,
      write: (state) => {
        kept = state;
      },
    },
    person,
    unguessable: uuidv7Source(systemClock, systemRandom),
  };
}

/** Something that fits a schema, for tools about which the scenario says nothing. */
function exampleOf(schema: JsonValue | undefined): JsonValue {
  const parsed = z
    .looseObject({
      type: z.string().optional(),
      properties: z.record(z.string(), z.json()).optional(),
    })
    .safeParse(schema);
  if (!parsed.success) return "text";
  const { type, properties = {} } = parsed.data;
  if (type === "object") {
    return Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [name, exampleOf(inner)]),
    );
  }
  return type === "number" || type === "integer" ? 3 : type === "boolean" ? true : "text";
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const egress = createEgress();
const { boundary } = testBoundary({
  hands: { fetch: egress.fetch, spawn: () => Promise.reject(new Error("no programs here")) },
});
const opened = await openMcpServer({
  boundary,
  server: { name: "suite", type: "http", url, headers: {}, tools: {}, startTimeoutMs: 25_000 },
  principal: testPrincipal,
  login: memoryLogin(),
  features: {
    person: answering({}),
    sample: async () => ({
      role: "assistant",
      model: "none",
      content: { type: "text", text: "Four." },
    }),
  },
});
if (!opened.ok) throw opened.error;
const handle = opened.value;
const toolbox = createToolbox(boundary, { shown: handle.tools.map(governed), toFind: [] });
/** That scenario wants to have back what a model would be shown of its first tool. */
const echoed =
  scenario === "json-schema-2020-12-preservation"
    ? [{ name: "json_schema_echo", arguments: { schema: handle.tools[0]?.inputSchema ?? {} } }]
    : undefined;
const calls =
  context.toolCalls ??
  echoed ??
  handle.listed.map(({ name, inputSchema }) => ({
    name,
    arguments: exampleOf(inputSchema) as JsonObject,
  }));
for (const { name, arguments: args } of calls) {
  const tool = handle.tools[handle.listed.findIndex((listed) => listed.name === name)];
  if (tool === undefined) {
    say(`${name} is not offered`);
    continue;
  }
  const outcome = await toolbox.call(tool, args as JsonObject, {
    principal: testPrincipal,
    onProgress: say,
  });
  say(`${name}: ${outcome.ok ? outcome.value.content : outcome.error.message}`);
}
for (const notice of handle.notices) say(notice);
await handle.close();
await egress.close();
