import { Agent33Error } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import { suggestName } from "../../base/nearest.ts";
import type { Fault } from "../../boundary/policy/errors.ts";
import { readYaml, type YamlForm } from "../../boundary/policy/yaml-file.ts";
import { jsonSchemaOf, keysAt, malformedFile, textOfFile } from "../yaml-edge.ts";
import { type Probe, type Surface, surfaceSchema } from "./surface-form.ts";

/** Name of the file, if no other is named. */
export const surfaceFile = "agent33.surface.yaml";

const hint = "docs/guides/gates.md shows the form of a surface file.";

const form: YamlForm<Surface> = {
  schema: surfaceSchema,
  hint,
  keysAt: (path) => keysAt(surfaceJsonSchema(), path),
};

/** The form of a surface file as JSON Schema, for editors: made of what files are parsed with. */
export function surfaceJsonSchema(): JsonObject {
  return jsonSchemaOf(
    surfaceSchema,
    "AGENT-33 capability surface",
    "What must exist and work, each with a probe; see docs/guides/gates.md.",
  );
}

/**
 * Reads a surface file.
 * @throws Agent33Error `evaluation.surface_unreadable`, or `evaluation.surface_malformed` with all
 * that is wrong, each with its line
 */
export function readSurface(path: string): Surface {
  const missing = `Write ${surfaceFile} as docs/guides/gates.md shows, or name it by --file.`;
  const text = textOfFile("evaluation.surface_unreadable", "The surface file", path, missing);
  return parseSurface(text, path);
}

/** The same of a text. @throws Agent33Error `evaluation.surface_malformed` */
export function parseSurface(text: string, path: string): Surface {
  const read = readYaml(text, path, form);
  if (!read.ok) throw malformed(read.faults);
  const { data, places } = read;
  const faults = data.probes.flatMap(({ id }, index): readonly Fault[] =>
    data.probes.findIndex((other) => other.id === id) === index
      ? []
      : [
          {
            at: places.at("probes", index, "id"),
            message: `There is another probe "${id}".`,
            hint: "Give each probe an id of its own: verdicts and names on the command line use it.",
          },
        ],
  );
  if (faults.length > 0) throw malformed(faults);
  return data;
}

/**
 * Probes by their ids, in the order of the file; without a name all of them.
 * @throws Agent33Error `evaluation.unknown_probe`
 */
export function probesNamed({ probes }: Surface, names: readonly string[]): readonly Probe[] {
  const unknown = names.find((name) => !probes.some(({ id }) => id === name));
  if (unknown !== undefined) {
    throw new Agent33Error("evaluation.unknown_probe", `There is no probe "${unknown}".`, {
      hint: suggestName(
        unknown,
        probes.map(({ id }) => id),
      ),
    });
  }
  return names.length === 0 ? probes : probes.filter(({ id }) => names.includes(id));
}

function malformed(faults: readonly Fault[]): Agent33Error {
  return malformedFile("evaluation.surface_malformed", faults, hint);
}
