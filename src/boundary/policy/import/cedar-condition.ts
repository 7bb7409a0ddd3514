import type { Expr } from "@cedar-policy/cedar-wasm/nodejs";
import { effects, repeats } from "../../../base/effect.ts";
import { canonicalHost } from "../host.ts";
import type { MatchKeyName, MatchValue } from "../schema.ts";
import {
  type Alternative,
  always,
  both,
  CannotSay,
  either,
  requires,
} from "./cedar-alternatives.ts";

interface Attribute {
  readonly key: MatchKeyName;
  readonly type: "string" | "number" | "boolean";
  /** Whether every call has it. */
  readonly always: boolean;
  /** All values that it can have, where they are few. */
  readonly values?: readonly MatchValue[];
  /** Whether `like` can be said of it. */
  readonly pattern?: true;
}

/** What `context` of a request holds: the facts of a call under the names that packs have. */
const attributes: readonly Attribute[] = [
  { key: "connector", type: "string", always: true, pattern: true },
  { key: "operation", type: "string", always: true },
  { key: "effect", type: "string", always: true, values: effects },
  { key: "repeat", type: "string", always: true, values: repeats },
  { key: "tenant", type: "string", always: true },
  { key: "user", type: "string", always: true },
  { key: "tool", type: "string", always: false, pattern: true },
  { key: "toolDigest", type: "string", always: false },
  { key: "host", type: "string", always: false, pattern: true },
  { key: "port", type: "number", always: false },
  { key: "private", type: "boolean", always: false, values: [true, false] },
  { key: "metadata", type: "boolean", always: false, values: [true, false] },
  { key: "agent", type: "string", always: false, pattern: true },
];

/** Which entities stand for what, as the head of a policy and its conditions name them. */
const entityTypes = { principal: "User", action: "Action", resource: "Connector" } as const;
const entityKeys = { principal: "user", action: "operation", resource: "connector" } as const;

/**
 * A condition as the ways in which it can hold. Negation is pushed down to single comparisons.
 * @throws CannotSay for what packs cannot say
 */
export function alternativesOf(condition: Expr, negated = false): readonly Alternative[] {
  const [name, operands] = operationOf(condition);
  switch (name) {
    case "!":
      return alternativesOf(part(operands, "arg"), !negated);
    case "&&":
    case "||": {
      const [left, right] = [part(operands, "left"), part(operands, "right")];
      // Not both is either not: what Cedar leaves unevaluated is the same.
      return (name === "&&") === negated
        ? eitherOf(left, right, negated)
        : both(alternativesOf(left, negated), alternativesOf(right, negated));
    }
    case "==":
    case "!=":
      return comparison(
        part(operands, "left"),
        part(operands, "right"),
        (name === "!=") !== negated,
      );
    case ".":
      return leaf(attributeOf(condition), [!negated], false);
    case "Value":
      if (typeof operands === "boolean") return operands === negated ? [] : always;
      throw cannot(name);
    case "has": {
      const key = hasOf(operands);
      if (!negated) return [{ match: {}, has: new Set(key.always ? [] : [key.key]) }];
      throw new CannotSay(
        `"!(context has ${key.key})".`,
        "A pack cannot ask for a call without it: a fact that is not there never holds.",
      );
    }
    case "like":
      return leaf(attributeOf(part(operands, "left")), [pattern(operands)], negated);
    case "contains":
      return contains(part(operands, "left"), part(operands, "right"), negated);
    default:
      throw cannot(name);
  }
}

/**
 * Where the left side fails because an attribute is not there, Cedar leaves the whole policy out,
 * and ours would still look at the right side.
 */
function eitherOf(left: Expr, right: Expr, negated: boolean): readonly Alternative[] {
  const one = alternativesOf(left, negated);
  const other = alternativesOf(right, negated);
  for (const key of canFailFor(left)) {
    if (requires(other, key)) continue;
    throw new CannotSay(
      `"||" after a condition on context.${key}, which a call may not have.`,
      `Write (context has ${key} && …) before ||, or make two policies of it.`,
    );
  }
  return either(one, other);
}

/** Attributes without which an expression fails; more than fail where that is hard to tell. */
function canFailFor(expression: Expr): ReadonlySet<MatchKeyName> {
  const [name, operands] = operationOf(expression);
  if (name === ".") {
    const { key, always } = attributeOf(expression);
    return new Set(always ? [] : [key]);
  }
  if (name === "has" || typeof operands !== "object" || operands === null) return new Set();
  const [left, right] = ["left", "right"].map((side) => optionalPart(operands, side));
  const one = left === undefined ? new Set<MatchKeyName>() : canFailFor(left);
  const other = right === undefined ? new Set<MatchKeyName>() : canFailFor(right);
  if (name === "&&" && left !== undefined) {
    const sure = alternativesOf(left);
    return one.union(new Set([...other].filter((key) => !requires(sure, key))));
  }
  const arg = optionalPart(operands, "arg");
  return arg === undefined ? one.union(other) : canFailFor(arg);
}

function comparison(left: Expr, right: Expr, negated: boolean): readonly Alternative[] {
  const [value, subject] = "Value" in left ? [left, right] : [right, left];
  if (!("Value" in value)) throw new CannotSay("a comparison of two attributes.", constantHint);
  if ("Var" in subject) return entityComparison(subject.Var, value.Value, negated);
  const attribute = attributeOf(subject);
  return leaf(attribute, [constant(attribute, value.Value)], negated);
}

const constantHint = "Packs compare a fact of the call with values that they name.";

function entityComparison(
  variable: unknown,
  value: unknown,
  negated: boolean,
): readonly Alternative[] {
  if (variable !== "principal" && variable !== "action" && variable !== "resource") {
    throw new CannotSay(`a comparison of ${String(variable)} as a whole.`, constantHint);
  }
  if (negated) throw notOf(variable);
  const entity = (value as { readonly __entity?: EntityId })["__entity"];
  if (entity === undefined)
    throw new CannotSay(`a comparison of ${variable} with no entity.`, constantHint);
  return [{ match: entityMatch(variable, entity), has: new Set() }];
}

export interface EntityId {
  readonly type: string;
  readonly id: string;
}

/** What `principal == User::"ann"` and its like ask about. */
export function entityMatch(
  variable: keyof typeof entityTypes,
  ...entities: readonly EntityId[]
): Alternative["match"] {
  const type = entityTypes[variable];
  for (const entity of entities) {
    if (entity.type !== type) {
      throw new CannotSay(
        `${variable} of the type ${entity.type}.`,
        `A ${variable} is a ${type}; tenants are named by "principal in Tenant::…", agents by context.agent.`,
      );
    }
    if (variable === "resource" && entity.id.includes("*")) throw literalStar(entity.id);
  }
  return { [entityKeys[variable]]: entities.map(({ id }) => id) };
}

function contains(set: Expr, element: Expr, negated: boolean): readonly Alternative[] {
  const attribute = attributeOf(element);
  const values = "Set" in set && Array.isArray(set.Set) ? set.Set : undefined;
  if (values === undefined)
    throw new CannotSay("contains of something else than a written list.", constantHint);
  const constants = values.map((value: Expr) => {
    if ("Value" in value) return constant(attribute, value.Value);
    throw new CannotSay("a list of something else than values.", constantHint);
  });
  if (constants.length === 0) return negated ? always : [];
  return leaf(attribute, constants, negated);
}

/** A fact of the call is one of these values. */
function leaf(
  { key, type, values: all }: Attribute,
  values: readonly MatchValue[],
  negated: boolean,
): readonly Alternative[] {
  if (typeof values[0] !== type) {
    throw new CannotSay(`context.${key} compared with a ${typeof values[0]}.`, `It is a ${type}.`);
  }
  if (!negated) return [{ match: { [key]: [...new Set(values)] }, has: new Set() }];
  if (all === undefined) throw notOf(key);
  const others = all.filter((value) => !values.includes(value));
  return others.length === 0 ? [] : [{ match: { [key]: others }, has: new Set() }];
}

function constant(attribute: Attribute, value: unknown): MatchValue {
  if (typeof value === "object" || value === undefined) {
    throw new CannotSay(`context.${attribute.key} compared with no plain value.`, constantHint);
  }
  const { key, values, pattern } = attribute;
  const plain = value as MatchValue;
  if (values !== undefined && !values.includes(plain)) {
    throw new CannotSay(
      `context.${key} is never "${String(plain)}".`,
      `Known: ${values.join(", ")}.`,
    );
  }
  const text = String(plain);
  if (pattern === true && text.includes("*")) throw literalStar(text);
  if (key === "host" && canonicalHost(text) !== text) {
    throw new CannotSay(
      `the host "${text}" in another spelling than calls have.`,
      `Write "${canonicalHost(text)}".`,
    );
  }
  return plain;
}

function literalStar(text: string): CannotSay {
  return new CannotSay(
    `"${text}" with a star that stands for itself.`,
    "In a pack * stands for anything; leave it out.",
  );
}

function pattern(operands: unknown): string {
  const left = attributeOf(part(operands, "left"));
  const elements = (operands as { readonly pattern: readonly unknown[] }).pattern;
  const text = elements
    .map((element) => {
      if (element === "Wildcard") return "*";
      const { Literal: letter = "" } = element as { readonly Literal?: string };
      if (letter.includes("*")) throw literalStar(letter);
      return letter;
    })
    .join("");
  if (!text.includes("*")) return String(constant(left, text));
  if (left.pattern !== true) {
    throw new CannotSay(
      `"like" on context.${left.key}, which packs compare exactly.`,
      "Write its values out.",
    );
  }
  const host = text.slice(2);
  const below = text.startsWith("*.") && !host.includes("*") && canonicalHost(host) === host;
  if (left.key === "host" && !below) {
    throw new CannotSay(
      `the host pattern "${text}".`,
      'A pack knows whole hosts and "*.example.org".',
    );
  }
  return text;
}

function attributeOf(expression: Expr): Attribute {
  const [name, operands] = operationOf(expression);
  const inner = name === "." ? part(operands, "left") : undefined;
  if (inner === undefined || !("Var" in inner) || inner.Var !== "context") {
    throw new CannotSay(`"${name}" where an attribute of context should stand.`, constantHint);
  }
  return attributeNamed(String((operands as { readonly attr: unknown }).attr));
}

function attributeNamed(name: string): Attribute {
  const found = attributes.find(({ key }) => key === name);
  if (found !== undefined) return found;
  throw new CannotSay(`context.${name}.`, `Known: ${attributes.map(({ key }) => key).join(", ")}.`);
}

function hasOf(operands: unknown): Attribute {
  const left = part(operands, "left");
  const { attr } = operands as { readonly attr?: unknown };
  if (!("Var" in left) || left.Var !== "context" || typeof attr !== "string") throw cannot("has");
  return attributeNamed(attr);
}

function notOf(what: string): CannotSay {
  return new CannotSay(
    `a condition that ${what} is not something.`,
    "Packs say what a fact is. Turn it round: allow what may be, or forbid the exceptions.",
  );
}

function cannot(name: string): CannotSay {
  return new CannotSay(
    `"${name}".`,
    "Packs say ==, in lists, like, && and || over facts of a call.",
  );
}

/** The name of an expression's operation and its operands; every node has exactly one. */
function operationOf(expression: Expr): readonly [string, unknown] {
  return Object.entries(expression)[0] ?? ["nothing", undefined];
}

function part(operands: unknown, side: string): Expr {
  const found = optionalPart(operands, side);
  if (found === undefined) throw cannot(side);
  return found;
}

function optionalPart(operands: unknown, side: string): Expr | undefined {
  return (operands as Readonly<Record<string, Expr | undefined>>)[side];
}
