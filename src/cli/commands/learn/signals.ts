import type { Command } from "commander";
import { severities, type Severity } from "../../../learning/severity.ts";
import {
  type SignalState,
  signalStates,
  signalTypes,
  type SignalType,
} from "../../../learning/signal.ts";
import { addCommonOptions, type CliContext } from "../../context.ts";
import { oneLine } from "../../output.ts";
import { oneWord, someText } from "../../usage.ts";
import { spanOf } from "../../moment.ts";
import { addListOptions, given, type ListOptions, showPage } from "../../page.ts";
import { type LearnOptions, withLearning } from "./session.ts";
import { signalText } from "./signal-text.ts";
import { utc } from "../../text.ts";

interface SignalListOptions extends ListOptions {
  readonly type?: SignalType;
  readonly severity?: Severity;
  readonly state?: SignalState;
  readonly source?: string;
  readonly since?: string;
  readonly until?: string;
}

interface TransitionOptions extends LearnOptions {
  readonly reason: string;
}

const transitions: readonly (readonly [word: string, to: SignalState, about: string])[] = [
  ["acknowledge", "acknowledged", "somebody looks into a signal"],
  ["resolve", "resolved", "a signal was dealt with"],
  ["dismiss", "dismissed", "a signal needs nothing"],
  ["reopen", "open", "a signal that was closed, or is looked into, is open again"],
];

export function signalCommands(learn: Command, context: CliContext): void {
  addListOptions(learn.command("list"))
    .description("signals, newest first; what runs taught until now is among them")
    .option("--type <type>", signalTypes.join(", "), oneWord("--type", signalTypes))
    .option("--severity <severity>", severities.join(", "), oneWord("--severity", severities))
    .option("--state <state>", signalStates.join(", "), oneWord("--state", signalStates))
    .option("--source <text>", "the source, in full")
    .option("--since <time>", "recorded then or later: 7d, 12h, 2026-11-01 (UTC)")
    .option("--until <time>", "recorded before")
    .action((options: SignalListOptions) => list(context, options));
  addCommonOptions(learn.command("show"))
    .description("one signal, with its quality, its state and its intake")
    .argument("<signal>", "the signal's id, or its beginning")
    .action((prefix: string, options: LearnOptions) => show(context, prefix, options));
  for (const [word, to, about] of transitions) {
    addCommonOptions(learn.command(word))
      .description(about)
      .argument("<signal>", "the signal's id, or its beginning")
      .requiredOption("--reason <text>", "why, for those who ask later", someText("--reason"))
      .action((prefix: string, options: TransitionOptions) => move(context, prefix, to, options));
  }
}

async function list(context: CliContext, options: SignalListOptions): Promise<void> {
  await withLearning(context, options, async (session) => {
    const { type, severity, state, source, limit, cursor } = options;
    const span = spanOf(options, session.now);
    const page = await session.rows.signals.list(
      given({ type, severity, state, source, ...span, limit, cursor }),
    );
    showPage(session.output, page, options, {
      command: "learn list",
      flags: {
        "--type": type,
        "--severity": severity,
        "--state": state,
        "--source": source,
        "--since": options.since,
        "--until": options.until,
      },
      head: ["SIGNAL", "RECORDED (UTC)", "TYPE", "SEVERITY", "STATE", "SEEN", "SUMMARY"],
      row: (signal) => [
        signal.id,
        utc(signal.recordedAt),
        signal.type,
        signal.severity,
        signal.state,
        String(signal.occurrences).padStart(4),
        oneLine(signal.summary, 60),
      ],
      none: 'There are no signals yet. Record one: agent33 learn record --type feedback --severity low --summary "…"',
    });
  });
}

async function show(context: CliContext, prefix: string, options: LearnOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, next, show: showResult }) => {
    const signal = await rows.signals.find(prefix);
    const intake = signal.intakeId === null ? undefined : await rows.intakes.get(signal.intakeId);
    showResult(signal, () => {
      const words = intake === undefined ? nextWords[signal.state] : `intakes show ${intake.id}`;
      return `${signalText(signal, intake)}\n\n${next(words.replace("SIGNAL", signal.id))}`;
    });
  });
}

const nextWords: Readonly<Record<SignalState, string>> = {
  open: 'acknowledge SIGNAL --reason "…"',
  acknowledged: 'resolve SIGNAL --reason "…"',
  resolved: 'reopen SIGNAL --reason "…"',
  dismissed: 'reopen SIGNAL --reason "…"',
};

async function move(
  context: CliContext,
  prefix: string,
  to: SignalState,
  { reason, ...options }: TransitionOptions,
): Promise<void> {
  await withLearning(context, options, async ({ rows, user, show: showResult }) => {
    const { id } = await rows.signals.find(prefix);
    const signal = await rows.signals.transition(id, to, user, reason);
    showResult(signal, () => `${id} is ${to}: ${oneLine(signal.summary, 80)}`);
  });
}
