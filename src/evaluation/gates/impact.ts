import { globMatcher } from "../../base/glob.ts";
import type { NamedGroup } from "./gates-file.ts";
import type { GoldenTask } from "./golden-tasks.ts";
import type { GateImpact } from "./verdict.ts";

/** What differs from a base. */
export interface Change {
  /** As it was named. */
  readonly base: string;
  /** The commit that both sides come from. */
  readonly mergeBase: string;
  /** From the gates file's folder, with `/`; `../` where they are outside. What was taken away, too. */
  readonly paths: readonly string[];
}

/** What a gate tries. */
export interface GateParts {
  readonly golden: readonly GoldenTask[];
  readonly groups: readonly NamedGroup[];
}

/** What was left out of a gate. */
export interface Narrowed {
  readonly golden: readonly GoldenTask[];
  readonly impact: Omit<GateImpact, "thresholds">;
}

/**
 * Picks what hangs on a change. Whatever is not known to hang on nothing of it is picked: what names no
 * paths, and everything where a changed path is claimed by nothing.
 * @param folderOf a task's folder, from the gates file's folder
 * @param rules files that say what is tried, from there: a change to one is a change to all of it
 */
export function pickImpacted(
  { golden, groups }: GateParts,
  change: Change,
  folderOf: (task: GoldenTask) => string,
  rules: readonly string[],
): { readonly picked: GateParts; readonly narrowed: Narrowed } {
  const touches = change.paths.filter.bind(change.paths);
  const claimOf = (paths: readonly string[] = []) => globMatcher(paths);
  const tasks = golden.map((task) => ({
    task,
    always: task.paths === undefined,
    claims: claimOf([...(task.paths ?? []), `${folderOf(task)}/*`]),
  }));
  const declared = groups.map((one) => ({
    one,
    always: one.group.paths === undefined,
    claims: claimOf(one.group.paths),
  }));
  const claims = [...tasks, ...declared].map((one) => one.claims);
  const widened = whyAll(change, claims, rules);
  const isHit = ({ always, claims }: (typeof tasks | typeof declared)[number]): boolean =>
    widened.length > 0 || always || touches(claims).length > 0;
  const hit = tasks.filter(isHit).map(({ task }) => task);
  const none = hit.length === 0;
  const run = declared.filter(isHit).map(({ one }) => one);
  return {
    picked: { golden: none ? golden : hit, groups: run },
    narrowed: {
      golden: none ? [] : golden.filter((task) => !hit.includes(task)),
      impact: {
        base: change.base,
        mergeBase: change.mergeBase,
        changed: change.paths.length,
        widened: none ? [...widened, nothingHit] : [...widened],
        groups: groups.filter((one) => !run.includes(one)).map(({ name }) => name),
      },
    },
  };
}

const nothingHit =
  "No golden task hangs on what changed, and a gate at which nothing is tried says nothing: all are tried.";

/** Why everything is picked, in a sentence; nothing where it is not. */
function whyAll(
  { base, paths }: Change,
  claims: readonly ((path: string) => boolean)[],
  rules: readonly string[],
): readonly string[] {
  if (paths.length === 0) return [`Nothing differs from ${base}, so that all is tried.`];
  const ruling = paths.filter((path) => rules.includes(path));
  if (ruling.length > 0) {
    return [`What is tried is itself changed (${named(ruling)}), so that all is tried.`];
  }
  const unclaimed = paths.filter((path) => !claims.some((claim) => claim(path)));
  if (unclaimed.length === 0) return [];
  return [
    `${unclaimed.length} changed paths are claimed by no task or group (${named(unclaimed)}), so that all is tried.`,
  ];
}

const mostNamed = 5;

function named(paths: readonly string[]): string {
  const more = paths.length - mostNamed;
  return [...paths.slice(0, mostNamed), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}
