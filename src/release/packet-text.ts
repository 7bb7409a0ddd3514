import { changesMarkdown } from "./changes-text.ts";
import { countsText } from "../evaluation/groups/run-group.ts";
import { bullets, cell, table } from "./markdown.ts";
import type { Packet } from "./packet.ts";
import type { Sealed } from "../base/seal.ts";

/** A packet as Markdown for reviewers. */
export function packetMarkdown({ body, digest, signature }: Sealed<Packet>): string {
  const { base, from, head, commits, files, areas, risk, evidence, gate, checklist } = body;
  const sum = (of: "added" | "removed"): number => files.reduce((all, file) => all + file[of], 0);
  return [
    `# Review packet ${head.slice(0, 12)}`,
    body.problems.length === 0 ? "**It stands.**" : "**It does not stand:**",
    ...(body.problems.length === 0 ? [] : [bullets(body.problems)]),
    "## Scope",
    `${commits.length} commits on ${cell(base)} since ${from.slice(0, 12)}: ${files.length} files, +${sum("added")} −${sum("removed")} lines.`,
    bullets(commits.map(({ commit, subject }) => `${commit.slice(0, 12)} ${subject}`)),
    table(
      ["area", "files", "owners"],
      areas.map(({ area, files: number, owners }) => [area, String(number), owners.join(" ")]),
    ),
    `## Risk: ${risk.level}`,
    table(
      ["rule", "level", "why", "files"],
      risk.findings.map(({ rule, level, why, paths }) => [rule, level, why, paths.join(" ")]),
    ),
    ...changesMarkdown(body.changes),
    "## Evidence",
    table(
      ["group", "command", "result", "took", "snapshot"],
      evidence.map((one) => [
        one.group,
        one.command.join(" "),
        countsText(one.counts),
        `${(one.durationMs / 1_000).toFixed(1)} s`,
        one.snapshot.slice(0, 12),
      ]),
    ),
    "## Gate",
    gate === null ? "No gate was asked." : gateText(gate),
    "## Checklist",
    checklist.map(({ item, done }) => `- [${done ? "x" : " "}] ${cell(item)}`).join("\n"),
    `Digest ${digest}, ${signature === undefined ? "not signed" : `signed with ${signature.key.slice(0, 12)}`}.`,
    "",
  ]
    .filter((part, index, all) => part !== "" || index === all.length - 1)
    .join("\n\n");
}

function gateText({ gate, file, outcome, reasons, verdict }: NonNullable<Packet["gate"]>): string {
  const where = file === null ? "" : ` of ${cell(file)}`;
  const why = reasons.map((reason) => `; ${cell(reason)}`).join("");
  return `${cell(gate)}${where}: ${outcome}${why} (verdict ${cell(verdict.slice(0, 12))}).`;
}
