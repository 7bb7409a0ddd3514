import { z } from "zod";
import { type Elicitation, elicitationIn } from "../../engine.ts";
import { jsonValue, moment } from "../input.ts";
import { defineRoute, type Route, type RouteContext } from "../route.ts";

const tag = "approvals";

const states = ["pending", "approved", "denied", "consumed", "expired"] as const;

const approvalSchema = z
  .strictObject({
    id: z.string(),
    runId: z.string().nullable(),
    summary: z.string().describe("the call, with all that it would send"),
    ruleId: z.string().describe("the rule of the policy that asks"),
    state: z.enum(states),
    requestedAt: moment,
    expiresAt: moment,
    decidedBy: z.string().nullable(),
    decidedAt: moment.nullable(),
    note: z.string().nullable().describe("why, in the words of whoever decided"),
    consumedAt: moment.nullable(),
  })
  .meta({ id: "Approval" });

const questionSchema = z
  .strictObject({
    kind: z.literal("elicitation"),
    server: z.string(),
    what: z.string(),
    message: z.string(),
    form: z.record(z.string(), jsonValue).exactOptional().describe("JSON Schema of the answer"),
    url: z.string().exactOptional(),
  })
  .meta({ id: "Elicitation" });

const params = z.strictObject({
  id: z.string().min(1).max(100).describe("the question's id, or its beginning"),
});

const answered = z.strictObject({
  id: z.string(),
  runId: z.string().nullable().describe("the run that goes on now"),
});

type Row = ReturnType<RouteContext["engine"]["store"]["approvals"]["list"]>[number];

function view({ digest: _digest, ...row }: Row): z.input<typeof approvalSchema> {
  return row;
}

const list = defineRoute({
  name: "listApprovals",
  method: "GET",
  path: "/v1/approvals",
  tag,
  scope: "approvals:read",
  effect: "read",
  summary: "List questions to people, oldest first",
  query: z.strictObject({
    state: z.enum(states).exactOptional().describe("only those that stand so; all by default"),
  }),
  answer: { status: 200, schema: z.strictObject({ items: z.array(approvalSchema) }) },
  handle: ({ engine: { store }, query }) => ({ items: store.approvals.list(query).map(view) }),
});

const show = defineRoute({
  name: "showApproval",
  method: "GET",
  path: "/v1/approvals/{id}",
  tag,
  scope: "approvals:read",
  effect: "read",
  summary: "Look at a question, with what a server asks where one does",
  params,
  answer: {
    status: 200,
    schema: z.strictObject({ approval: approvalSchema, question: questionSchema.nullable() }),
  },
  problems: [404, 409],
  handle: ({ engine: { store }, params: { id } }) => {
    const { facts, ...row } = store.approvals.find(id);
    return { approval: view(row), question: shownQuestion(elicitationIn(facts)) };
  },
});

function shownQuestion(asked: Elicitation | undefined): z.input<typeof questionSchema> | null {
  if (asked === undefined) return null;
  const { form, ...rest } = asked;
  return { ...rest, ...(form === undefined ? {} : { form: { ...form } }) };
}

function decision(word: "approve" | "deny", decided: "approved" | "denied"): Route {
  return defineRoute({
    name: `${word}Call`,
    method: "POST",
    path: `/v1/approvals/{id}/${word}`,
    tag,
    scope: "approvals:decide",
    effect: "write",
    summary: word === "approve" ? "Allow one call" : "Refuse one call",
    description:
      "The same answer twice is one, with the note of the first. The run that waits for it goes on.",
    params,
    body: z.strictObject({
      note: z
        .string()
        .max(2_000)
        .exactOptional()
        .describe("why; it stays with the approval and in the audit, the agent is not told"),
    }),
    answer: { status: 200, schema: answered },
    problems: [404, 409, 422],
    handle: async ({ engine, params: { id }, body: { note }, caller }) => ({
      ...(await engine.decideApproval(id, decided, caller.user, note)),
    }),
  });
}

const answer = defineRoute({
  name: "answerQuestion",
  method: "POST",
  path: "/v1/approvals/{id}/answer",
  tag,
  scope: "approvals:decide",
  effect: "write",
  summary: "Answer what an MCP server asked",
  params,
  body: z.discriminatedUnion("action", [
    z.strictObject({
      action: z.literal("accept"),
      content: z.record(z.string(), jsonValue).default({}).describe("as the question's form says"),
    }),
    z.strictObject({ action: z.enum(["decline", "cancel"]) }),
  ]),
  answer: { status: 200, schema: answered },
  problems: [404, 409, 422],
  handle: async ({ engine, params: { id }, body, caller }) => ({
    ...(await engine.answerQuestion(id, body, caller.user)),
  }),
});

/** Questions to people, and their answers. */
export const approvalRoutes: readonly Route[] = [
  list,
  show,
  decision("approve", "approved"),
  decision("deny", "denied"),
  answer,
];
