import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { digestOf } from "../base/digest.ts";
import { Agent33Error, isAgent33Error } from "../base/errors.ts";
import { isJsonObject, type JsonObject } from "../base/json.ts";
import type { Redactor } from "../base/redact.ts";
import type { ApprovalRequest, ApprovalState } from "../boundary/ports.ts";
import {
  elicitationRule,
  type Person,
  type PersonAnswer,
  type ServerQuestion,
} from "../connectors/mcp/person.ts";
import { asksText } from "../connectors/mcp/questions.ts";
import type { SyncTenantStore } from "../store/repositories/index.ts";
import { createSchemaCompiler } from "../tools/json-schema.ts";

const elicitationSchema = z.object({
  kind: z.literal("elicitation"),
  server: z.string(),
  what: z.string(),
  message: z.string(),
  form: z.custom<JsonObject>(isJsonObject).exactOptional(),
  url: z.string().exactOptional(),
});

/** What a server asked, as it stands with the question. */
export type Elicitation = z.infer<typeof elicitationSchema>;

/** What a person may do with a server's question. */
export type ElicitationAnswer =
  | { readonly action: "accept"; readonly content: JsonObject }
  | { readonly action: "decline" | "cancel" };

const answerSchema = z.discriminatedUnion("action", [
  z.object({ action: z.literal("accept"), content: z.custom<JsonObject>(isJsonObject) }),
  z.object({ action: z.enum(["decline", "cancel"]) }),
]);

/** The server's question among the facts of an approval; undefined where a call is asked about. */
export function elicitationIn(facts: JsonObject | null | undefined): Elicitation | undefined {
  return elicitationSchema.safeParse(facts).data;
}

/** What asking a person takes. */
export interface PersonParts {
  readonly runId: string;
  readonly approvals: SyncTenantStore["approvals"];
  /** Asks like a call that needs an approval does. */
  readonly request: (asked: ApprovalRequest) => {
    readonly id: string;
    readonly state: ApprovalState;
  };
  readonly clock: Clock;
  readonly ttlMs: number;
  readonly redactor: Redactor;
}

/** The way to a person for the servers of one run: questions and answers are rows of the store. */
export function personOf(parts: PersonParts): (server: string) => Person {
  const { runId, approvals, request, clock, ttlMs, redactor } = parts;
  return (server) => {
    const asked = new Map<string, { readonly digest: string; readonly form?: JsonObject }>();
    const look = (id: string): PersonAnswer => {
      const { state, answer } = approvals.answerOf(id);
      const said = answerSchema.safeParse(answer).data;
      if (state === "denied") {
        return { id, state: said?.action === "cancel" ? "dismissed" : "declined" };
      }
      if (state !== "approved" || said?.action !== "accept") return { id, state: "open" };
      hideSecrets(server, asked.get(id)?.form, said.content, redactor);
      return { id, state: "accepted", content: said.content };
    };
    return {
      ask: (question) => {
        const { what, message, form, url, forMs } = question;
        const digest = digestOfQuestion(server, question);
        const at = Math.round(clock.now());
        const facts: Elicitation = {
          kind: "elicitation",
          server,
          what,
          message,
          ...(form === undefined ? {} : { form }),
          ...(url === undefined ? {} : { url }),
        };
        const { id } = request({
          digest,
          runId,
          summary: asksText(server, question),
          facts,
          ruleId: elicitationRule,
          requestedAt: at,
          expiresAt: at + Math.round(forMs ?? ttlMs),
        });
        asked.set(id, { digest, ...(form === undefined ? {} : { form }) });
        return look(id);
      },
      look,
      used: (id) => {
        const digest = asked.get(id)?.digest;
        if (digest !== undefined) approvals.consume(id, digest, Math.round(clock.now()));
      },
    };
  };
}

/** Binds an answer to the call, and through it to its run, tool and arguments. */
function digestOfQuestion(server: string, { call, message, form, url }: ServerQuestion): string {
  return digestOf({
    kind: "elicitation",
    server,
    call,
    message,
    form: form ?? null,
    url: url ?? null,
  });
}

/** Servers must not ask for secrets this way (MCP specification, "Elicitation"), but some will. */
const secretField = /passw|secret|token|api.?key|credential/i;

function hideSecrets(
  server: string,
  form: JsonObject | undefined,
  content: JsonObject,
  redactor: Redactor,
): void {
  for (const [name, field] of Object.entries(fieldsOf(form))) {
    const value = content[name];
    const isSecret = secretField.test(name) || field["format"] === "password";
    if (isSecret && typeof value === "string") redactor.register(`${server}.${name}`, value);
  }
}

/** The fields of a form, by name. */
export function fieldsOf(form: JsonObject | undefined): Readonly<Record<string, JsonObject>> {
  const properties = form?.["properties"];
  if (!isJsonObject(properties)) return {};
  return Object.fromEntries(
    Object.entries(properties).filter((field): field is [string, JsonObject] =>
      isJsonObject(field[1]),
    ),
  );
}

/**
 * The content of an answer with the form's defaults, checked.
 * @throws Agent33Error `engine.invalid_answer`
 */
export function checkedContent({ server, form }: Elicitation, content: JsonObject): JsonObject {
  if (form === undefined) return {};
  const defaults = Object.entries(fieldsOf(form)).flatMap(([name, field]) =>
    field["default"] === undefined ? [] : [[name, field["default"]] as const],
  );
  const filled = { ...Object.fromEntries(defaults), ...content };
  const checked = createSchemaCompiler()(server, form).parse(filled);
  if (checked.ok) return checked.value;
  const { error } = checked;
  const problems =
    isAgent33Error(error) && Array.isArray(error.details?.["problems"])
      ? error.details["problems"]
      : [error.message];
  throw new Agent33Error(
    "engine.invalid_answer",
    `The answer does not fit what MCP server "${server}" asked for: ${problems.join("; ")}.`,
    {
      hint: "Give each field with --field NAME=VALUE, or refuse with --decline.",
      details: { server, problems },
    },
  );
}
