import { z } from "zod";
import { importPolicy, pairOf, type PolicyPair, replayStore } from "../../engine.ts";
import { withGivenFiles } from "../../engine/given-files.ts";
import { callersConfig } from "../installation.ts";
import { begin, operationRoutes, operationSchema } from "../operations-view.ts";
import { shownAs } from "../placeless.ts";
import { changesSchema, givenPacks, importSchema, placeOf } from "../policy-view.ts";
import { defineRoute, type Route, type RouteContext } from "../route.ts";

const tag = "policy";

const side = z
  .strictObject({
    packs: z
      .array(z.string().min(1).max(200))
      .max(100)
      .default([])
      .describe("names of packs that the settings can select"),
    sent: givenPacks.default([]).describe("packs as text; each stands in for the one of its name"),
  })
  .prefault({})
  .describe("packs that apply together; without any, the policy of the settings");

const twoPolicies = z.strictObject({ before: side, after: side });

const diff = defineRoute({
  name: "diffPolicies",
  method: "POST",
  path: "/v1/policy/diff",
  tag,
  scope: "policy:read",
  effect: "read",
  summary: "See what two policies say differently, rule by rule",
  body: twoPolicies,
  answer: { status: 200, schema: changesSchema },
  problems: [404, 422],
  handle: async (call) => {
    const { rules } = await pairSent(call, call.body);
    return shownAs(changesSchema, rules, call.host);
  },
});

const replay = defineRoute({
  name: "replayPolicies",
  method: "POST",
  path: "/v1/policy/replay",
  tag,
  scope: "policy:write",
  effect: "write",
  summary: "Decide again about the calls in the audit, by two policies",
  description:
    "It goes through the whole audit of the tenant in the background; look at the operation for what came of it. No call is made.",
  body: twoPolicies,
  answer: { status: 202, schema: operationSchema },
  problems: [404, 409, 422],
  location: ({ id }) => `/v1/policy/operations/${id}`,
  handle: async (call) => {
    // What is wrong with the packs is said at once.
    const pair = await pairSent(call, call.body);
    const { store } = call.engine;
    return begin(call, "policy", "replay", async ({ signal, onProgress }) => ({
      rules: pair.rules,
      replay: await replayStore(pair, store, onProgress, signal),
    }));
  },
});

/** @throws Agent33Error `policy.*` */
function pairSent(
  call: RouteContext,
  { before, after }: z.output<typeof twoPolicies>,
): Promise<PolicyPair> {
  const files = [...before.sent, ...after.sent].map(({ text }, index) => ({
    name: `pack-${index + 1}.yaml`,
    content: text,
  }));
  return withGivenFiles(files, (paths) => {
    const words = ({ packs }: z.output<typeof side>, sent: readonly string[]) => [
      ...packs.map((pack) => ({ pack })),
      ...sent.map((file) => ({ file })),
    ];
    const first = before.sent.length;
    return pairOf(
      callersConfig(call),
      call.host,
      { before: words(before, paths.slice(0, first)), after: words(after, paths.slice(first)) },
      "api",
    );
  });
}

const taken = defineRoute({
  name: "importPolicy",
  method: "POST",
  path: "/v1/policy/import",
  tag,
  scope: "policy:read",
  effect: "read",
  summary: "Make a pack of another product's policy",
  description:
    "It is given back and put nowhere. What packs cannot say is refused, each with its place, and then there is no pack.",
  body: z.strictObject({
    source: z.enum(["claude-code", "cedar"]),
    text: z.string().max(1_000_000).describe("a settings.json with permissions, or Cedar policies"),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,99}$/, "Use lower-case letters, digits and hyphens")
      .exactOptional()
      .describe("of the pack; the source's by default"),
  }),
  answer: { status: 200, schema: importSchema },
  problems: [422],
  handle: async (call) => {
    const { source, text, name = source } = call.body;
    const file = source === "cedar" ? "policies.cedar" : "settings.json";
    const made = await withGivenFiles([{ name: file, content: text }], ([path = ""]) =>
      importPolicy(source, path, name, call.host),
    );
    if (made.ok) return shownAs(importSchema, made, call.host);
    const refused = made.refused.map(({ at, message, hint }) => ({
      message,
      hint,
      at: placeOf(at),
    }));
    return shownAs(importSchema, { ok: false, refused }, call.host);
  },
});

/** What policies would change, and policies of elsewhere. */
export const policyChangeRoutes: readonly Route[] = [
  diff,
  replay,
  taken,
  ...operationRoutes("policy", { read: "policy:read", write: "policy:write" }),
];
