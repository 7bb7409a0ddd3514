import { z } from "zod";
import { effects, injectionLevels, repeats } from "../../base/effect.ts";
import { entryPoints } from "../../config/schema.ts";
import { explainPolicy, lintPolicy, testPolicy } from "../../engine.ts";
import { type GivenFile, withGivenFiles } from "../../engine/given-files.ts";
import { listPacks, packNamed } from "../../engine/policy-packs.ts";
import {
  explanationSchema,
  givenPacks,
  lintSchema,
  packListSchema,
  packSchema,
  placeOf,
  testSchema,
} from "../policy-view.ts";
import { callersConfig, requireInstallation } from "../installation.ts";
import { jsonValue } from "../input.ts";
import { shownAs } from "../placeless.ts";
import { defineRoute, type Route } from "../route.ts";

const tag = "policy";
const word = z.string().min(1).max(500);
const decision = z.enum(["allow", "ask", "deny"]);

const explain = defineRoute({
  name: "explainPolicy",
  method: "POST",
  path: "/v1/policy/explain",
  tag,
  scope: "policy:read",
  effect: "read",
  summary: "Ask what the policy says about a call",
  description:
    "Rule by rule, and what else would stop the call now: breakers, limits, budgets, a person who has to be asked. Nothing is called, asked or taken.",
  body: z.strictObject({
    connector: word.describe("for example mcp:filesystem, model:anthropic, tool:workspace"),
    operation: word.default("tools/call"),
    effect: z.enum(effects).default("unknown"),
    repeat: z.enum(repeats).default("once"),
    entryPoint: z.enum(entryPoints).default("api"),
    tool: word.exactOptional(),
    toolDigest: word.exactOptional().describe("SHA-256 of the tool's definition"),
    host: word.exactOptional(),
    port: z.int().min(1).max(65_535).exactOptional(),
    injection: z
      .enum(injectionLevels)
      .exactOptional()
      .describe("orders of strangers that the agent has read by then"),
    toolInjection: z
      .enum(injectionLevels)
      .exactOptional()
      .describe("orders to models in the tool's own description"),
    args: z.record(z.string(), jsonValue).exactOptional(),
    run: word
      .exactOptional()
      .describe("a call of this run: under its policy, with what it has used of limits"),
    logicalCallId: word.exactOptional().describe("the call's name in its run, as turn-3-call-0"),
    tokens: z.int().nonnegative().exactOptional().describe("most that it would use"),
    costMicroUsd: z.int().nonnegative().exactOptional().describe("most that it would cost"),
  }),
  answer: {
    status: 200,
    schema: explanationSchema,
  },
  problems: [404, 409, 422],
  handle: (call) => {
    const { tokens, costMicroUsd, ...question } = call.body;
    const estimate = {
      ...(tokens === undefined ? {} : { tokens }),
      ...(costMicroUsd === undefined ? {} : { costMicroUsd }),
    };
    const asked = { ...question, estimate };
    const said = explainPolicy(callersConfig(call), call.host, asked, call.engine);
    const rules = said.rules.map(({ at, ...rule }) => ({ ...rule, at: placeOf(at) }));
    return shownAs(explanationSchema, { ...said, rules }, call.host);
  },
});

const packs = defineRoute({
  name: "listPacks",
  method: "GET",
  path: "/v1/policy/packs",
  tag,
  scope: "policy:read",
  effect: "read",
  summary: "List the packs that can be selected",
  description: "Their files are written on the server only.",
  answer: { status: 200, schema: packListSchema },
  handle: (call) => {
    const items = listPacks(callersConfig(call), call.host);
    const version = call.engine.boundary.policy.version;
    const counted = items.map(({ rules, ...one }) => ({ ...one, rules: rules.length }));
    return shownAs(packListSchema, { version, items: counted }, call.host);
  },
});

const pack = defineRoute({
  name: "showPack",
  method: "GET",
  path: "/v1/policy/packs/{name}",
  tag,
  scope: "policy:read",
  effect: "read",
  summary: "Look at a pack and its rules",
  params: z.strictObject({ name: z.string().min(1).max(200) }),
  answer: { status: 200, schema: packSchema },
  problems: [404, 422],
  handle: (call) => {
    const found = packNamed(call.params.name, callersConfig(call), call.host);
    return shownAs(packSchema, found, call.host);
  },
});

const lint = defineRoute({
  name: "lintPacks",
  method: "POST",
  path: "/v1/policy/lint",
  tag,
  scope: "policy:read",
  effect: "read",
  summary: "Find every problem of packs",
  description:
    "Of those that are sent, or of all that the settings name. A pack that is sent stands in for one of its name, so that it can be looked at before it takes the other's place.",
  body: z.strictObject({ packs: givenPacks.default([]) }),
  answer: { status: 200, schema: lintSchema },
  problems: [422],
  handle: async (call) => {
    const given = call.body.packs.map(packFile);
    const found = await withGivenFiles(given, (paths) =>
      lintPolicy(callersConfig(call), call.host, paths),
    );
    const problems = found.problems.map(({ at, ...problem }) => ({ ...problem, at: placeOf(at) }));
    const ok = problems.every(({ severity }) => severity !== "error");
    return shownAs(lintSchema, { ...found, ok, problems }, call.host);
  },
});

const callSchema = z.strictObject({
  connector: word,
  operation: word.exactOptional(),
  effect: z.enum(effects).exactOptional(),
  repeat: z.enum(repeats).exactOptional(),
  tool: word.exactOptional(),
  toolDigest: word.exactOptional(),
  host: word.exactOptional(),
  address: word.exactOptional(),
  port: z.int().min(1).max(65_535).exactOptional(),
  injection: z.enum(injectionLevels).exactOptional(),
  toolInjection: z.enum(injectionLevels).exactOptional(),
  private: z.boolean().exactOptional(),
  args: z.record(z.string(), jsonValue).exactOptional(),
  user: word.exactOptional(),
  agent: word.exactOptional(),
});

const test = defineRoute({
  name: "testPolicy",
  method: "POST",
  path: "/v1/policy/test",
  tag,
  scope: "policy:read",
  effect: "read",
  summary: "See whether policies decide as cases say",
  description:
    "Without `policy`, that of the settings decides, together with the packs that are sent. Files of the server cannot be named: send what stands in them.",
  body: z.strictObject({
    packs: givenPacks.default([]),
    policy: z.array(word).min(1).max(100).exactOptional().describe("packs that apply together"),
    cases: z
      .array(
        z.strictObject({
          name: word.exactOptional(),
          call: callSchema,
          expect: z.strictObject({
            effect: decision,
            rule: word.exactOptional(),
            limits: z.array(word).max(100).exactOptional(),
          }),
        }),
      )
      .min(1)
      .max(1_000),
  }),
  answer: { status: 200, schema: testSchema },
  problems: [422],
  handle: async (call) => {
    const { packs: sent, policy, cases } = call.body;
    const given = sent.map(packFile);
    const files = given.map(({ name }) => name);
    // JSON is YAML as well.
    const content = JSON.stringify({ ...(policy === undefined ? {} : { policy }), files, cases });
    const all = [{ name: "cases.test", content }, ...given];
    const report = await withGivenFiles(all, ([file = ""]) =>
      testPolicy(callersConfig(call), call.host, [file]),
    );
    return {
      ok: report.cases.every(({ passed }) => passed),
      cases: report.cases.map(({ at: _at, expected: _expected, decided, ...one }) => ({
        ...one,
        decided: { ...decided, matched: [...decided.matched], limits: [...decided.limits] },
      })),
    };
  },
});

function packFile({ text }: { readonly text: string }, index: number): GivenFile {
  return { name: `pack-${index + 1}.yaml`, content: text };
}

const reload = defineRoute({
  name: "reloadPolicy",
  method: "POST",
  path: "/v1/policy/reload",
  tag,
  scope: "policy:write",
  effect: "write",
  summary: "Have the policy's files read now",
  description:
    "They are looked at each second anyway. What is wrong with them leaves the policy as it is. Runs that are open keep theirs.",
  answer: {
    status: 200,
    schema: z
      .strictObject({ version: z.string(), changed: z.boolean() })
      .meta({ id: "PolicyReload" }),
  },
  problems: [422],
  handle: (call) => {
    requireInstallation(call);
    const done = call.engine.reloadPolicy();
    for (const engine of call.engines.all()) if (engine !== call.engine) engine.reloadPolicy();
    return done;
  },
});

/** Policies: what they say about calls, and what stands in them. */
export const policyRoutes: readonly Route[] = [explain, packs, pack, lint, test, reload];
