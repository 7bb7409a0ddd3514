import { posix } from "node:path";
import { z } from "zod";
import {
  comparePolicies,
  directions,
  packFilesNamed,
  type PolicyComparison,
  type PolicySide,
} from "../engine/policy-sides.ts";
import {
  type DependencyChanges,
  dependencyChanges,
  dependencyChangesSchema,
  unreadSchema,
} from "./dependency-change.ts";
import type { Git } from "./git.ts";
import { lookedInto } from "./risk-rules.ts";
import { type SchemaChanges, schemaChanges, schemaChangesSchema } from "./schema-change.ts";
import type { Scope } from "./scope.ts";
import { type FilePair, pathsAt, textsAt } from "./tree.ts";

const text = z.string();
const rule = z.looseObject({ ruleId: text, effect: text, reason: text });
const direction = z.enum(directions);

/** What a change says within its files, as packets hold it; null where it touches none of the kind. */
export const changesSchema = z.strictObject({
  policy: z
    .strictObject({
      direction,
      policies: z.array(
        z.strictObject({
          subject: text,
          direction,
          note: text,
          rules: z.array(
            z.strictObject({
              rule: text,
              direction,
              before: rule.nullable(),
              after: rule.nullable(),
            }),
          ),
          default: z.strictObject({ before: text, after: text }).nullable(),
        }),
      ),
      settings: z.array(z.strictObject({ path: text, names: z.array(text) })),
      unread: unreadSchema,
    })
    .nullable(),
  dependencies: dependencyChangesSchema.nullable(),
  schemas: schemaChangesSchema.nullable(),
});

/** What a change says within its files. */
export interface Changes {
  readonly policy: PolicyComparison | null;
  readonly dependencies: DependencyChanges | null;
  readonly schemas: SchemaChanges | null;
}

/**
 * Looks into the files of a change: what it does to policy, dependencies and schemas.
 * @throws Agent33Error `release.git_failed`
 */
export async function changesOf(
  git: Git,
  { from, head, files }: Pick<Scope, "from" | "head" | "files">,
): Promise<Changes> {
  const changed = [
    ...new Set(files.flatMap(({ path, was }) => (was === undefined ? [path] : [path, was]))),
  ];
  const dependencies = changed.filter(lookedInto.dependencies);
  const schemas = changed.filter(lookedInto.schema);
  const sides: Sides = { before: await treeOf(git, from), after: await treeOf(git, head) };
  const pairs = async (paths: readonly string[]): Promise<readonly FilePair[]> => {
    const [before, after] = [await sides.before.read(paths), await sides.after.read(paths)];
    return paths.map((path) => ({ path, before: before.get(path), after: after.get(path) }));
  };
  return {
    policy: await policyChanges(sides, changed),
    dependencies: dependencies.length === 0 ? null : dependencyChanges(await pairs(dependencies)),
    schemas: schemas.length === 0 ? null : schemaChanges(await pairs(schemas)),
  };
}

/** A commit's files; of those that it has not, reading gives nothing. */
interface Tree {
  readonly paths: readonly string[];
  readonly read: (paths: readonly string[]) => Promise<ReadonlyMap<string, string>>;
}
interface Sides {
  readonly before: Tree;
  readonly after: Tree;
}

async function treeOf(git: Git, commit: string): Promise<Tree> {
  const paths = await pathsAt(git, commit);
  const known = new Set(paths);
  return {
    paths,
    read: (some) =>
      textsAt(
        git,
        commit,
        some.filter((path) => known.has(path)),
      ),
  };
}

async function policyChanges(
  sides: Sides,
  changed: readonly string[],
): Promise<PolicyComparison | null> {
  const [before, after] = [await policySide(sides.before), await policySide(sides.after)];
  const touched = changed.filter(
    (path) => lookedInto.policy(path) || before.files.has(path) || after.files.has(path),
  );
  if (touched.length === 0) return null;
  const compared = comparePolicies(before, after, new Set(touched));
  const read = (path: string): boolean =>
    [before, after].some(({ files, settings }) => files.has(path) || settings.has(path));
  const rest = touched
    .filter((path) => !read(path))
    .map((path) => ({
      path,
      side: "head" as const,
      why: "It is neither settings nor a pack in YAML; it was not compared.",
    }));
  return { ...compared, unread: [...compared.unread, ...rest] };
}

/** Settings of a commit, and the YAML files that may be packs: by their paths, or named by settings. */
async function policySide({ paths, read }: Tree): Promise<PolicySide> {
  const named = (path: string): boolean => posix.basename(path) === "agent33.config.yaml";
  const settings = await read(paths.filter(named));
  const wanted = [...settings].flatMap(([path, content]) => packFilesNamed(path, content));
  const isWanted = (path: string): boolean =>
    wanted.some((one) => path === one || posix.dirname(path) === one);
  const files = paths.filter(
    (path) => /\.ya?ml$/.test(path) && !named(path) && (lookedInto.policy(path) || isWanted(path)),
  );
  return { settings, files: await read(files) };
}
