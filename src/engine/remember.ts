import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Document, isSeq, parseDocument, type YAMLMap } from "yaml";
import { z } from "zod";
import { effects, repeats } from "../base/effect.ts";
import { Agent33Error } from "../base/errors.ts";
import { isJsonObject, type JsonObject } from "../base/json.ts";
import { compilePolicy, readLibrary, selectPacks } from "../boundary/policy/index.ts";
import { parsePack } from "../boundary/policy/pack-file.ts";
import type { CallFacts } from "../boundary/types.ts";
import type { Config } from "../config/config.ts";
import type { Host } from "./host.ts";
import { pinRules } from "./pinned-policy.ts";

/** Whether a yes is remembered for the very arguments, or for any arguments of the tool. */
export const rememberScopes = ["call", "tool"] as const;
export type RememberScope = (typeof rememberScopes)[number];

export interface RememberRequest {
  readonly scope: RememberScope;
  /** The pack file. Default: `policy/remembered.yaml` in the data folder. */
  readonly file?: string;
}

export interface RememberedRule {
  readonly ruleId: string;
  readonly pack: string;
  readonly file: string;
  /** As it stands in the file. */
  readonly rule: string;
  /** Whether the settings select the pack already. */
  readonly selected: boolean;
}

/** A question that was asked about a call, as the store keeps it. */
interface Question {
  readonly id: string;
  readonly ruleId: string;
  readonly facts: JsonObject | null;
}

const factsSchema = z.object({
  connector: z.string(),
  tenant: z.string(),
  user: z.string(),
  agent: z.string().optional(),
  operation: z.string(),
  effect: z.enum(effects),
  repeat: z.enum(repeats),
  tool: z.string().optional(),
  toolDigest: z.string().optional(),
  host: z.string().optional(),
  port: z.number().optional(),
  privateAddress: z.boolean().optional(),
  args: z.custom<JsonObject>(isJsonObject).optional(),
});
type Facts = z.infer<typeof factsSchema>;

/** What stands in place of a secret. */
const hidden = /\[secret:[^\]]*\]/;

/**
 * Writes the rule for a question. It is tried out on the question's own call before it is written.
 * @throws Agent33Error `engine.cannot_remember`, `policy.malformed_pack`
 */
export function rememberQuestion(
  question: Question,
  { scope, file }: RememberRequest,
  place: { readonly config: Config; readonly host: Host; readonly dataDir: string },
): RememberedRule {
  const { config, host, dataDir } = place;
  const facts = factsSchema.safeParse(question.facts);
  if (!facts.success) throw cannot(question, "its call was not kept", "Write the rule by hand.");
  if (Object.values(pinRules).includes(question.ruleId)) {
    const since =
      question.ruleId === pinRules.changedInRun
        ? "has changed since the run began"
        : "is not the one that was pinned";
    const why = `the tool's definition ${since}, and no rule changes that`;
    throw cannot(question, why, "Look at the tool and run `agent33 mcp pin`.");
  }
  if (scope === "call" && hidden.test(JSON.stringify(facts.data.args ?? {}))) {
    const why = "its arguments hold a secret, which is not kept";
    throw cannot(question, why, "Approve it with --remember tool, or write the rule by hand.");
  }
  const path =
    file === undefined ? join(dataDir, "policy/remembered.yaml") : resolve(host.cwd, file);
  const document = existsSync(path) ? readDocument(path) : newDocument();
  const id = `yes-${question.id.slice(-12)}`;
  const rule = ruleOf(id, question, facts.data, scope);
  const rules = document.get("rules");
  if (!isSeq<YAMLMap>(rules)) {
    throw cannot(question, `${path} has no list of rules`, "Name another file.");
  }
  rules.items = rules.items.filter((item) => item.get("id") !== id);
  rules.add(document.createNode(rule));
  const text = document.toString({ lineWidth: 100 });
  const pack = parsePack(text, path);
  tryOut(question, facts.data, pack.name, text, path, place);
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${host.ids()}.partial`;
  writeFileSync(partial, text, { mode: 0o600 });
  renameSync(partial, path);
  const { packs, files } = config.settings.policy;
  return {
    ruleId: `${pack.name}/${id}`,
    pack: pack.name,
    file: path,
    rule: new Document([rule]).toString({ lineWidth: 100 }).trimEnd(),
    selected: packs.includes(pack.name) && files.some((one) => resolve(host.cwd, one) === path),
  };
}

/** @throws Agent33Error `policy.malformed_pack` for a file that is none */
function readDocument(path: string): Document {
  const text = readFileSync(path, "utf8");
  parsePack(text, path);
  return parseDocument(text);
}

function newDocument(): Document {
  return new Document({
    pack: "remembered",
    version: 1,
    description: "Questions that a person has answered for good.",
    default: "allow",
    rules: [],
  });
}

function ruleOf(id: string, { ruleId }: Question, facts: Facts, scope: RememberScope): JsonObject {
  const { connector, operation, tool, toolDigest, host, port, tenant, user, args } = facts;
  return {
    id,
    allow: {
      connector,
      operation,
      ...(tool === undefined ? {} : { tool }),
      ...(toolDigest === undefined ? {} : { toolDigest }),
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      tenant,
      user,
    },
    ...(scope === "tool" || args === undefined ? {} : { when: `args == ${JSON.stringify(args)}` }),
    answers: [ruleId],
    reason: "A person has said yes to this for good.",
  };
}

/** Sees that the rule would have answered this very question. */
function tryOut(
  question: Question,
  { connector, tenant, user, agent, ...facts }: Facts,
  pack: string,
  text: string,
  path: string,
  { config, host }: { readonly config: Config; readonly host: Host },
): void {
  const { packs, files } = config.settings.policy;
  const library = new Map(
    readLibrary(files.map((one) => resolve(host.cwd, one)).filter((one) => one !== path)),
  );
  library.set(pack, parsePack(text, path));
  const selected = selectPacks(library, [...new Set([...packs, pack])]);
  const principal = { tenant, user, ...(agent === undefined ? {} : { agent }) };
  const asked = Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined),
  ) as unknown as CallFacts;
  const decision = compilePolicy(selected).decide(asked, connector, principal);
  if (decision.effect === "allow" || decision.ruleId !== question.ruleId) return;
  throw cannot(
    question,
    "a rule for it would not answer this question",
    "Approve it with --remember tool, or write the rule by hand.",
  );
}

function cannot({ id }: Question, why: string, hint: string): Agent33Error {
  return new Agent33Error("engine.cannot_remember", `${id} cannot be remembered: ${why}.`, {
    hint,
    details: { id },
  });
}
