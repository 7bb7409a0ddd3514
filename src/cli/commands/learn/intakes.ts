import type { Command } from "commander";
import {
  intakeUpdateSchema,
  parseNewIntake,
  researchTypes,
  type ResearchType,
  type Urgency,
  urgencies,
} from "../../../learning/intake.ts";
import { type IntakeState, intakeStates } from "../../../learning/intake-state.ts";
import { parseRecord } from "../../../learning/record.ts";
import { severities, type Severity } from "../../../learning/severity.ts";
import { addCommonOptions, type CliContext } from "../../context.ts";
import { oneLine } from "../../output.ts";
import { collect, numberWithin, oneWord, usageError, wholeNumber } from "../../usage.ts";
import { readJson } from "../../input.ts";
import { intakeText, nextMove } from "./intake-text.ts";
import { addListOptions, given, type ListOptions, showPage } from "../../page.ts";
import { idsOf, type LearnOptions, type TitledOptions, withLearning } from "./session.ts";
import { counted, utc } from "../../text.ts";

interface IntakeListOptions extends ListOptions {
  readonly state?: IntakeState;
  readonly urgency?: Urgency;
  readonly researchType?: ResearchType;
  readonly automatic?: boolean;
}

interface CreateOptions extends TitledOptions {
  readonly summary?: string;
  readonly source?: string;
  readonly sourceDate?: string;
  readonly researchType: ResearchType;
  readonly category?: string;
  readonly urgency?: Urgency;
  readonly priority?: number;
  readonly impactArea?: readonly string[];
  readonly phase?: readonly string[];
  readonly agent?: readonly string[];
}

interface GenerateOptions extends LearnOptions {
  readonly minSeverity?: Severity;
  readonly minScore?: number;
  readonly limit?: number;
}

interface MoveOptions extends LearnOptions {
  readonly reason?: string;
  readonly action?: readonly string[];
}

interface UpdateOptions extends LearnOptions {
  readonly analysis?: string;
  readonly backlog?: readonly string[];
  readonly roadmapImpact?: string;
  readonly target?: string;
}

export function intakesCommand(learn: Command, context: CliContext): void {
  const intakes = learn.command("intakes").description("what is to be looked into and decided on");
  const urgency = oneWord("--urgency", urgencies);
  const researchType = oneWord("--research-type", researchTypes);
  addListOptions(intakes.command("list"))
    .description("intakes, newest first; those that runs gave rise to until now are among them")
    .option("--state <state>", intakeStates.join(", "), oneWord("--state", intakeStates))
    .option("--urgency <urgency>", urgencies.join(", "), urgency)
    .option("--research-type <type>", researchTypes.join(", "), researchType)
    .option("--automatic", "only those that the rules made of signals")
    .action((options: IntakeListOptions) => list(context, options));
  addCommonOptions(intakes.command("show"))
    .description("one intake, with its signals and its history")
    .argument("<intake>", "the intake's id, or its beginning")
    .action((prefix: string, options: LearnOptions) => show(context, prefix, options));
  addCommonOptions(intakes.command("create"))
    .description("submit an intake")
    .requiredOption("--title <text>", "what is to be looked into")
    .option("--summary <text>", "what is known of it")
    .option("--source <text>", "where it was read or heard")
    .option("--source-date <day>", "the day of the source: 2026-07-31")
    .option("--research-type <type>", researchTypes.join(", "), researchType, "internal")
    .option("--category <text>", "a word to sort by")
    .option("--urgency <urgency>", urgencies.join(", "), urgency)
    .option("--priority <n>", "1 to 10, the most pressing last", wholeNumber("--priority"))
    .option("--impact-area <text>", "what it touches; may be repeated", collect)
    .option("--phase <text>", "a phase that it touches; may be repeated", collect)
    .option("--agent <name>", "an agent that it touches; may be repeated", collect)
    .option("--signal <signal>", "a signal that it is about; may be repeated", collect)
    .action((options: CreateOptions) => create(context, options));
  addCommonOptions(intakes.command("generate"))
    .description("make intakes of the gravest signals that have none; asked twice, nothing is new")
    .option(
      "--min-severity <severity>",
      `${severities.join(", ")} (default: the settings')`,
      oneWord("--min-severity", severities),
    )
    .option(
      "--min-score <n>",
      "least quality, 0 to 1 (default: the settings')",
      numberWithin("--min-score", 0, 1),
    )
    .option("--limit <n>", "how many at most (default: 3)", wholeNumber("--limit"))
    .action((options: GenerateOptions) => generate(context, options));
  addCommonOptions(intakes.command("move"))
    .description("take an intake to its next state")
    .argument("<intake>", "the intake's id, or its beginning")
    .argument("<state>", intakeStates.slice(1).join(", "))
    .option("--reason <text>", "why, for those who ask later")
    .option("--action <text>", "what is to be done; may be repeated", collect)
    .action((prefix: string, state: string, options: MoveOptions) =>
      move(context, prefix, state, options),
    );
  addCommonOptions(intakes.command("update"))
    .description("note what was found out about an intake, and what became of it")
    .argument("<intake>", "the intake's id, or its beginning")
    .option("--analysis <file>", "what was found: a JSON object in a file, or - for standard input")
    .option("--backlog <name>", "a work item that came of it; may be repeated", collect)
    .option("--roadmap-impact <text>", "what it means for the roadmap")
    .option("--target <text>", "the release or time that it is meant for")
    .action((prefix: string, options: UpdateOptions) => update(context, prefix, options));
}

async function list(context: CliContext, options: IntakeListOptions): Promise<void> {
  await withLearning(context, options, async (session) => {
    const { state, urgency, researchType, automatic, limit, cursor } = options;
    const page = await session.rows.intakes.list(
      given({ state, urgency, researchType, automatic, limit, cursor }),
    );
    showPage(session.output, page, options, {
      command: "learn intakes list",
      flags: {
        "--state": state,
        "--urgency": urgency,
        "--research-type": researchType,
        "--automatic": automatic,
      },
      head: ["INTAKE", "SUBMITTED (UTC)", "STATE", "PRIORITY", "SIGNALS", "TITLE"],
      row: ({ id, submittedAt, disposition, relevance, signalIds, content }) => [
        id,
        utc(submittedAt),
        disposition.state,
        String(relevance.priority).padStart(8),
        String(signalIds.length).padStart(7),
        oneLine(content.title, 60),
      ],
      none: "There are no intakes yet. Make some of signals: agent33 learn intakes generate",
    });
  });
}

async function show(context: CliContext, prefix: string, options: LearnOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, next, show: showResult }) => {
    const intake = await rows.intakes.find(prefix);
    const to = nextMove(intake.disposition.state);
    const after = to === undefined ? "" : `\n\n${next(`intakes move ${intake.id} ${to}`)}`;
    showResult(intake, () => `${intakeText(intake)}${after}`);
  });
}

async function create(context: CliContext, options: CreateOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, user, show: showResult }) => {
    const { researchType, category, urgency, title, summary, source, sourceDate } = options;
    const { impactArea, phase, agent, priority } = options;
    const intake = parseNewIntake({
      submittedBy: user,
      classification: given({ researchType, category, urgency }),
      content: given({ title, summary, source, sourceDate }),
      relevance: given({
        impactAreas: impactArea,
        affectedPhases: phase,
        affectedAgents: agent,
        priority,
      }),
    });
    const signalIds = await idsOf(rows.signals, options.signal);
    const made = await rows.intakes.create(intake, { signalIds });
    showResult(made, () => `submitted ${made.id}: ${oneLine(made.content.title, 80)}`);
  });
}

async function generate(context: CliContext, options: GenerateOptions): Promise<void> {
  await withLearning(context, options, async ({ engine, show: showResult }) => {
    const { minSeverity, minScore, limit } = options;
    const made = await engine.learning.generateIntakes(given({ minSeverity, minScore, limit }));
    showResult({ items: made }, () => {
      if (made.length === 0) return "No signal without an intake deserves one.";
      const lines = made.map(
        ({ id, relevance, content }) =>
          `${id}  priority ${relevance.priority}  ${oneLine(content.title, 60)}`,
      );
      return `${counted(made.length, "intake")} made\n${lines.join("\n")}`;
    });
  });
}

async function move(
  context: CliContext,
  prefix: string,
  state: string,
  options: MoveOptions,
): Promise<void> {
  await withLearning(context, options, async ({ rows, user, next, show: showResult }) => {
    const { id } = await rows.intakes.find(prefix);
    const decision = given({ rationale: options.reason, actionItems: options.action });
    const moved = await rows.intakes.transition(id, state, user, decision);
    const { state: is } = moved.disposition;
    const to = nextMove(is);
    const after = to === undefined ? "" : `\n${next(`intakes move ${id} ${to}`)}`;
    showResult(moved, () => `${id} is ${is}${after}`);
  });
}

async function update(context: CliContext, prefix: string, options: UpdateOptions): Promise<void> {
  const { analysis: file, backlog, roadmapImpact, target } = options;
  const tracking = given({ backlogRefs: backlog, roadmapImpact, implementationTarget: target });
  if (file === undefined && Object.keys(tracking).length === 0) {
    throw usageError(
      "There is nothing to note.",
      "Give --analysis, --backlog, --roadmap-impact or --target.",
    );
  }
  const analysis = file === undefined ? undefined : await readJson(context, file);
  const asked = parseRecord(intakeUpdateSchema, given({ analysis, tracking }), "intake");
  await withLearning(context, options, async ({ rows, show: showResult }) => {
    const { id } = await rows.intakes.find(prefix);
    const updated = await rows.intakes.update(id, asked);
    showResult(updated, () => `noted for ${id}: ${Object.keys(asked).join(", ")}`);
  });
}
