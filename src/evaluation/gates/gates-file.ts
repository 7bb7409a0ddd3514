import { Agent33Error } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import { suggestName } from "../../base/nearest.ts";
import type { Fault } from "../../boundary/policy/errors.ts";
import { readYaml, type YamlForm } from "../../boundary/policy/yaml-file.ts";
import { jsonSchemaOf, keysAt, malformedFile, textOfFile } from "../yaml-edge.ts";
import {
  type Gate,
  type GateGroup,
  type GatesFile,
  gatesSchema,
  type GoldenTaskEntry,
} from "./gates-form.ts";

const hint = "docs/guides/gates.md shows the form of a gates file.";

const form: YamlForm<GatesFile> = {
  schema: gatesSchema,
  hint,
  keysAt: (path) => keysAt(gatesJsonSchema(), path),
};

/** The form of a gates file as JSON Schema, for editors: made of what files are parsed with. */
export function gatesJsonSchema(): JsonObject {
  return jsonSchemaOf(
    gatesSchema,
    "AGENT-33 gates",
    "Golden tasks and the gates that they stand before; see docs/guides/gates.md.",
  );
}

/**
 * Reads a gates file.
 * @throws Agent33Error `evaluation.gates_unreadable`, or `evaluation.gates_malformed` with all that
 * is wrong, each with its line
 */
export function readGates(path: string): GatesFile {
  const missing = "Write agent33.gates.yaml as docs/guides/gates.md shows, or name it by --file.";
  const text = textOfFile("evaluation.gates_unreadable", "The gates file", path, missing);
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
      ...(made.groups ?? []).flatMap((group) =>
        Object.hasOwn(data.groups ?? {}, group)
          ? []
          : [fault("groups", `names the group "${group}", which is not declared under groups.`)],
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

/** The declared groups that a gate runs, by their names. */
export function groupsOfGate(file: GatesFile, gate: Gate): readonly NamedGroup[] {
  return [...new Set(gate.groups ?? [])].flatMap((name) => {
    const group = file.groups?.[name];
    return group === undefined ? [] : [{ name, group }];
  });
}

/** A declared group and its name. */
export interface NamedGroup {
  readonly name: string;
  readonly group: GateGroup;
}

/** Whether it has one of the tags. */
export function hasTag(
  { tags }: { readonly tags: readonly string[] },
  wanted: readonly string[],
): boolean {
  return tags.some((tag) => wanted.includes(tag));
}

function malformed(faults: readonly Fault[]): Agent33Error {
  return malformedFile("evaluation.gates_malformed", faults, hint);
}
