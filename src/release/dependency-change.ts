import { z } from "zod";
import { isJsonObject, type JsonObject, type JsonValue, textOf } from "../base/json.ts";
import type { FilePair, Unread } from "./tree.ts";

const text = z.string();
const count = z.int().nonnegative();
/** What could not be read on one side, as packets hold it. */
export const unreadSchema = z.array(
  z.strictObject({ path: text, side: z.enum(["base", "head"]), why: text }),
);

/** What a change does to what the program is built of, as packets hold it. */
export const dependencyChangesSchema = z.strictObject({
  /** Dependencies that are named, by `package.json`. */
  named: z.array(
    z.strictObject({
      path: text,
      section: text,
      name: text,
      before: text.nullable(),
      after: text.nullable(),
      /** Whether the new version may break who uses it (semver.org); null where it cannot be told. */
      major: z.boolean().nullable(),
    }),
  ),
  /** Packages that are installed, by lock files of npm. */
  locked: z.array(
    z.strictObject({
      path: text,
      added: count,
      removed: count,
      changed: count,
      /** `name before → after`. */
      major: z.array(text),
      /** Packages that run a script when they are installed, and did not. */
      scripts: z.array(text),
    }),
  ),
  unread: unreadSchema,
});
export type DependencyChanges = z.output<typeof dependencyChangesSchema>;
type Named = DependencyChanges["named"][number];

const sections = [
  "dependencies",
  "devDependencies",
  "optionalDependencies",
  "peerDependencies",
] as const;

/** Names what was added, taken away or changed. Files of other package managers are told as unread. */
export function dependencyChanges(files: readonly FilePair[]): DependencyChanges {
  const named: Named[] = [];
  const locked: DependencyChanges["locked"] = [];
  const unread: Unread[] = [];
  for (const { path, before, after } of files) {
    const [one, other] = (
      [
        ["base", before],
        ["head", after],
      ] as const
    ).map(([side, content]) => {
      const read = objectOf(content, path);
      if (typeof read === "string") unread.push({ path, side, why: read });
      return typeof read === "string" ? undefined : read;
    });
    if (one === undefined || other === undefined) continue;
    if (path.endsWith("package.json")) named.push(...namedIn(path, one, other));
    else locked.push(lockedIn(path, one, other));
  }
  return { named, locked, unread };
}

/** Nothing is an empty table; a fault is a sentence. */
function objectOf(content: string | undefined, path: string): JsonObject | string {
  const isLock = path.endsWith("package-lock.json");
  if (!isLock && !path.endsWith("package.json")) {
    return "It is not npm's; its packages were not compared.";
  }
  if (content === undefined) return {};
  let value: JsonValue;
  try {
    value = JSON.parse(content) as JsonValue;
  } catch {
    return "It is not JSON.";
  }
  if (!isJsonObject(value)) return "It does not hold an object.";
  if (isLock && !isJsonObject(value["packages"])) {
    return "It has no `packages` (lockfileVersion 2 or later).";
  }
  return value;
}

function namedIn(path: string, before: JsonObject, after: JsonObject): readonly Named[] {
  return sections.flatMap((section) => {
    const [one, other] = [versionsIn(before[section]), versionsIn(after[section])];
    return [...new Set([...one.keys(), ...other.keys()])].toSorted().flatMap((name) => {
      const [was, is] = [one.get(name) ?? null, other.get(name) ?? null];
      if (was === is) return [];
      const major = was === null || is === null ? null : isMajor(was, is);
      return [{ path, section, name, before: was, after: is, major }];
    });
  });
}

function versionsIn(value: JsonValue | undefined): ReadonlyMap<string, string> {
  if (!isJsonObject(value)) return new Map();
  return new Map(Object.entries(value).map(([name, version]) => [name, textOf(version)] as const));
}

interface Installed {
  readonly version: string;
  readonly script: boolean;
}

function lockedIn(
  path: string,
  before: JsonObject,
  after: JsonObject,
): DependencyChanges["locked"][number] {
  const [one, other] = [installedIn(before), installedIn(after)];
  const both = [...other].flatMap(([place, is]) => {
    const was = one.get(place);
    return was === undefined ? [] : [{ place, was, is }];
  });
  const changed = both.filter(({ was, is }) => was.version !== is.version);
  return {
    path,
    added: other.size - both.length,
    removed: one.size - both.length,
    changed: changed.length,
    major: changed
      .filter(({ was, is }) => isMajor(was.version, is.version) !== false)
      .map(({ place, was, is }) => `${nameOf(place)} ${was.version} → ${is.version}`),
    scripts: [...other]
      .filter(([place, { script }]) => script && one.get(place)?.script !== true)
      .map(([place, { version }]) => `${nameOf(place)} ${version}`),
  };
}

const nameOf = (place: string): string => place.split("node_modules/").at(-1) ?? place;

function installedIn({ packages }: JsonObject): ReadonlyMap<string, Installed> {
  if (!isJsonObject(packages)) return new Map();
  return new Map(
    Object.entries(packages).flatMap(([place, entry]) =>
      place === "" || !isJsonObject(entry)
        ? []
        : [
            [
              place,
              {
                version: textOf(entry["version"] ?? entry["resolved"] ?? ""),
                script: entry["hasInstallScript"] === true,
              },
            ] as const,
          ],
    ),
  );
}

/**
 * Whether a version may break what another one did: another first number, or another second one
 * below 1.0.0 (semver.org, 4). Of ranges, the version that they begin with.
 * @returns null where one of the two is no version, such as an address
 */
export function isMajor(before: string, after: string): boolean | null {
  const [one, other] = [before, after].map((version) =>
    /^[\^~>=v\s]*(\d+)(?:\.(\d+))?(?:\.|-|$)/.exec(version),
  );
  if (!one || !other) return null;
  if (one[1] !== other[1]) return true;
  return one[1] === "0" && (one[2] ?? "0") !== (other[2] ?? "0");
}
