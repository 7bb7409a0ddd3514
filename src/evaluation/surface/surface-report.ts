import { z } from "zod";
import { type CtrfTest, ctrfReport } from "../../base/ctrf.ts";
import type { JsonObject } from "../../base/json.ts";
import { packageVersion } from "../../base/version.ts";
import { escapedMarkdown } from "../reports/markdown.ts";

const probeVerdict = z.strictObject({
  id: z.string(),
  promise: z.string(),
  owner: z.string(),
  /** There is no third: a probe that did not run, or did not end, has shown nothing. */
  outcome: z.enum(["met", "missed"]),
  durationMs: z.number().nonnegative(),
  /** Why it is missed, in a sentence each. */
  problems: z.array(z.string()),
  /** The end of what it printed, where it is missed. */
  output: z.string(),
});
/** What became of one probe. */
export type ProbeVerdict = z.infer<typeof probeVerdict>;

const surfaceReportSchema = z.strictObject({
  format: z.literal("agent33-surface/1"),
  file: z.string(),
  /** `sabotaged`: each probe was to fail, and is met where it did. */
  mode: z.enum(["promised", "sabotaged"]),
  outcome: z.enum(["passed", "failed"]),
  /** Milliseconds since the Unix epoch. */
  startedAt: z.int(),
  durationMs: z.number().nonnegative(),
  probes: z.array(probeVerdict),
  /** Probes of the file that were not named. Nothing is said of them. */
  notRun: z.array(z.string()),
});
/** What the probes of a surface came to. */
export type SurfaceReport = z.infer<typeof surfaceReportSchema>;

/** A report as GitHub-flavoured Markdown. */
export function markdownSurface(report: SurfaceReport): string {
  const { outcome, mode, probes, notRun, durationMs } = report;
  const missed = probes.filter((probe) => probe.outcome === "missed");
  const did = mode === "promised" ? "hold" : "fail as they should when sabotaged";
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(escapedMarkdown).join(" | ")} |`;
  const blocks = [
    `# Capability surface: ${outcome}`,
    `${probes.length - missed.length} of ${probes.length} probes ${did} (${seconds(durationMs)} s).`,
    [
      line(["", "probe", "promise", "owner", "s"]),
      "| --- | --- | --- | --- | ---: |",
      ...probes.map((probe) =>
        line([
          probe.outcome === "met" ? "ok" : "MISSED",
          probe.id,
          probe.promise,
          probe.owner,
          seconds(probe.durationMs),
        ]),
      ),
    ].join("\n"),
    ...missed.map(
      ({ id, problems, output }) =>
        `## ${escapedMarkdown(id)}\n\n${problems.map((one) => `- ${escapedMarkdown(one)}`).join("\n")}${fenced(output)}`,
    ),
    ...(notRun.length === 0 ? [] : [`Not run: ${notRun.map(escapedMarkdown).join(", ")}.`]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

/** The end of a text as a block of code that nothing in it can end. */
function fenced(output: string): string {
  const end = output.trimEnd().split("\n").slice(-20).join("\n");
  return end === "" ? "" : `\n\n${end.replaceAll(/^/gm, "    ")}`;
}

/** A report in the Common Test Report Format: a test for each probe that was run. */
export function ctrfSurface(report: SurfaceReport): JsonObject {
  const { mode, startedAt, durationMs, probes, notRun } = report;
  return ctrfReport({
    tool: { name: "agent33 surface", version: packageVersion() },
    tests: probes.map((probe): CtrfTest => {
      const { id, promise, owner, outcome, problems, output } = probe;
      return {
        name: id,
        status: outcome === "met" ? "passed" : "failed",
        durationMs: probe.durationMs,
        suite: ["capability surface"],
        message: [promise, ...problems].join("\n"),
        ...(output === "" ? {} : { trace: output }),
        labels: { owner },
      };
    }),
    start: startedAt,
    stop: startedAt + durationMs,
    extra: { "agent33.surface": { mode, outcome: report.outcome, notRun: [...notRun] } },
  });
}
