import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { Agent33Error, messageOf } from "../base/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue, toJsonValue } from "../base/json.ts";
import type { Fault } from "../boundary/policy/errors.ts";
import { readYaml, type YamlForm } from "../boundary/policy/yaml-file.ts";
import { createObjectSchemas } from "../tools/object-schema.ts";
import { isPlainSchema } from "../tools/plain-schema.ts";
import { type AgentDefinition, agentDefinitionSchema } from "./definition.ts";

const form: YamlForm<AgentDefinition> = {
  schema: agentDefinitionSchema,
  hint: "docs/guides/agents.md shows the form of an agent definition.",
  keysAt: (path) => keysAt(definitionJsonSchema(), path),
};

/**
 * Reads an agent definition from a YAML (or JSON) file.
 * @throws Agent33Error `agents.unreadable`, or `agents.malformed` with all that is wrong, each with
 * its line and field
 */
export function readAgentFile(path: string): AgentDefinition {
  return parseAgent(readText(path), path);
}

/**
 * Reads an agent definition from YAML (or JSON).
 * @param path what the text is called in messages
 * @throws Agent33Error `agents.malformed`
 */
export function parseAgent(text: string, path: string): AgentDefinition {
  const read = readYaml(text, path, form);
  if (!read.ok) throw malformed(path, read.faults);
  const faults = (["inputs", "outputs"] as const).flatMap((field): readonly Fault[] => {
    const wrong = schemaFault(read.data[field]);
    if (wrong === undefined) return [];
    const message = `${field}: this is no JSON Schema that can be checked: ${wrong}.`;
    return [{ at: read.places.at(field), message, hint: form.hint }];
  });
  if (faults.length > 0) throw malformed(path, faults);
  return read.data;
}

/** The form of a definition as JSON Schema, for editors: made of what files are parsed with. */
export function definitionJsonSchema(): JsonObject {
  const made = toJsonValue(
    z.toJSONSchema(agentDefinitionSchema, { io: "input", unrepresentable: "any" }),
  );
  if (!isJsonObject(made)) throw new TypeError("the schema of a definition is no object");
  return {
    ...made,
    title: "AGENT-33 agent definition",
    description: "Who an agent is; see docs/guides/agents.md.",
  };
}

function readText(path: string): string {
  try {
    // A pipe is waited for until somebody writes into it.
    if (!statSync(path).isFile()) throw new TypeError("it is no file");
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new Agent33Error(
      "agents.unreadable",
      `The agent file ${path} cannot be read: ${messageOf(cause)}`,
      { hint: "Give the path of a YAML file with name, version, role and instructions.", cause },
    );
  }
}

function schemaFault(schema: JsonObject | undefined): string | undefined {
  // Making a check costs some milliseconds, and a folder may hold a thousand definitions.
  if (schema === undefined || isPlainSchema(schema)) return undefined;
  try {
    createObjectSchemas()(schema, "the value");
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function malformed(path: string, faults: readonly Fault[]): Agent33Error {
  const lines = faults.map(({ at, message }) => `${at.file}:${at.line}:${at.column}: ${message}`);
  const first = faults[0];
  return new Agent33Error("agents.malformed", lines.join("\n"), {
    hint: first?.hint ?? form.hint,
    details: { file: path, line: first?.at.line ?? 1, faults: faults.length },
    cause: first?.cause,
  });
}

/** The keys that a JSON Schema knows at a place of its values. */
function keysAt(schema: JsonObject, path: readonly PropertyKey[]): readonly string[] {
  let part: JsonValue | undefined = schema;
  for (const step of path) {
    const properties: JsonValue | undefined = isJsonObject(part) ? part["properties"] : undefined;
    const inside: JsonValue | undefined = isJsonObject(properties)
      ? properties[String(step)]
      : undefined;
    part = inside ?? (isJsonObject(part) ? part["items"] : undefined);
  }
  return isJsonObject(part) && isJsonObject(part["properties"])
    ? Object.keys(part["properties"])
    : [];
}
