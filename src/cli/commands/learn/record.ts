import type { Command } from "commander";
import { severities } from "../../../learning/severity.ts";
import { signalTypes } from "../../../learning/signal.ts";
import { addCommonOptions, type CliContext } from "../../context.ts";
import { type NamedValue, namedValue, usageError } from "../../usage.ts";
import { readText } from "../../input.ts";
import { given } from "../../page.ts";
import { recordLines } from "./record-lines.ts";
import { type LearnOptions, type LearnSession, withLearning } from "./session.ts";
import { missingWords } from "./signal-text.ts";
import { counted } from "../../text.ts";

interface RecordOptions extends LearnOptions {
  readonly type?: string;
  readonly severity?: string;
  readonly summary?: string;
  readonly details?: string;
  readonly detailsFile?: string;
  readonly source?: string;
  readonly context?: readonly NamedValue[];
  readonly run?: string;
  readonly key?: string;
  readonly from?: string;
}

export function recordCommand(learn: Command, context: CliContext): void {
  addCommonOptions(learn.command("record"))
    .description("record a signal: something that was seen and may be worth learning from")
    .option("--type <type>", signalTypes.join(", "))
    .option("--severity <severity>", severities.join(", "))
    .option("--summary <text>", "one sentence; numbers and ids in it do not make it another signal")
    .option("--details <text>", "what happened, as far as it is known")
    .option("--details-file <file>", "the details from a file, or - for standard input")
    .option("--source <text>", "who or what saw it (default: user:NAME)")
    .option(
      "--context <name=value>",
      "a fact; may be repeated",
      namedValue("--context", "file=x.ts"),
    )
    .option("--run <run>", "the run that it is about: its id, or the id's beginning")
    .option("--key <key>", "the same key twice records once")
    .option("--from <file>", "signals from a file (JSON, one a line), or - for standard input")
    .action((options: RecordOptions) =>
      options.from === undefined
        ? record(context, options)
        : recordLines(context, { ...options, from: onlyFrom(options.from, options) }),
    );
}

/** @throws Agent33Error `cli.usage` where a single signal is described besides */
function onlyFrom(from: string, options: RecordOptions): string {
  const { data: _data, config: _config, json: _json, from: _from, ...others } = options;
  const [other] = Object.keys(others);
  if (other === undefined) return from;
  const flag = `--${other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw usageError(
    `--from and ${flag} do not go together.`,
    "With --from each line is a signal and says all of itself.",
  );
}

async function record(context: CliContext, options: RecordOptions): Promise<void> {
  refuseIncomplete(options);
  const { type, severity, summary, source, key, run } = options;
  const details = await detailsOf(context, options);
  await withLearning(context, options, async (session) => {
    const { engine, user } = session;
    const facts = (options.context ?? []).map(({ name, value }): [string, string] => [name, value]);
    const about = run === undefined ? [] : factsOfRun(session, run);
    const recorded = await engine.learning.record(
      given({
        type,
        severity,
        summary,
        details,
        source: source ?? `user:${user}`,
        context: Object.fromEntries([...about, ...facts]),
        idempotencyKey: key,
      }),
    );
    session.show(recorded, () => {
      const { signal, outcome, intakeId } = recorded;
      const { id, occurrences, quality } = signal;
      const missing = missingWords(quality);
      const lines = {
        recorded: `recorded ${id}, quality ${quality.label} (${quality.score})${missing === "" ? "" : `: ${missing}`}`,
        repeated: `repeated ${id}, now seen ${counted(occurrences, "time")}`,
        known: `known as ${id}: this key was recorded before, and nothing changed`,
      };
      const intake = intakeId === null ? "" : `\nintake ${intakeId}`;
      return `${lines[outcome]}${intake}\n${session.next(`show ${id}`)}`;
    });
  });
}

/** @throws Agent33Error `cli.usage` */
function refuseIncomplete(options: RecordOptions): void {
  const missing = (["type", "severity", "summary"] as const)
    .filter((name) => options[name] === undefined)
    .map((name) => `--${name}`);
  if (missing.length > 0) {
    throw usageError(
      `A signal needs ${missing.join(", ").replace(/, ([^,]*)$/, " and $1")}.`,
      'agent33 learn record --type feedback --severity low --summary "…"',
    );
  }
  if (options.details !== undefined && options.detailsFile !== undefined) {
    throw usageError("--details and --details-file do not go together.", "Give one of them.");
  }
}

async function detailsOf(
  context: CliContext,
  { details, detailsFile }: RecordOptions,
): Promise<string | undefined> {
  if (detailsFile !== undefined) return readText(context, detailsFile);
  return details;
}

/** What ties a signal to a run, under the names that a run's own signals have. */
function factsOfRun({ engine }: LearnSession, prefix: string): readonly [string, string][] {
  const { id, agent, model } = engine.store.runs.find(prefix);
  return [
    ["run", id],
    ["agent", agent],
    ["model", model],
  ];
}
