import type { PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import { LineCounter } from "yaml";
import type { Fault, Position } from "../errors.ts";
import type { MatchKeyName } from "../schema.ts";
import { type Alternative, always, both, CannotSay, matchOf } from "./cedar-alternatives.ts";
import { alternativesOf, entityMatch, type EntityId } from "./cedar-condition.ts";
import type { Cedar } from "./cedar-library.ts";
import { type Imported, inOrder, ruleIds, type WrittenRule, writePack } from "./imported-pack.ts";

/**
 * Makes a pack of Cedar policies about calls: `User` asks for `Action` (the operation) on
 * `Connector`, `context` holds the facts under the names that packs have. Permits become allow
 * rules, forbids deny rules, and nothing is allowed by default, as in Cedar.
 * @param file how the file is called in messages
 */
export function importCedar(cedar: Cedar, text: string, file: string, name: string): Imported {
  const places = placesIn(text, file);
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === "failure") {
    const refused = parts.errors.map(({ message, help, sourceLocations }) => {
      const [location] = sourceLocations ?? [];
      const expected = location?.label ?? help ?? "";
      const at = places.atByte(location?.start ?? 0);
      return { at, message: `${message}. ${expected}`.trim(), hint: "Mend the policy here." };
    });
    return { ok: false, refused };
  }

  const refused: Fault[] = parts.policy_templates.map((template) => ({
    at: places.next(template),
    message: "a template: packs have rules for known principals and connectors only.",
    hint: "Write a policy for each link of the template.",
  }));
  const idOf = ruleIds();
  const rules: WrittenRule[] = [];
  for (const policy of parts.policies) {
    const at = places.next(policy);
    const read = cedar.policyToJson(policy);
    if (read.type === "failure") {
      const message = read.errors.map((error) => error.message).join("; ");
      refused.push({ at, message, hint: "Mend the policy here." });
      continue;
    }
    try {
      rules.push(...rulesOf(read.json, at, idOf));
    } catch (error) {
      if (!(error instanceof CannotSay)) throw error;
      const message = `packs cannot say ${error.message}`;
      refused.push({ at, message, hint: error.hint });
    }
  }
  if (refused.length > 0) return { ok: false, refused: inOrder(refused) };
  const description =
    "Imported from Cedar policies. Private addresses stay shut but for policies that name context.private.";
  const sorted = rules.toSorted((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0));
  return writePack({ name, description, default: "deny", rules: sorted }, [], file);
}

function rulesOf(
  policy: PolicyJson,
  at: Position,
  idOf: (text: string) => string,
): readonly WrittenRule[] {
  const { annotations = {}, effect } = policy;
  let alternatives: readonly Alternative[] = headOf(policy);
  for (const { kind, body } of policy.conditions) {
    alternatives = both(alternatives, alternativesOf(body, kind === "unless"));
  }
  if (alternatives.length === 0) {
    throw new CannotSay(
      "a policy that no request can fit.",
      "Take it out, or mend its conditions.",
    );
  }
  const said = annotations["reason"] ?? annotations["advice"];
  const reason = said === undefined || said === null ? `Cedar: line ${at.line}.` : said;
  const name = annotations["id"] ?? `${effect}-line-${at.line}`;
  return alternatives.map((alternative) => ({
    id: idOf(name),
    effect: effect === "permit" ? "allow" : "deny",
    match: matchOf(alternative),
    reason,
    at,
  }));
}

/** What stands in the brackets of `permit (principal, action, resource)`. */
function headOf({ principal, action, resource }: PolicyJson): readonly Alternative[] {
  let alternatives = always;
  const also = (match: Alternative["match"]): void => {
    alternatives = both(alternatives, [{ match, has: new Set<MatchKeyName>() }]);
  };
  if (principal.op === "==") also(entityMatch("principal", entityOf(principal)));
  if (principal.op === "in") also({ tenant: [tenantOf(principal)] });
  if (principal.op === "is") {
    if (principal.entity_type !== "User") throw otherType("principal", principal.entity_type);
    if (principal.in !== undefined) also({ tenant: [tenantOf(principal.in)] });
  }
  if (action.op === "==") also(entityMatch("action", entityOf(action)));
  if (action.op === "in") {
    const given = "entities" in action ? action.entities : [action.entity];
    if (given.length === 0) throw new CannotSay("action in [].", "Name at least one action.");
    also(entityMatch("action", ...given.map((entity) => entityOf({ entity }))));
  }
  if (resource.op === "==") also(entityMatch("resource", entityOf(resource)));
  if (resource.op === "in" || (resource.op === "is" && resource.in !== undefined)) {
    throw new CannotSay(
      'resource in a group: "in" about connectors.',
      'Write resource == Connector::"mcp:files", or context.connector like "mcp:*".',
    );
  }
  if (resource.op === "is" && resource.entity_type !== "Connector") {
    throw otherType("resource", resource.entity_type);
  }
  return alternatives;
}

function tenantOf(constraint: object): string {
  const { type, id } = entityOf(constraint);
  if (type === "Tenant") return id;
  throw new CannotSay(
    `principal in ${type}::"${id}".`,
    'The only group that packs know is the tenant: principal in Tenant::"…".',
  );
}

function entityOf(constraint: object): EntityId {
  if ("entity" in constraint) {
    const entity = constraint.entity as EntityId | { readonly __entity: EntityId };
    return "__entity" in entity ? entity["__entity"] : entity;
  }
  throw new CannotSay("a slot of a template.", "Write the entity out.");
}

function otherType(variable: string, type: string): CannotSay {
  return new CannotSay(
    `${variable} is ${type}.`,
    "A principal is a User, an action an Action, a resource a Connector.",
  );
}

/** Finds policies again in the text that they were taken out of. */
function placesIn(text: string, file: string) {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    lines.addNewLine(at + 1);
  }
  const taken = new Set<number>();
  const placeAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  return {
    /** Cedar counts bytes. */
    atByte: (bytes: number): Position =>
      placeAt(Buffer.from(text).subarray(0, bytes).toString().length),
    /** The place of a policy's text; the same text again is the next place. */
    next: (policy: string): Position => {
      let offset = text.indexOf(policy);
      while (offset >= 0 && taken.has(offset)) offset = text.indexOf(policy, offset + 1);
      taken.add(offset);
      return placeAt(Math.max(0, offset));
    },
  };
}
