import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../base/json.ts";
import { suggestName } from "../base/nearest.ts";
import { createRedactor } from "../base/redact.ts";
import { connectorKinds } from "../connectors/kinds.ts";

/** One field of a connector's settings, as a person is asked for it. */
export interface FormField {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly type: "string" | "number" | "boolean" | "list" | "table";
  /** Whether it holds names of environment variables, never what is in them. */
  readonly namesVariables: boolean;
}

/** One way in which a kind can be configured; most kinds have one. */
export interface FormVariant {
  /** What is settled by choosing it: `{ kind: "search", provider: "brave" }`. */
  readonly fixed: Readonly<Record<string, string>>;
  readonly fields: readonly FormField[];
}

export interface KindForm {
  readonly kind: string;
  readonly summary: string;
  readonly variants: readonly FormVariant[];
}

/** The forms of all kinds, read off their schemas. */
export function kindForms(): readonly KindForm[] {
  return Object.values(connectorKinds).map(({ kind, summary, settings }) => {
    const schema = z.toJSONSchema(settings, { io: "input" }) as JsonObject;
    const variants = Array.isArray(schema["oneOf"]) ? schema["oneOf"] : [schema];
    return { kind, summary, variants: variants.filter(isJsonObject).map(variantOf) };
  });
}

/** @throws Agent33Error `config.unknown_kind` */
export function kindForm(kind: string): KindForm {
  const forms = kindForms();
  const found = forms.find((form) => form.kind === kind);
  if (found !== undefined) return found;
  const names = forms.map((form) => form.kind);
  throw new Agent33Error("config.unknown_kind", `There is no kind of connector "${kind}".`, {
    hint: suggestName(kind, names),
  });
}

function variantOf(schema: JsonObject): FormVariant {
  const { properties, required } = schema;
  const all = Object.entries(isJsonObject(properties) ? properties : {}).flatMap(([name, field]) =>
    isJsonObject(field) ? [[name, field] as const] : [],
  );
  const fixed = all.flatMap(([name, { const: value }]) =>
    typeof value === "string" ? [[name, value] as const] : [],
  );
  const needed = Array.isArray(required) ? required : [];
  return {
    fixed: Object.fromEntries(fixed),
    fields: all
      .filter(([, { const: value }]) => value === undefined)
      .map(([name, { type, description }]) => ({
        name,
        description: typeof description === "string" ? description : "",
        required: needed.includes(name),
        type: fieldType(type),
        namesVariables: name.endsWith("Variable") || name.startsWith("secret"),
      })),
  };
}

const fieldTypes: Readonly<Record<string, FormField["type"]>> = {
  integer: "number",
  number: "number",
  boolean: "boolean",
  array: "list",
  object: "table",
};

function fieldType(type: JsonValue | undefined): FormField["type"] {
  return (typeof type === "string" ? fieldTypes[type] : undefined) ?? "string";
}

/**
 * What a person wrote for a field: lists with commas, tables as `name=value` with commas.
 * @throws Agent33Error `config.secret_value` for what looks like a secret, without saying it again
 */
export function fieldValue(field: FormField, text: string): JsonValue {
  const { type } = field;
  refuseSecrets(field, text);
  const items = (): readonly string[] => text.split(",").map((item) => item.trim());
  switch (type) {
    case "number":
      return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "list":
      return items().filter((item) => item !== "");
    case "table":
      return Object.fromEntries(items().map(nameAndValue));
    case "string":
      return text;
  }
}

function nameAndValue(item: string): readonly [string, string] {
  const at = item.indexOf("=");
  return [item.slice(0, Math.max(0, at)).trim(), item.slice(at + 1).trim()];
}

const variableName = /^[A-Z][A-Z0-9_]{0,63}$/;

function refuseSecrets({ name, type, namesVariables }: FormField, text: string): void {
  const values = type === "table" ? text.split(",").map((item) => nameAndValue(item)[1]) : [text];
  const wrong = values.some((value) =>
    namesVariables ? !variableName.test(value) : holdsSecret(value),
  );
  if (!wrong) return;
  throw new Agent33Error(
    "config.secret_value",
    namesVariables
      ? `${name} takes the name of an environment variable, in capitals, not what is in it.`
      : `${name} holds what looks like a secret, and the settings are no place for one.`,
    { hint: "Put the secret into an environment variable, and name that." },
  );
}

function holdsSecret(value: string): boolean {
  const url = URL.parse(value);
  return createRedactor().text(value) !== value || (url !== null && url.password !== "");
}
