import { z } from "zod";
import { effects, injectionLevels, repeats } from "../../../base/effect.ts";
import { isJsonObject, type JsonObject } from "../../../base/json.ts";
import type { Principal } from "../../../base/principal.ts";
import type { CallFacts, DecisionEffect } from "../../types.ts";
import { callFlaw } from "../flaws.ts";
import { firstFault, type Position } from "../errors.ts";
import { readPackFile } from "../load.ts";
import type { Path } from "../schema-problem.ts";
import { readYaml, type YamlForm } from "../yaml-file.ts";

const word = z.string().min(1);
const principalKeys = { tenant: word.optional(), user: word.optional(), agent: word.optional() };
const principalSchema = z.strictObject(principalKeys);

const callSchema = z.strictObject({
  connector: word,
  operation: word.default("tools/call"),
  effect: z.enum(effects).default("unknown"),
  repeat: z.enum(repeats).default("once"),
  tool: word.optional(),
  toolDigest: word.optional(),
  host: word.optional(),
  /** What the host resolved to: the question that is asked before anything is sent. */
  address: word.optional(),
  port: z.int().min(1).max(65_535).optional(),
  injection: z.enum(injectionLevels).optional(),
  toolInjection: z.enum(injectionLevels).optional(),
  private: z.boolean().optional(),
  args: z.custom<JsonObject>(isJsonObject, "give the arguments as an object").optional(),
  ...principalKeys,
});

const expectSchema = z.strictObject({
  effect: z.enum(["allow", "ask", "deny"]),
  rule: word.optional(),
  /** Every rule that counts the call, or that holds until another call has succeeded. */
  limits: z.array(word).optional(),
});

const caseSchema = z.strictObject({
  name: word.optional(),
  call: callSchema,
  expect: expectSchema,
});

const testFileSchema = z
  .strictObject({
    /** Packs that apply together. Left out: the policy that the settings put in force. */
    policy: z.array(word).min(1).optional(),
    /** Further pack files, seen from this file's folder. */
    files: z.array(word).default([]),
    /** On whose behalf calls are made that do not say it. */
    principal: principalSchema.default({}),
    cases: z.array(caseSchema).min(1, "give at least one case"),
  })
  .superRefine(({ cases }, { addIssue }) => {
    for (const [index, { call }] of cases.entries()) {
      const flaw = callFlaw(call.connector, call.host);
      if (flaw === undefined) continue;
      const message = `${flaw.message} (${flaw.hint})`;
      addIssue({ code: "custom", message, path: ["cases", index, "call"] });
    }
  });

const form: YamlForm<z.output<typeof testFileSchema>> = {
  schema: testFileSchema,
  hint: "docs/guides/policy-tools.md shows the form of a test file.",
  keysAt: (path) => Object.keys(schemaAt(path).shape),
};

function schemaAt(path: Path): z.ZodObject {
  if (path.length === 0) return testFileSchema;
  if (path[0] === "principal") return principalSchema;
  if (path.length === 2) return caseSchema;
  return path[2] === "expect" ? expectSchema : callSchema;
}

/** One call and what the policy is to say about it. */
export interface PolicyCase {
  readonly name: string;
  readonly at: Position;
  readonly connector: string;
  readonly facts: CallFacts;
  readonly principal: Principal;
  readonly expected: {
    readonly effect: DecisionEffect;
    readonly rule?: string;
    readonly limits?: readonly string[];
  };
}

export interface PolicyTestFile {
  readonly file: string;
  readonly policy?: readonly string[];
  readonly files: readonly string[];
  readonly cases: readonly PolicyCase[];
}

/**
 * Reads a file of policy tests.
 * @param usual on whose behalf calls are made where nothing in the file says it
 * @throws Agent33Error `policy.unreadable_pack`, `policy.malformed_test`
 */
export function readTestFile(file: string, usual: Principal): PolicyTestFile {
  const read = readYaml(readPackFile(file), file, form);
  if (!read.ok) throw firstFault("malformed_test", read.faults);
  const { policy, files, principal, cases } = read.data;
  return {
    file,
    ...(policy === undefined ? {} : { policy }),
    files,
    cases: cases.map(({ name, call, expect }, index): PolicyCase => {
      const { connector, tenant, user, agent, private: privateAddress, ...facts } = call;
      const said = defined({ tenant, user, agent });
      return {
        name: name ?? nameOf(call),
        at: read.places.at("cases", index),
        connector,
        facts: { ...defined(facts), ...defined({ privateAddress }) },
        principal: { ...usual, ...defined(principal), ...said },
        expected: defined(expect),
      };
    }),
  };
}

/** A call in words, for cases without a name. */
function nameOf(call: z.output<typeof callSchema>): string {
  const { connector, operation, effect, tool, host, address } = call;
  const to = host === undefined ? "" : ` to ${host}`;
  const which = address === undefined ? "" : ` (${address})`;
  return `${connector} ${operation}${tool === undefined ? "" : ` ${tool}`}, ${effect}${to}${which}`;
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The same without what is undefined. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, given]) => given !== undefined),
  ) as Defined<T>;
}
