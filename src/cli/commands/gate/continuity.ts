import { type Command, Option } from "commander";
import {
  type ContinuityPlace,
  continuityPlaces,
  type ContinuityReport,
  cutIn,
  isBroken,
  lookForDecisions,
  storeReaders,
} from "../../../engine/continuity.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import { columns, oneLine } from "../../output.ts";
import { someText } from "../../usage.ts";

interface Options extends CommonOptions {
  readonly run?: string;
  readonly cut?: ContinuityPlace;
}

export function continuityCommand(group: Command, context: CliContext): void {
  addCommonOptions(group.command("continuity"))
    .description("whether a decision's id is in its record, run log, audit, metric, trace, exports")
    .option("--run <id>", "of a run that is in the store, not of a new one", someText("--run"))
    .addOption(
      new Option("--cut <place>", "as if this place had no ids: the check must fail").choices(
        continuityPlaces,
      ),
    )
    .action(async (options: Options) => {
      const report = await reportOf(context, options);
      const output = outputOf(context, options);
      output.out(output.json ? JSON.stringify({ kind: "continuity", ...report }) : textOf(report));
      context.exit(report.outcome === "met" ? exitCodes.ok : exitCodes.refuted);
    });
}

async function reportOf(context: CliContext, options: Options): Promise<ContinuityReport> {
  const { run: prefix, cut } = options;
  const change = (readers: Parameters<typeof cutIn>[0]) =>
    cut === undefined ? readers : cutIn(readers, cut);
  if (prefix === undefined) {
    // Only this needs a server, and no other command should wait for it to be loaded.
    const { continuityOfNewRun } = await import("./continuity-run.ts");
    return continuityOfNewRun(context.host, change);
  }
  const config = configOf(context, options);
  return withEngine(context, config, async (engine) => {
    const run = engine.store.runs.find(prefix).id;
    const readers = storeReaders(engine, config.settings, { host: context.host, run });
    return lookForDecisions(run, change(readers));
  });
}

const words = { found: "yes", missing: "MISSING", differs: "DIFFERS", unknown: "unknown" } as const;

function textOf({ run, outcome, decisions, problems }: ContinuityReport): string {
  const broken = decisions.flatMap(({ call, places }) =>
    places
      .filter(isBroken)
      .map((one) => `  ${one.place} of ${call}: ${one.outcome}. ${oneLine(one.message, 300)}`),
  );
  const unknown = decisions.flatMap(({ places }) =>
    places.flatMap((one) =>
      one.outcome === "unknown" ? [`  ${one.place}: ${oneLine(one.message, 300)}`] : [],
    ),
  );
  const rows = decisions.map(({ call, what, effect, places }) => [
    call,
    oneLine(what, 50),
    effect ?? "?",
    ...places.map((one) => words[one.outcome]),
  ]);
  return [
    `Decisions of run ${run}: ${outcome === "met" ? "the thread holds" : "THE THREAD IS BROKEN"}`,
    columns([["CALL", "TO", "EFFECT", ...continuityPlaces.map(headOf)], ...rows]),
    ...(broken.length + problems.length === 0 ? [] : ["broken:"]),
    ...broken,
    ...problems.map((problem) => `  ${problem}`),
    ...(unknown.length === 0 ? [] : ["not known here:", ...new Set(unknown)]),
  ].join("\n");
}

const headOf = (place: ContinuityPlace): string => place.replaceAll("_", " ").toUpperCase();
