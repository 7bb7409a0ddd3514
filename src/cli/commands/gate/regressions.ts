import { type Command, Option } from "commander";
import {
  checkRegressions,
  type Regression,
  regressionOf,
  regressionsIn,
  triageRegression,
  type TriageState,
  triageStates,
} from "../../../engine/gate-regressions.ts";
import { openGate } from "../../../engine/gates.ts";
import { addCommonOptions, type CliContext, type CommonOptions, outputOf } from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import { columns, oneLine } from "../../output.ts";
import { someText } from "../../usage.ts";
import { usualGatesFile } from "./run.ts";

interface Options extends CommonOptions {
  readonly file?: string;
  readonly jobs?: string;
  readonly against?: string;
  readonly state?: TriageState;
  readonly owner?: string;
  readonly note?: string;
  readonly by?: string;
}

export function regressionsCommand(group: Command, context: CliContext): void {
  const regressions = group
    .command("regressions")
    .description("what got worse, and what is done about it");
  addCommonOptions(regressions.command("check"))
    .description("compare a job with a branch's newest baseline, and keep what got worse")
    .argument("<gate>", "whose thresholds and owners count")
    .argument("<job>", "the job's folder")
    .option("--against <branch>", "whose baseline (main)", someText("--against"))
    .option("--file <file>", `the gates file (${usualGatesFile})`, someText("--file"))
    .action((gate: string, job: string, options: Options) => check(context, gate, job, options));
  withJobs(regressions.command("list"))
    .description("the regressions of a folder of jobs, the latest change first")
    .addOption(new Option("--state <state>", "only in this state").choices(triageStates))
    .action((options: Options) => {
      const all = regressionsIn(context.host, options.jobs ?? "jobs", options.state);
      const rows = all.map(({ id, state, kind, subject, owner, message }) => [
        id,
        state,
        kind,
        oneLine(subject, 40),
        owner ?? "nobody",
        oneLine(message, 100),
      ]);
      tell(context, options, all, all.length === 0 ? "There is no regression." : columns(rows));
    });
  withJobs(regressions.command("show"))
    .description("one regression with its history")
    .argument("<id>", "its id, or how that begins")
    .action((id: string, options: Options) => {
      const one = regressionOf(context.host, options.jobs ?? "jobs", id);
      tell(context, options, one, textOf(one));
    });
  withJobs(regressions.command("triage"))
    .description("say how it stands, whose it is, and why")
    .argument("<id>", "its id, or how that begins")
    .addOption(new Option("--state <state>", "how it stands").choices(triageStates))
    .option("--owner <name>", "who looks after it", someText("--owner"))
    .option("--note <text>", "why; needed to resolve it or leave it", someText("--note"))
    .option("--by <name>", "who says so (USER)", someText("--by"))
    .action((id: string, options: Options) => {
      const { state, owner, note } = options;
      const by = options.by ?? (context.host.env["USER"] || "somebody");
      const triage = { state, owner, note, by };
      const one = triageRegression(context.host, options.jobs ?? "jobs", id, triage);
      tell(context, options, one, textOf(one));
    });
}

async function check(
  context: CliContext,
  gate: string,
  job: string,
  options: Options,
): Promise<void> {
  const open = await openGate(context.host, options.file ?? usualGatesFile, gate);
  const found = await checkRegressions(context.host, open, job, options.against ?? "main");
  const { baseline, compared, notices, regressions } = found;
  const unsettled = regressions.filter(({ state }) => state !== "wontfix");
  const lines = [
    `${compared} tasks compared with ${baseline.branch} (job ${baseline.job.name}): ${regressions.length} regressions.`,
    ...(regressions.length === 0 ? [] : [columns(regressions.map(rowOf))]),
    ...notices.map((notice) => `note: ${oneLine(notice, 200)}`),
  ];
  const data = { compared, notices, regressions, baseline: baseline.id };
  tell(context, options, data, lines.join("\n"));
  if (unsettled.length > 0) context.exit(exitCodes.refuted);
  // Nothing that was compared has shown nothing.
  else if (compared === 0) context.exit(exitCodes.failed);
}

function rowOf({ id, state, kind, subject, p, message }: Regression): readonly string[] {
  const chance = p === null ? "" : `p ${p.toPrecision(2)}`;
  return [id, state, kind, oneLine(subject, 40), chance, oneLine(message, 100)];
}

function textOf(one: Regression): string {
  const history = one.history.map(({ at, by, state, note }) => [
    new Date(at).toISOString(),
    by,
    state,
    oneLine(note, 200),
  ]);
  return [
    `${one.id}  ${one.state}  ${one.kind} of ${one.subject}, against ${one.against}`,
    `${one.condition}: ${one.message}`,
    `owner ${one.owner ?? "nobody"}; seen in ${one.jobs.length} jobs`,
    columns(history),
  ].join("\n");
}

function withJobs(command: Command): Command {
  return addCommonOptions(command).option(
    "--jobs <folder>",
    "the folder of all jobs (jobs)",
    someText("--jobs"),
  );
}

function tell(context: CliContext, options: Options, data: unknown, text: string): void {
  const output = outputOf(context, options);
  output.out(output.json ? JSON.stringify(data) : text);
}
