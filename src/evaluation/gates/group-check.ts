import { countsText, type RecordedGroup } from "../groups/run-group.ts";
import type { GateCheck } from "./verdict.ts";

/** What became of a group, with the names of its tests that failed. */
export interface RunGroup extends RecordedGroup {
  readonly failed: readonly string[];
}

const mostNamed = 5;

/** What a group came to, as a check that blocks. */
export function groupCheck(group: RunGroup, owner: string): GateCheck {
  const problems = groupProblems(group);
  return {
    kind: "group",
    name: group.name,
    condition: null,
    outcome: problems.length === 0 ? "met" : "missed",
    action: "block",
    message: `Owner ${owner}: ${[countsText(group.counts), ...problems].join("; ")}`,
  };
}

/** Why a group did not pass, in a sentence each; nothing where it did. */
export function groupProblems({ problems, failed }: RunGroup): readonly string[] {
  const more = failed.length - mostNamed;
  const some = [...failed.slice(0, mostNamed), ...(more > 0 ? [`${more} more`] : [])];
  return failed.length === 0 ? problems : [...problems, `failed: ${some.join(", ")}`];
}
