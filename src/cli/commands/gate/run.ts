import type { Command } from "commander";
import { toAgent33Error } from "../../../base/errors.ts";
import type { SealKeys } from "../../../base/seal.ts";
import { continuityChecks, unknownContinuity } from "../../../engine/continuity.ts";
import {
  checkoutOfGate,
  type FoundCheckout,
  impactedGate,
  judgeJob,
  type Judging,
  jobOfGate,
  type KeptVerdict,
  type OpenGate,
  openGate,
  renderVerdict,
} from "../../../engine/gates.ts";
import type { ProbeVerdict } from "../../../engine/capability-surface.ts";
import { groupProblems, type RunGroup } from "../../../engine/gate-groups.ts";
import { verdictKeys } from "../../../release/seal.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import { oneLine } from "../../output.ts";
import { someText, usageError, wholeNumber } from "../../usage.ts";
import { createJobDisplay } from "../eval/job-display.ts";
import { tellSummary } from "../eval/report-options.ts";
import { writeResult } from "../policy/files.ts";
import { untilInterrupted } from "./interrupt.ts";
import { lineOf } from "./surface.ts";

interface Options extends CommonOptions {
  readonly file?: string;
  readonly job?: string;
  readonly jobs?: string;
  readonly name?: string;
  readonly parallel?: number;
  readonly impacted?: boolean;
  readonly base?: string;
  readonly markdown?: string;
  readonly ctrf?: string;
}

/** The gates file of a folder, if no other is named. */
export const usualGatesFile = "agent33.gates.yaml";

export function runCommand(group: Command, context: CliContext): void {
  addCommonOptions(group.command("run"))
    .description("try a gate's golden tasks, and judge what came of them")
    .argument("<gate>", "the gate's name in the gates file")
    .option("--file <file>", `the gates file (${usualGatesFile})`, someText("--file"))
    .option("--job <folder>", "judge this job instead of making one", someText("--job"))
    .option("--jobs <folder>", "the folder of all jobs (jobs)", someText("--jobs"))
    .option("--name <name>", "the new job's name (the time)", someText("--name"))
    .option("--parallel <n>", "trials at once", wholeNumber("--parallel", 1_000))
    .option("--impacted", "only what hangs on what changed since --base; probes always run")
    .option("--base <revision>", "what --impacted compares with (main)", someText("--base"))
    .option("--markdown <file>", "also write the verdict as Markdown")
    .option("--ctrf <file>", "also write the verdict as CTRF")
    .action(async (name: string, options: Options) => {
      if (options.job !== undefined && (options.jobs ?? options.name) !== undefined) {
        throw usageError(
          "--job judges a job that is there; --jobs and --name are for a new one.",
          "Leave one of them out.",
        );
      }
      if (options.base !== undefined && options.impacted !== true) {
        throw usageError("--base is what --impacted compares with.", "Give --impacted, too.");
      }
      const whole = await openGate(context.host, options.file ?? usualGatesFile, name);
      const found = await checkoutOfGate(context.host, whole);
      const gate =
        options.impacted === true
          ? await impactedGate(context.host, whole, options.base ?? "main")
          : whole;
      // Before the job: a key that cannot be read is told before hours of trials, not after.
      const keys = signingKeys(context, options, found);
      const dir = options.job ?? (await makeJob(context, options, gate));
      if (dir === undefined) return;
      const madeAt = options.job === undefined ? found : undefined;
      const checks = gate.gate.continuity === true ? await threadChecks(context) : [];
      const output = outputOf(context, options);
      const kept = await untilInterrupted(context, output, (signal) => {
        const probes = { signal, onEnd: (verdict: ProbeVerdict) => output.err(lineOf(verdict)) };
        const groups = { signal, onEnd: (group: RunGroup) => output.err(groupLine(group)) };
        return judgeJob(context.host, gate, dir, { keys, madeAt, checks, probes, groups });
      });
      if (kept === undefined) return;
      tell(context, options, kept);
      const { outcome } = kept.sealed.body;
      context.exit(outcome === "failed" ? exitCodes.refuted : exitCodes.ok);
    });
}

/** A run that cannot be made has shown nothing, and the gate says so with all else that it saw. */
async function threadChecks(context: CliContext): Promise<NonNullable<Judging["checks"]>> {
  try {
    const { continuityOfNewRun } = await import("./continuity-run.ts");
    return continuityChecks(await continuityOfNewRun(context.host));
  } catch (thrown) {
    const { code, message } = toAgent33Error(thrown);
    return unknownContinuity(`${code}: ${message}`);
  }
}

/** A key that is declared and not here leaves a verdict unsigned: who has no key may judge, too. */
function signingKeys(context: CliContext, options: Options, { checkout }: FoundCheckout): SealKeys {
  const { keys, notice } = checkout === null ? { keys: {} } : verdictKeys(checkout.folder);
  if (notice !== undefined) outputOf(context, options).err(`note: ${oneLine(notice, 300)}`);
  return keys;
}

/** @returns nothing where it was stopped: half a job is not judged */
async function makeJob(
  context: CliContext,
  options: Options,
  gate: OpenGate,
): Promise<string | undefined> {
  const output = outputOf(context, options);
  const display = createJobDisplay(context, output);
  const stop = new AbortController();
  const restore = context.onInterrupt(() => {
    // Children are ended by the sandbox's exit guard.
    if (stop.signal.aborted) process.exit(exitCodes.cancelled);
    display.say("ending; trials at work are left undone. Once more ends at once");
    stop.abort();
  });
  const { jobs, name, parallel } = options;
  const request = {
    ...jobOfGate(gate),
    ...(jobs === undefined ? {} : { jobs }),
    ...(name === undefined ? {} : { job: name }),
    ...(parallel === undefined ? {} : { parallel }),
  };
  try {
    const { state, dir } = await withEngine(context, configOf(context, options), (engine) =>
      engine.jobs.run(request, { signal: stop.signal, tell: display.tell }),
    );
    if (state === "done") return dir;
    context.exit(exitCodes.cancelled);
    display.say(
      `Go on with: ${output.program} eval resume ${dir}${output.sameStore}, then judge it by --job`,
    );
    return undefined;
  } finally {
    display.end();
    restore();
  }
}

/** What a person reads when a group has ended. */
function groupLine(group: RunGroup): string {
  const { name, durationMs } = group;
  const took = `${(durationMs / 1_000).toFixed(1)} s`;
  const problems = groupProblems(group);
  if (problems.length === 0) return `ok group ${name} (${took})`;
  return `MISSED group ${name} (${took}): ${oneLine(problems.join("; "), 300)}`;
}

function tell(context: CliContext, options: Options, { file, sealed }: KeptVerdict): void {
  const output = outputOf(context, options);
  const { body: verdict, digest } = sealed;
  const markdown = renderVerdict(verdict, "markdown");
  if (options.markdown !== undefined) writeResult(context, options.markdown, markdown);
  if (options.ctrf !== undefined) {
    writeResult(context, options.ctrf, renderVerdict(verdict, "ctrf"));
  }
  tellSummary(context, markdown);
  output.out(
    output.json
      ? JSON.stringify({ kind: "verdict", file, digest, ...verdict })
      : markdown.trimEnd(),
  );
  if (!output.json) output.err(`Kept as ${file}`);
}
