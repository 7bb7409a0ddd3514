import type { ReplayReport } from "../engine/create-replay.ts";
import { columns, oneLine, type Output } from "./output.ts";
import { fromLogWords } from "./render-run.ts";

type Call = ReplayReport["calls"][number];

/** A replay's report for a person: what became of each call, then the verdicts. */
export function replayText(report: ReplayReport, { style, program, sameStore }: Output): string {
  const { calls, verdicts, counts, tools, policy, start } = report;
  const { parked } = report.original;
  const table = calls.map((call) => [placeOf(call), oneLine(call.tool, 40), wordsOf(call, parked)]);
  const diffs = calls.flatMap(({ diff, ...call }) =>
    diff === undefined ? [] : [`\n${style.bold(placeOf(call))} ${call.tool}\n${indented(diff)}`],
  );
  const lines = [
    `${style.bold(`replay ${report.replay}`)}  of run ${report.of}`,
    ...startWords(start),
    ...toolWords(tools),
    ...(policy.before === policy.now ? [] : [`policy was ${policy.before}, is ${policy.now}`]),
    "",
    columns([["CALL", "TOOL", "RESULT"], ...table]),
    ...diffs,
    "",
    ...(verdicts.length === 0
      ? []
      : [
          columns([
            ["VERDICT", "THEN", "NOW", ""],
            ...verdicts.map((one) => [
              one.what,
              oneLine(one.before, 36),
              oneLine(one.now, 36),
              one.differs ? "differs" : "same",
            ]),
          ]),
          "",
        ]),
    ...endWords(report),
    `${counts.same} same, ${counts.differs} differ, ${counts.notRun} not run, ${counts.missing} ${parked ? "not made yet" : "missing"}${counts.notReached === 0 ? "" : `, ${counts.notReached} not reached`} · 0 tokens · $0.00`,
    style.dim(`  log: ${program} runs show ${report.replay}${sameStore}`),
    report.differs
      ? style.red(style.bold("differs"))
      : report.ended && !parked
        ? style.green(style.bold("nothing differs"))
        : style.yellow("nothing differs so far"),
  ];
  return lines.join("\n");
}

/** The turn and the place in it, as the log counts them. */
function placeOf({ agentPath, turn, index }: Pick<Call, "agentPath" | "turn" | "index">): string {
  return `${agentPath === undefined ? "" : `${agentPath}/`}${turn}.${index}`;
}

function wordsOf({ status, live, why, nowError }: Call, parked: boolean): string {
  switch (status) {
    case "same":
      return `same${nowError === true ? " error" : ""}${live ? " (live)" : ""}`;
    case "differs":
      return `differs${nowError === true ? ": an error now" : ""}${live ? " (live)" : ""}`;
    case "not_run":
      return `not run: ${why === undefined ? "" : fromLogWords[why]}${why === "outside" ? " (--live)" : ""}`;
    case "missing":
      return parked ? "not made yet: the run waits" : "missing: the log has no result";
    case "not_reached":
      return "not reached";
  }
}

function startWords(start: ReplayReport["start"]): readonly string[] {
  if (start === null) return [];
  return start.map(({ path, change }) => `at the start: ${oneLine(path, 200)} is ${change}`);
}

function toolWords({ added, removed, changed }: ReplayReport["tools"]): readonly string[] {
  const named = { added, removed, changed };
  return Object.entries(named).flatMap(([what, names]) =>
    names.length === 0 ? [] : [`tools ${what}: ${oneLine(names.join(", "), 400)}`],
  );
}

function endWords({ original, ended }: ReplayReport): readonly string[] {
  const { lastTurn, lastEvent } = original;
  if (original.parked) {
    return [
      `The run is parked in turn ${lastTurn} (event ${lastEvent}): it waits for a person. Compared is what was there.`,
    ];
  }
  if (original.outcome === "none") {
    return [
      `The log ends in turn ${lastTurn} (event ${lastEvent}): the run had not come to its end.`,
    ];
  }
  return ended ? [] : ["The replay has not come to the log's end."];
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${line.slice(0, 300)}`)
    .join("\n");
}
