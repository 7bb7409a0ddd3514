import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import { toJsonValue } from "../../base/json.ts";
import { suggestName } from "../../base/nearest.ts";
import { listAgents } from "../../engine.ts";
import { checkAgentText } from "../../engine/agents.ts";
import { errorData, errorView } from "../checks-view.ts";
import { callersConfig } from "../installation.ts";
import { jsonValue } from "../input.ts";
import { shownAs } from "../placeless.ts";
import { defineRoute, type Route } from "../route.ts";

const tag = "agents";
const definition = z.record(z.string(), jsonValue).describe("as docs/reference/agent.schema.json");

const versions = defineRoute({
  name: "listVersions",
  method: "GET",
  path: "/v1/agents/{name}/versions",
  tag,
  scope: "agents:read",
  effect: "read",
  summary: "List the versions of an agent's definition",
  params: z.strictObject({ name: z.string().min(1).max(200) }),
  answer: {
    status: 200,
    schema: z.strictObject({
      items: z.array(
        z
          .strictObject({
            name: z.string(),
            version: z.string(),
            digest: z.string(),
            isNewest: z.boolean().describe("whether the name alone means this one"),
            changedSince: z
              .string()
              .nullable()
              .describe("a run that used another definition under this name and version"),
            definition,
          })
          .meta({ id: "AgentVersion" }),
      ),
    }),
  },
  problems: [404, 422],
  handle: (call) => {
    const { agents } = listAgents(callersConfig(call), call.host, call.engine.store.runs);
    const found = agents.filter(({ agent }) => agent.name === call.params.name);
    if (found.length === 0) {
      throw new Agent33Error("agents.unknown", `There is no agent "${call.params.name}".`, {
        hint: suggestName(
          call.params.name,
          agents.map(({ agent }) => agent.name),
        ),
      });
    }
    return {
      items: found.map(({ agent, digest, isNewest, changedSince }) => ({
        name: agent.name,
        version: agent.version,
        digest,
        isNewest,
        changedSince,
        definition: toJsonValue(agent) as z.input<typeof definition>,
      })),
    };
  },
});

const validate = defineRoute({
  name: "validateAgent",
  method: "POST",
  path: "/v1/agents/validate",
  tag,
  scope: "agents:read",
  effect: "read",
  summary: "See whether a definition is one",
  description: "With all that is wrong, each with its line. Nothing is kept.",
  body: z.strictObject({
    definition: z
      .union([z.string().min(1).max(1_000_000), definition])
      .describe("YAML as a text, or the definition itself"),
  }),
  answer: {
    status: 200,
    schema: z
      .strictObject({
        ok: z.boolean(),
        digest: z.string().nullable(),
        definition: definition.nullable().describe("with what it leaves out"),
        problems: z.array(errorData),
      })
      .meta({ id: "AgentCheck" }),
  },
  handle: (call) => {
    const { definition: given } = call.body;
    const text = typeof given === "string" ? given : JSON.stringify(given);
    const { agents, broken } = checkAgentText(text, callersConfig(call), call.host);
    const [first] = agents;
    const problems = broken.map(({ error }) => errorView(error.toJSON()));
    return {
      ok: broken.length === 0,
      digest: first?.digest ?? null,
      definition:
        first === undefined ? null : (toJsonValue(first.agent) as z.input<typeof definition>),
      problems: shownAs(z.array(errorData), problems, call.host),
    };
  },
});

/** Definitions of agents: which there are, and whether one is good. */
export const agentDefinitionRoutes: readonly Route[] = [versions, validate];
