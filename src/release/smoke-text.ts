import { ctrfReport, type CtrfTest } from "../base/ctrf.ts";
import type { JsonObject } from "../base/json.ts";
import { packageVersion } from "../base/version.ts";
import { countsText } from "../evaluation/groups/run-group.ts";
import { cell, table } from "./markdown.ts";
import type { SmokeGroup, SmokeReport } from "./smoke.ts";

/** A smoke run as CTRF: its tests, each in its group, and a failed one for each group that is not as promised. */
export function smokeCtrf({
  groups,
  commit,
  startedAt,
  endedAt,
  problems,
}: SmokeReport): JsonObject {
  const inGroups = groups.flatMap((group) => [
    ...group.tests.map((test) => ({ ...test, suite: [group.name, ...(test.suite ?? [])] })),
    ...group.problems.map((message) => failed([group.name], group, message)),
  ]);
  return ctrfReport({
    tool: { name: "agent33 release smoke", version: packageVersion() },
    tests: [...inGroups, ...problems.map((message) => failed(["packet"], undefined, message))],
    start: startedAt,
    stop: endedAt,
    extra: { commit },
  });
}

function failed(
  suite: readonly string[],
  group: SmokeGroup | undefined,
  message: string,
): CtrfTest {
  const name = group === undefined ? "the packet stands" : "the group is as promised";
  return { name, status: "failed", durationMs: 0, suite, message };
}

/** A smoke run as Markdown. */
export function smokeMarkdown(report: SmokeReport): string {
  const { commit, branch, ok, groups, problems, advice, lastGreen } = report;
  return [
    `# Smoke of ${commit.slice(0, 12)}: ${ok ? "pass" : "FAIL"}`,
    `On ${cell(branch)}; the last green commit before it: ${lastGreen?.slice(0, 12) ?? "none"}.`,
    problems.map((problem) => `- ${cell(problem)}`).join("\n"),
    table(
      ["group", "result", "counts", "promised", "runs", "flaky"],
      groups.map((group) => [
        group.name,
        group.problems.length === 0 ? "pass" : group.problems.join("; "),
        countsText(group.counts),
        group.promised === null ? "nothing" : countsText(group.promised),
        String(group.reruns + 1),
        group.flaky.join(", "),
      ]),
    ),
    advice === null
      ? ""
      : `First bad: ${advice.commit.slice(0, 12)} ${cell(advice.subject)} (${advice.tried} commits tried). Take it back with \`${advice.command}\`.`,
    "",
  ]
    .filter((part, index, all) => part !== "" || index === all.length - 1)
    .join("\n\n");
}
