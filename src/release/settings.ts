import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { Agent33Error, messageOf } from "../base/errors.ts";
import { toJsonValue } from "../base/json.ts";
import {
  commandSchema as command,
  groupName as name,
  groupSchema,
  type GroupSettings,
} from "../evaluation/groups/group-form.ts";

/** Name of the file in the folder where the program was started. */
export const releaseFile = "agent33.release.yaml";

const text = z.string().min(1).max(4_096);
export const riskLevels = ["low", "medium", "high", "critical"] as const;
export type RiskLevel = (typeof riskLevels)[number];

const riskSchema = z.strictObject({
  /** Changed lines from which a change is of that risk. */
  mediumLines: z.int().positive().default(400),
  highLines: z.int().positive().default(2_000),
  /** Paths with `*` for any characters. */
  rules: z
    .array(
      z.strictObject({
        name,
        paths: z.array(text).min(1),
        level: z.enum(riskLevels),
        why: text,
      }),
    )
    .default([]),
});

const releaseSchema = z.strictObject({
  groups: z.record(name, groupSchema).refine((groups) => Object.keys(groups).length > 0, {
    error: "must declare at least one group",
  }),
  /** Commands that make a fresh checkout ready, such as `[npm, ci]`, one after the other. */
  prepare: z.array(command).default([]),
  packet: z
    .strictObject({
      /** Default: all groups. */
      groups: z.array(name).exactOptional(),
      /** A gate whose verdict a packet must bring. */
      gate: name.exactOptional(),
    })
    .default({}),
  smoke: z
    .strictObject({
      /** Default: all groups. */
      groups: z.array(name).exactOptional(),
      /** How often a group that failed is run again; what passes then is flaky. */
      reruns: z.int().min(0).max(5).default(1),
    })
    .prefault({}),
  risk: riskSchema.prefault({}),
  signing: z
    .strictObject({
      /** Ed25519, PEM (PKCS #8), kept out of the repository. */
      privateKeyFile: text.exactOptional(),
      /** Ed25519, PEM (SPKI). Where it is set, evidence must be signed with its key. */
      publicKeyFile: text.exactOptional(),
    })
    .default({}),
});
export type ReleaseSettings = Readonly<z.output<typeof releaseSchema>>;

/** The form of the file as JSON Schema, for editors. */
export function releaseJsonSchema() {
  return toJsonValue(z.toJSONSchema(releaseSchema, { io: "input", unrepresentable: "any" }));
}

/**
 * Reads the settings of releases.
 * @throws Agent33Error `release.no_settings`, `release.bad_settings` with all that is wrong
 */
export function readReleaseSettings(folder: string): ReleaseSettings {
  const path = join(folder, releaseFile);
  if (!existsSync(path)) {
    throw new Agent33Error("release.no_settings", `There is no ${releaseFile} in ${folder}.`, {
      hint: "Declare the groups of commands there; docs/guides/release.md shows the form.",
    });
  }
  let value: unknown;
  try {
    value = parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw badSettings(path, messageOf(cause), cause);
  }
  const parsed = releaseSchema.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      (issue) => `${issue.path.map(String).join(".") || "the file"}: ${issue.message}`,
    );
    throw badSettings(path, issues.join("; "), parsed.error);
  }
  const { groups, packet, smoke } = parsed.data;
  const unknown = [...(packet.groups ?? []), ...(smoke.groups ?? [])].find(
    (one) => !Object.hasOwn(groups, one),
  );
  if (unknown === undefined) return parsed.data;
  throw badSettings(path, `there is no group "${unknown}" (${Object.keys(groups).join(", ")})`);
}

function badSettings(path: string, what: string, cause?: unknown): Agent33Error {
  return new Agent33Error("release.bad_settings", `${path}: ${what}`, {
    hint: "docs/guides/release.md shows the form of the file.",
    cause,
  });
}

/**
 * Groups by their names.
 * @throws Agent33Error `release.unknown_group`
 */
export function groupsNamed(
  { groups }: ReleaseSettings,
  names: readonly string[] | undefined,
): readonly (readonly [string, GroupSettings])[] {
  return (names ?? Object.keys(groups)).map((one) => {
    const group = Object.hasOwn(groups, one) ? groups[one] : undefined;
    if (group !== undefined) return [one, group];
    throw new Agent33Error("release.unknown_group", `There is no group "${one}".`, {
      hint: `${releaseFile} declares ${Object.keys(groups).join(", ")}.`,
    });
  });
}
