import type { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import { isJsonObject, toJsonValue } from "../base/json.ts";
import { suggestName } from "../base/nearest.ts";
import { type FormVariant, kindForms } from "./kind-form.ts";
import { leaves } from "./leaves.ts";
import type { Settings } from "./schema.ts";

/** Where a value was written: a line of a file, a variable, a flag. */
interface Place {
  readonly name: string;
}

/**
 * What is wrong with settings, each with its place, and what to do about the first of it.
 * @param given the settings as they were written
 */
export function invalidSettings(
  error: z.ZodError,
  given: unknown,
  origins: ReadonlyMap<string, Place>,
): Agent33Error {
  const lines = error.issues.map((issue) => {
    const name = issue.path.map(String).join(".");
    const leaf = leaves.find(
      (candidate) => name === candidate.name || name.startsWith(`${candidate.name}.`),
    );
    const origin = leaf === undefined ? undefined : origins.get(leaf.name);
    // Of a name that may not be, the reason stands one level below.
    const problem = issue.code === "invalid_key" ? (issue.issues[0] ?? issue) : issue;
    return `${name}: ${problem.message}${origin === undefined ? "" : ` (${origin.name})`}`;
  });
  const [section, name] = error.issues[0]?.path.map(String) ?? [];
  return new Agent33Error("config.invalid_value", `Settings are not valid: ${lines.join("; ")}.`, {
    hint:
      section === "connectors"
        ? connectorHint(given, name)
        : "Run `agent33 config explain` with the setting removed to see what is expected.",
    cause: error,
  });
}

function connectorHint(given: unknown, name: string | undefined): string {
  const settings = toJsonValue(given);
  const connectors = isJsonObject(settings) ? settings["connectors"] : undefined;
  const one = isJsonObject(connectors) && name !== undefined ? connectors[name] : undefined;
  const { kind = "" } = isJsonObject(one) ? one : {};
  const forms = kindForms();
  const form = forms.find((candidate) => candidate.kind === kind);
  if (form === undefined) {
    const kinds = forms.map((candidate) => candidate.kind);
    return typeof kind === "string" && kind !== ""
      ? suggestName(kind, kinds)
      : `Write each as \`NAME: { kind: KIND, … }\`; kinds are ${kinds.join(", ")}.`;
  }
  const fits = ({ fixed }: FormVariant): boolean =>
    Object.entries(fixed).every(([field, value]) => isJsonObject(one) && one[field] === value);
  const variant = form.variants.find(fits);
  const takes = (variant === undefined ? form.variants : [variant]).map(inWords).join("; or ");
  return `A connector of the kind ${form.kind} takes ${takes}. \`agent33 connectors add ${form.kind} NAME\` asks for each.`;
}

function inWords({ fixed, fields }: FormVariant): string {
  const chosen = Object.entries(fixed).flatMap(([field, value]) =>
    field === "kind" ? [] : [`${field} ${value}`],
  );
  const others = fields.map(({ name, required }) => (required ? `${name} (needed)` : name));
  return [...chosen, ...others].join(", ");
}

/**
 * One name for a connector and a server would be one beginning for the names of their tools.
 * @param own the servers that the settings themselves name, not those of other programs' files
 * @throws Agent33Error `config.name_in_use`
 */
export function checkNames(
  { connectors, mcpServers }: Pick<Settings, "connectors" | "mcpServers">,
  own: Settings["mcpServers"],
  originOf: (name: string) => Place,
): void {
  const name = Object.keys(connectors).find((one) => Object.hasOwn(mcpServers, one));
  if (name === undefined) return;
  const one = originOf("connectors").name;
  const other = originOf(Object.hasOwn(own, name) ? "mcpServers" : "mcpFiles").name;
  throw new Agent33Error(
    "config.name_in_use",
    `Settings are not valid: "${name}" is a connector (${one}) and an MCP server (${other}).`,
    { hint: "Rename one of them: the names of their tools begin with it." },
  );
}
