import { z } from "zod";
import { type Lineage, stepBases, stepKinds } from "../../engine.ts";
import { jsonValue, moment, pageOf, pageQuery, shownPage, timeQuery } from "../input.ts";
import { defineLines, defineRoute, type Route } from "../route.ts";

const tag = "audit";

const entrySchema = z
  .strictObject({
    callId: z.string(),
    runId: z.string().nullable(),
    at: moment,
    state: z.enum(["open", "closed"]).describe("`open`: how it ended is not known (yet)"),
    connector: z.string(),
    operation: z.string(),
    decision: z.string(),
    ruleId: z.string(),
    outcome: z.string(),
    record: z.record(z.string(), jsonValue),
  })
  .meta({ id: "AuditEntry" });

const word = z.string().min(1).max(500).exactOptional();

const list = defineRoute({
  name: "listAudit",
  method: "GET",
  path: "/v1/audit",
  tag,
  scope: "audit:read",
  effect: "read",
  summary: "List calls, the last written first",
  description:
    "Denied ones too, and what was changed by the API. Reads are written up to a second late.",
  query: z.strictObject({
    ...pageQuery.shape,
    run: word.describe("of this run, by its id or its beginning"),
    connector: word.describe("of this connector, in full"),
    outcome: word.describe("that ended so: ok, or an error's code"),
    decision: z.enum(["allow", "ask", "deny"]).exactOptional(),
    since: timeQuery.describe("begun then or later; milliseconds since the Unix epoch"),
    until: timeQuery.describe("begun before"),
  }),
  answer: { status: 200, schema: pageOf(entrySchema) },
  problems: [404, 409, 422],
  handle: ({ engine: { store }, query: { run, ...filter } }) => {
    const runId = run === undefined ? {} : { runId: store.runs.find(run).id };
    return shownPage(store.audit.list({ ...filter, ...runId }), (entry) => entry);
  },
});

const show = defineRoute({
  name: "showAuditEntry",
  method: "GET",
  path: "/v1/audit/calls/{id}",
  tag,
  scope: "audit:read",
  effect: "read",
  summary: "Look at one call",
  params: z.strictObject({
    id: z.string().min(1).max(100).describe("the call's id, or its beginning"),
  }),
  answer: { status: 200, schema: entrySchema },
  problems: [404, 409],
  handle: ({ engine: { store }, params }) => store.audit.find(params.id),
});

const lineageStep = z.strictObject({
  kind: z.enum(stepKinds),
  what: z.string().describe("which one, in a few words; nothing of what was said"),
  basis: z
    .enum(stepBases)
    .describe(
      "`recorded`: an id or a place says so; `order`: it came before or after, and whether it mattered nobody can know; `arguments`: the call's arguments name it",
    ),
  at: moment.nullable(),
  run: z.string().nullable().describe("the run whose log has it"),
  seq: z.int().nullable().describe("its place in that log"),
  call: z.string().nullable().describe("the call that it is, in the audit"),
  id: z.string().nullable().describe("of an approval, signal, intake, lesson, rule or other run"),
});

const lineageSchema = z
  .strictObject({
    call: z
      .strictObject({
        id: z.string(),
        at: moment,
        connector: z.string(),
        operation: z.string(),
        outcome: z.string(),
        place: z.string().nullable().describe("which step of its run it is, in words"),
      })
      .nullable()
      .describe("null where it is a run's"),
    run: z.string().nullable(),
    ledTo: z.array(lineageStep).describe("the nearest first"),
    caused: z.array(lineageStep).describe("in the order of the log, then what was learned"),
    unknown: z.array(z.string()),
  })
  .meta({ id: "Lineage" });

function lineageView({ ledTo, caused, unknown, ...rest }: Lineage): z.input<typeof lineageSchema> {
  return { ...rest, ledTo: [...ledTo], caused: [...caused], unknown: [...unknown] };
}

const lineage = defineRoute({
  name: "showCallLineage",
  method: "GET",
  path: "/v1/audit/calls/{id}/lineage",
  tag,
  scope: "audit:read",
  effect: "read",
  summary: "See what led to a call, and what came of it",
  description:
    "Made of the audit, the log of the call's run and what was learned. It names things and has nothing of what was said; `unknown` says what cannot be derived.",
  params: z.strictObject({
    id: z.string().min(1).max(100).describe("the call's id, or its beginning"),
  }),
  answer: { status: 200, schema: lineageSchema },
  problems: [404, 409],
  handle: async ({ engine, params }) => lineageView(await engine.lineage.ofCall(params.id)),
});

const runLineage = defineRoute({
  name: "showRunLineage",
  method: "GET",
  path: "/v1/runs/{id}/lineage",
  tag: "runs",
  scope: "runs:read",
  effect: "read",
  summary: "See what led to a run, and what came of it",
  description:
    "The words, the attempt before it or the run that it replays; then agents, questions, files, the next attempt, and what was learned.",
  params: z.strictObject({
    id: z.string().min(1).max(100).describe("the run's id, or its beginning"),
  }),
  answer: { status: 200, schema: lineageSchema },
  problems: [404, 409],
  handle: async ({ engine, params }) => lineageView(await engine.lineage.ofRun(params.id)),
});

const findingSchema = z.strictObject({
  kind: z.enum(["changed", "removed", "inserted", "reordered", "truncated", "forged"]),
  about: z.enum(["record", "link", "checkpoint", "head", "anchor", "line"]),
  position: z.int().exactOptional(),
  callId: z.string().exactOptional(),
  message: z.string(),
});

const place = z
  .string()
  .regex(/^[1-9]\d{0,14}:[0-9a-f]{64}$/, "Must be POSITION:HASH, as an earlier check gave its end");

const check = defineRoute({
  name: "checkAudit",
  method: "GET",
  path: "/v1/audit/check",
  tag,
  scope: "audit:read",
  effect: "read",
  summary: "Find every record that is not what it was",
  description:
    "Changed, removed, inserted, reordered or cut off. Goes through the whole chain. Keep the `end` elsewhere and give it in `head` later: it shows a chain that was made anew. Files with heads and keys are given to `agent33 audit verify`, which looks at an export anywhere.",
  query: z.strictObject({
    head: z
      .union([place.transform((one) => [one]), z.array(place).max(100)])
      .exactOptional()
      .describe("POSITION:HASH that was noted elsewhere; may be given again"),
  }),
  answer: {
    status: 200,
    schema: z
      .strictObject({
        tenant: z.string(),
        ok: z.boolean(),
        links: z.int(),
        records: z.int(),
        pending: z.int().describe("of the last moments, not linked yet"),
        checkpoints: z.int(),
        removedUpTo: z.int().describe("the place up to which retention removed it; 0 for nothing"),
        end: z.strictObject({ position: z.int(), hash: z.string() }).nullable(),
        found: z.int(),
        findings: z.array(findingSchema),
        keyId: z.string().nullable(),
        publicKey: z.string().nullable().describe("PEM, to be kept elsewhere"),
      })
      .meta({ id: "AuditCheck" }),
  },
  problems: [422],
  seconds: 300,
  handle: async ({ engine: { audit }, query: { head } }) => {
    const verdict = await audit.check(head === undefined ? {} : { heads: head });
    return { ...verdict, findings: [...verdict.findings] };
  },
});

const exported = defineLines({
  name: "exportAudit",
  method: "POST",
  path: "/v1/audit/export",
  tag,
  scope: "audit:export",
  effect: "write",
  summary: "Take the whole audit away",
  description:
    "With its chain and public key, so that `agent33 audit verify --file` can check it anywhere. The end of the chain is signed for it.",
  answer: { lines: z.looseObject({}).meta({ id: "AuditLine" }) },
  fileName: "audit.jsonl",
  write: ({ engine: { audit } }, out) => audit.exportTo(out),
});

/** The record of every call. */
export const auditRoutes: readonly Route[] = [list, show, lineage, runLineage, check, exported];
