import { type CtrfStatus, type CtrfTest, ctrfReport } from "../../base/ctrf.ts";
import { type JsonObject, toJsonValue } from "../../base/json.ts";
import { packageVersion } from "../../base/version.ts";
import { escapedMarkdown } from "../reports/markdown.ts";
import type { GateCheck, GateVerdict, GoldenVerdict } from "./verdict.ts";

/** A verdict as GitHub-flavoured Markdown. */
export function markdownVerdict(verdict: GateVerdict): string {
  const { gate, outcome, job, checks, tasks } = verdict;
  const unmet = checks.filter((check) => check.outcome !== "met");
  const blocked = unmet.filter(({ action }) => action === "block").length;
  const blocks = [
    `# Gate ${escapedMarkdown(gate)}: ${outcome}`,
    `Job ${escapedMarkdown(job.name)}: ${checks.length} checks, ${blocked} that block and ${unmet.length - blocked} that warn are not met.`,
    originOf(verdict),
    ...impactOf(verdict),
    `## Checks\n\n${table(
      ["", "check", "condition", "what was seen", `${round(verdict.level * 100)} %`],
      checks.map((check) => [
        wordOf(check),
        `${check.kind}: ${check.name}`,
        check.condition ?? "all",
        check.message,
        intervalOf(check),
      ]),
    )}`,
    `## Golden tasks\n\n${table(
      ["task", "tags", "owner", "condition", "status", "passed"],
      tasks.map(({ task, tags, owner, condition, status, passes, trials }) => [
        task,
        tags.join(", "),
        owner,
        condition ?? "none",
        status,
        `${passes} of ${trials}`,
      ]),
    )}`,
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** Of which commit it is, as a packet would take it. */
function originOf({ checkout, whyNoCheckout, job }: GateVerdict): string {
  if (checkout === null) return escapedMarkdown(`Of no commit: ${whyNoCheckout ?? "not known"}`);
  const { commit, file, dirty } = checkout;
  const words = [`Judged by ${file} of ${commit.slice(0, 12)}`];
  if (dirty.length > 0) {
    const some = dirty.slice(0, 3).join(", ");
    words.push(`with ${dirty.length} files that are not as in it (${some})`);
  }
  if (!job.madeHere) words.push("on a job that was made before");
  return escapedMarkdown(`${words.join(", ")}.`);
}

/** What was left out, by its name: nothing of it was shown. */
function impactOf({ impact, tasks }: GateVerdict): readonly string[] {
  if (impact === undefined) return [];
  const { base, mergeBase, changed, widened, groups, thresholds } = impact;
  const left = [
    ...tasks
      .filter(({ status }) => status === "not_impacted")
      .map(({ task, tags }) => `${tags.includes("critical") ? "critical task" : "task"} ${task}`),
    ...groups.map((name) => `group ${name}`),
    ...thresholds.map((name) => `threshold ${name}`),
  ];
  const since = `Only what the change touches: ${changed} paths differ from ${base} (${mergeBase.slice(0, 12)}).`;
  const lines = [
    since,
    ...widened,
    left.length === 0
      ? "Nothing was left out."
      : `Not impacted, and so neither tried nor shown: ${left.join(", ")}.`,
  ];
  return [lines.map(escapedMarkdown).join(" ")];
}

/** In a word, with what blocks and what warns told apart. */
function wordOf({ outcome, action }: GateCheck): string {
  if (outcome === "met") return "ok";
  return action === "block" ? "BLOCKS" : "warns";
}

function intervalOf({ observed }: GateCheck): string {
  if (observed === undefined || observed.low === null || observed.high === null) return "";
  return `${round(observed.low)} to ${round(observed.high)}`;
}

const round = (value: number): string => String(Number(value.toPrecision(4)));

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(columns),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(row.map(escapedMarkdown))),
  ].join("\n");
}

/**
 * A verdict in the Common Test Report Format: a test for each golden task and each check. What warns
 * is `other`, what blocks is `failed`.
 */
export function ctrfVerdict(verdict: GateVerdict): JsonObject {
  const { gate, judgedAt, tasks, checks } = verdict;
  return ctrfReport({
    tool: { name: "agent33 gate", version: packageVersion() },
    tests: [
      ...tasks.map((task) => taskTest(gate, task)),
      ...checks.map((check) => checkTest(gate, check)),
    ],
    start: judgedAt,
    stop: judgedAt,
    extra: toJsonValue({
      "agent33.gate": {
        gate,
        outcome: verdict.outcome,
        checkout: verdict.checkout,
        job: verdict.job,
        ...(verdict.impact === undefined ? {} : { impact: verdict.impact }),
      },
    }) as JsonObject,
  });
}

const ofTask: Readonly<Record<GoldenVerdict["status"], CtrfStatus>> = {
  passed: "passed",
  failed: "failed",
  skipped: "skipped",
  missing: "other",
  incomplete: "other",
  not_impacted: "other",
};

function taskTest(gate: string, given: GoldenVerdict): CtrfTest {
  const { task, tags, owner, condition, status, message, trials, passes } = given;
  return {
    name: task,
    status: ofTask[status],
    rawStatus: status,
    durationMs: 0,
    suite: [gate, "golden tasks", condition ?? "no condition"],
    message,
    tags,
    labels: { owner, trials, passes },
  };
}

function checkTest(gate: string, check: GateCheck): CtrfTest {
  const { kind, name, condition, outcome, action, message, observed } = check;
  const status = outcome === "met" ? "passed" : action === "block" ? "failed" : "other";
  return {
    name: `${kind}: ${name}`,
    status,
    rawStatus: outcome === "met" ? "met" : `${outcome}, ${action}`,
    durationMs: 0,
    suite: [gate, "checks", condition ?? "all conditions"],
    message,
    ...(observed === undefined
      ? {}
      : { extra: toJsonValue({ "agent33.gate": observed }) as JsonObject }),
  };
}
