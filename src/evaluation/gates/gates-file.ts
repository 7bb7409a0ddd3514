import { readFileSync } from "node:fs";
import { z } from "zod";
import { Agent33Error, messageOf } from "../../base/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue, toJsonValue } from "../../base/json.ts";
import { suggestName } from "../../base/nearest.ts";
import type { Fault } from "../../boundary/policy/errors.ts";
import { readYaml, type YamlForm } from "../../boundary/policy/yaml-file.ts";
import { type Gate, type GatesFile, gatesSchema, type GoldenTaskEntry } from "./gates-form.ts";

const form: YamlForm<GatesFile> = {
  schema: gatesSchema,
  hint: "docs/guides/gates.md shows the form of a gates file.",
  keysAt: (path) => keysAt(gatesJsonSchema(), path),
};

/** The form of a gates file as JSON Schema, for editors: made of what files are parsed with. */
export function gatesJsonSchema(): JsonObject {
  const made = toJsonValue(z.toJSONSchema(gatesSchema, { io: "input", unrepresentable: "any" }));
  if (!isJsonObject(made)) throw new TypeError("the schema of a gates file is no object");
  return {
    ...made,
    title: "AGENT-33 gates",
    description: "Golden tasks and the gates that they stand before; see docs/guides/gates.md.",
  };
}

/**
 * Reads a gates file.
 * @throws Agent33Error `evaluation.gates_unreadable`, or `evaluation.gates_malformed` with all that
 * is wrong, each with its line
 */
export function readGates(path: string): GatesFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new Agent33Error(
      "evaluation.gates_unreadable",
      `The gates file ${path} cannot be read: ${messageOf(cause)}`,
      {
        hint: "Write agent33.gates.yaml as docs/guides/gates.md shows, or name it by --file.",
        cause,
      },
    );
  }
  return parseGates(text, path);
}

/** The same of a text. @throws Agent33Error `evaluation.gates_malformed` */
export function parseGates(text: string, path: string): GatesFile {
  const read = readYaml(text, path, form);
  if (!read.ok) throw malformed(read.faults);
  const { data, places } = read;
  const faults = Object.entries(data.gates).flatMap(([gate, made]): readonly Fault[] => {
    const fault = (field: string, message: string): Fault => ({
      at: places.at("gates", gate, field),
      message: `The gate "${gate}" ${message}`,
      hint: "A gate that nothing has to pass says nothing: give it something to try.",
    });
    return [
      ...(tasksOfGate(data, made).length === 0
        ? [fault("tags", "has no task: no golden task has one of its tags.")]
        : []),
      ...(made.agents.every(({ kind }) => kind === "nop")
        ? [fault("agents", "has nobody who works: nop is not meant to pass.")]
        : []),
      ...made.thresholds.flatMap(({ tags }, index) =>
        tags === undefined || tasksOfGate(data, made).some((task) => hasTag(task, tags))
          ? []
          : [fault("thresholds", `has no task for the tags of its threshold ${index + 1}.`)],
      ),
    ];
  });
  if (faults.length > 0) throw malformed(faults);
  return data;
}

/** @throws Agent33Error `evaluation.unknown_gate` */
export function gateNamed(file: GatesFile, name: string): Gate {
  const gate = Object.hasOwn(file.gates, name) ? file.gates[name] : undefined;
  if (gate !== undefined) return gate;
  throw new Agent33Error("evaluation.unknown_gate", `There is no gate "${name}".`, {
    hint: suggestName(name, Object.keys(file.gates)),
  });
}

/** The golden tasks that a gate tries. */
export function tasksOfGate(file: GatesFile, gate: Gate): readonly GoldenTaskEntry[] {
  return file.tasks.filter((task) => hasTag(task, gate.tags));
}

/** Whether it has one of the tags. */
export function hasTag(
  { tags }: Pick<GoldenTaskEntry, "tags">,
  wanted: readonly string[],
): boolean {
  return tags.some((tag) => wanted.includes(tag));
}

function malformed(faults: readonly Fault[]): Agent33Error {
  const lines = faults.map(({ at, message }) => `${at.file}:${at.line}:${at.column}: ${message}`);
  const [first] = faults;
  return new Agent33Error("evaluation.gates_malformed", lines.join("\n"), {
    hint: first?.hint ?? form.hint,
    details: { line: first?.at.line ?? 1, faults: faults.length },
    cause: first?.cause,
  });
}

/** The keys that a JSON Schema knows at a place of its values. */
function keysAt(schema: JsonObject, path: readonly PropertyKey[]): readonly string[] {
  let part: JsonValue | undefined = schema;
  for (const step of path) {
    if (!isJsonObject(part)) return [];
    const properties: JsonValue | undefined = part["properties"];
    const inside: JsonValue | undefined = isJsonObject(properties)
      ? properties[String(step)]
      : undefined;
    part = inside ?? part["items"] ?? part["additionalProperties"];
  }
  return isJsonObject(part) && isJsonObject(part["properties"])
    ? Object.keys(part["properties"])
    : [];
}
