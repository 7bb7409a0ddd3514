import { basename } from "node:path";
import { z } from "zod";
import { listAgents, readAgent } from "../../engine.ts";
import { runResult } from "../../engine/run-result.ts";
import { inBackground } from "../background.ts";
import { jsonValue } from "../input.ts";
import { type Call, defineRoute, type Route } from "../route.ts";
import { runRequest, workspaceOf } from "../run-request.ts";
import { agentName, askFields, workFields } from "../runs-view.ts";

const tag = "agents";

const params = z.strictObject({ name: agentName.describe("name or name@version") });

const definitionSchema = z
  .record(z.string(), jsonValue)
  .describe("as docs/reference/agent.schema.json has it")
  .meta({ id: "AgentDefinition" });

const list = defineRoute({
  name: "listAgents",
  method: "GET",
  path: "/v1/agents",
  tag,
  scope: "agents:read",
  effect: "read",
  summary: "List agent definitions, each version of them",
  answer: {
    status: 200,
    schema: z.strictObject({
      items: z.array(
        z.strictObject({
          name: z.string(),
          version: z.string(),
          role: z.string(),
          digest: z.string(),
          isNewest: z.boolean().describe("whether its name alone means it"),
          changedSince: z
            .string()
            .nullable()
            .describe("a run that used another definition under this name and version"),
        }),
      ),
      broken: z.array(z.strictObject({ file: z.string(), code: z.string() })),
    }),
  },
  handle: ({ config, host, engine }) => {
    const { agents, broken } = listAgents(config, host, engine.store.runs);
    return {
      items: agents.map(({ agent, digest, isNewest, changedSince }) => ({
        name: agent.name,
        version: agent.version,
        role: agent.role,
        digest,
        isNewest,
        changedSince,
      })),
      // Where it lies on the server is the server's own affair.
      broken: broken.map(({ file, error }) => ({ file: basename(file), code: error.code })),
    };
  },
});

const show = defineRoute({
  name: "showAgent",
  method: "GET",
  path: "/v1/agents/{name}",
  tag,
  scope: "agents:read",
  effect: "read",
  summary: "Look at an agent's definition, with what it leaves out",
  params,
  answer: {
    status: 200,
    schema: z.strictObject({ digest: z.string(), agent: definitionSchema }),
  },
  problems: [404, 422],
  handle: ({ config, host, params: { name } }) => {
    const { agent, digest } = readAgent(name, config, host);
    return { digest, agent: JSON.parse(JSON.stringify(agent)) };
  },
});

const inputFields = {
  inputs: z
    .record(z.string(), jsonValue)
    .default({})
    .describe("what the agent's definition says that it takes"),
  waitSeconds: z
    .int()
    .min(0)
    .max(600)
    .default(120)
    .describe("seconds that the answer is waited for; the run goes on after them"),
  ...askFields,
};
const onceBody = z.strictObject(inputFields);
const iterativeBody = z.strictObject({ ...inputFields, ...workFields });

const resultSchema = z
  .strictObject({
    run: z.string(),
    outcome: z
      .string()
      .nullable()
      .describe("how the run ended; `parked` waits for a person, null goes on"),
    output: jsonValue.describe("what the agent answered; null where there is no answer"),
    effort: z.record(z.string(), jsonValue).nullable(),
    totals: z.record(z.string(), jsonValue).nullable(),
    attempts: jsonValue,
  })
  .meta({ id: "InvokeResult" });

/** Seconds besides those that a caller may wait for. */
const spareSeconds = 30;

const invoke = defineRoute({
  name: "invokeAgent",
  method: "POST",
  path: "/v1/agents/{name}/invoke",
  tag,
  scope: "agents:invoke",
  effect: "write",
  summary: "Ask an agent once, as a function from JSON to JSON",
  description: "It has one turn, without tools. What it did is the log of the run.",
  params,
  body: onceBody,
  answer: { status: 200, schema: resultSchema },
  problems: [404, 422],
  seconds: 600 + spareSeconds,
  handle: (call) => invoked(call, "once", undefined),
});

const invokeIterative = defineRoute({
  name: "invokeAgentIteratively",
  method: "POST",
  path: "/v1/agents/{name}/invoke-iterative",
  tag,
  scope: "agents:invoke",
  effect: "write",
  summary: "Let an agent work with tools and checks until it is done",
  params,
  body: iterativeBody,
  answer: { status: 200, schema: resultSchema },
  problems: [404, 422],
  seconds: 600 + spareSeconds,
  handle: (call) => invoked(call, "iterative", workspaceOf(call.body, call)),
});

type InvokeCall = Call<typeof params, undefined, typeof onceBody | typeof iterativeBody>;

/** Drives the run itself, and says what it came to or, where that takes longer, that it goes on. */
async function invoked(
  call: InvokeCall,
  mode: "once" | "iterative",
  workspace: string | undefined,
): Promise<z.input<typeof resultSchema>> {
  const { engine, body, params: named, signal, host } = call;
  const { inputs, waitSeconds } = body;
  const id = await engine.runs.create({
    ...runRequest({ ...body, agent: named.name }, { kind: "inputs", inputs, workspace }, call),
    mode,
  });
  const waiting = new AbortController();
  const driving = engine.runs.drive(id);
  inBackground(driving, `run ${id}`, call);
  const over = host.clock
    .sleep(waitSeconds * 1_000, AbortSignal.any([signal, waiting.signal]))
    // Whoever asked has gone or has been answered.
    .catch(() => undefined);
  const end = await Promise.race([driving, over]);
  waiting.abort();
  const { output, effort, totals, attempts, ...rest } = runResult(engine.store, end?.runId ?? id);
  return JSON.parse(
    JSON.stringify({ ...rest, output: output ?? null, effort: effort ?? null, totals, attempts }),
  );
}

/** Agents: who they are, and what they answer. */
export const agentRoutes: readonly Route[] = [list, show, invoke, invokeIterative];
