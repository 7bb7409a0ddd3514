import type { Command } from "commander";
import {
  actionStates,
  type Lesson,
  type LessonEventType,
  lessonEventTypes,
  type LessonState,
  lessonStates,
  parseNewLesson,
} from "../../../learning/lesson.ts";
import { addCommonOptions, type CliContext } from "../../context.ts";
import { oneLine } from "../../output.ts";
import { collect, oneWord, placeNumber, someText } from "../../usage.ts";
import { addListOptions, given, type ListOptions, showPage } from "../../page.ts";
import { idsOf, type LearnOptions, type TitledOptions, withLearning } from "./session.ts";
import { block, entries, fields, utc } from "../../text.ts";

interface LessonListOptions extends ListOptions {
  readonly type?: LessonEventType;
  readonly state?: LessonState;
}

interface CreateOptions extends TitledOptions {
  readonly type: LessonEventType;
  readonly what?: string;
  readonly insight?: string;
  readonly recommendation?: string;
  readonly action?: readonly string[];
  readonly intake?: readonly string[];
}

interface ActionOptions extends LearnOptions {
  readonly owner?: string;
  readonly targetDate?: string;
}

interface VerifyOptions extends LearnOptions {
  readonly evidence: string;
}

export function lessonsCommand(learn: Command, context: CliContext): void {
  const lessons = learn
    .command("lessons")
    .description("what was learned, and what is done about it");
  const type = oneWord("--type", lessonEventTypes);
  addListOptions(lessons.command("list"))
    .description("lessons, newest first")
    .option("--type <type>", lessonEventTypes.join(", "), type)
    .option("--state <state>", lessonStates.join(", "), oneWord("--state", lessonStates))
    .action((options: LessonListOptions) => list(context, options));
  addCommonOptions(lessons.command("show"))
    .description("one lesson, with its actions")
    .argument("<lesson>", "the lesson's id, or its beginning")
    .action((prefix: string, options: LearnOptions) => show(context, prefix, options));
  addCommonOptions(lessons.command("create"))
    .description("record a lesson")
    .requiredOption("--type <type>", lessonEventTypes.join(", "), type)
    .requiredOption("--title <text>", "the lesson in one sentence")
    .option("--what <text>", "what happened")
    .option("--insight <text>", "what it teaches")
    .option("--recommendation <text>", "what to do next time")
    .option("--action <text>", "what is to be done about it; may be repeated", collect)
    .option("--intake <intake>", "an intake that it comes of; may be repeated", collect)
    .option("--signal <signal>", "a signal that it comes of; may be repeated", collect)
    .action((options: CreateOptions) => create(context, options));
  addCommonOptions(lessons.command("action"))
    .description("say how far one of a lesson's actions is")
    .argument("<lesson>", "the lesson's id, or its beginning")
    .argument("<index>", "the action's number in `lessons show`, from 0", placeNumber("The index"))
    .argument("<state>", actionStates.join(", "), oneWord("The action's state", actionStates))
    .option("--owner <name>", "who does it")
    .option("--target-date <day>", "when it is to be done: 2026-07-31")
    .action(
      (
        prefix: string,
        index: number,
        state: (typeof actionStates)[number],
        options: ActionOptions,
      ) => action(context, prefix, index, { state, ...options }),
    );
  addCommonOptions(lessons.command("verify"))
    .description("close a lesson whose actions are done or given up")
    .argument("<lesson>", "the lesson's id, or its beginning")
    .requiredOption("--evidence <text>", "what shows that it worked", someText("--evidence"))
    .action((prefix: string, options: VerifyOptions) => verify(context, prefix, options));
}

async function list(context: CliContext, options: LessonListOptions): Promise<void> {
  await withLearning(context, options, async (session) => {
    const { type, state, limit, cursor } = options;
    const page = await session.rows.lessons.list(given({ eventType: type, state, limit, cursor }));
    showPage(session.output, page, options, {
      command: "learn lessons list",
      flags: { "--type": type, "--state": state },
      head: ["LESSON", "RECORDED (UTC)", "TYPE", "STATE", "ACTIONS", "TITLE"],
      row: ({ id, recordedAt, eventType, state: is, actions, title }) => [
        id,
        utc(recordedAt),
        eventType,
        is,
        `${actions.filter(settled).length} of ${actions.length}`,
        oneLine(title, 60),
      ],
      none: 'There are no lessons yet. Record one: agent33 learn lessons create --type observation --title "…"',
    });
  });
}

function settled({ state }: Lesson["actions"][number]): boolean {
  return state === "completed" || state === "wont_fix";
}

async function show(context: CliContext, prefix: string, options: LearnOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, next, show: showResult }) => {
    const lesson = await rows.lessons.find(prefix);
    const after = lesson.state === "open" ? `\n\n${next(nextWords(lesson))}` : "";
    showResult(lesson, () => `${lessonText(lesson)}${after}`);
  });
}

function nextWords({ id, actions }: Lesson): string {
  const open = actions.findIndex((one) => !settled(one));
  return open === -1
    ? `lessons verify ${id} --evidence "…"`
    : `lessons action ${id} ${open} completed`;
}

function lessonText(lesson: Lesson): string {
  const { verifiedAt, verifiedBy, evidence } = lesson;
  const verified =
    verifiedAt === null
      ? undefined
      : `${utc(verifiedAt)} UTC by ${oneLine(verifiedBy ?? "?", 100)}: ${oneLine(evidence ?? "", 500)}`;
  const table = fields([
    ["lesson", lesson.id],
    ["type", lesson.eventType],
    ["state", lesson.state],
    ["recorded", `${utc(lesson.recordedAt)} UTC by ${oneLine(lesson.recordedBy, 100)}`],
    ["verified", verified],
  ]);
  const actions = lesson.actions.map(({ state, description, owner, targetDate }, index) => {
    const by = owner === null ? "" : `, ${owner}`;
    const until = targetDate === null ? "" : `, by ${targetDate}`;
    return `${index}. ${state}${by}${until}: ${description}`;
  });
  return [
    `${oneLine(lesson.title, 500)}\n\n${table}`,
    block("what happened", lesson.what),
    block("what it teaches", lesson.insight),
    block("what to do next time", lesson.recommendation),
    entries("actions", actions),
    entries("comes of", [...lesson.intakeIds, ...lesson.signalIds]),
  ].join("");
}

async function create(context: CliContext, options: CreateOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, user, next, show: showResult }) => {
    const { type, title, what, insight, recommendation } = options;
    const lesson = parseNewLesson({
      ...given({ eventType: type, title, what, insight, recommendation }),
      recordedBy: user,
      actions: options.action?.map((description) => ({ description })),
      intakeIds: await idsOf(rows.intakes, options.intake),
      signalIds: await idsOf(rows.signals, options.signal),
    });
    const made = await rows.lessons.create(lesson);
    const recorded = `recorded ${made.id}: ${oneLine(made.title, 80)}`;
    showResult(made, () => `${recorded}\n${next(nextWords(made))}`);
  });
}

async function action(
  context: CliContext,
  prefix: string,
  index: number,
  options: ActionOptions & { readonly state: (typeof actionStates)[number] },
): Promise<void> {
  await withLearning(context, options, async ({ rows, next, show: showResult }) => {
    const { id } = await rows.lessons.find(prefix);
    const { state, owner, targetDate } = options;
    const changed = await rows.lessons.setAction(id, index, given({ state, owner, targetDate }));
    const said = `action ${index} of ${id} is ${state}`;
    showResult(changed, () => `${said}\n${next(nextWords(changed))}`);
  });
}

async function verify(context: CliContext, prefix: string, options: VerifyOptions): Promise<void> {
  await withLearning(context, options, async ({ rows, user, show: showResult }) => {
    const { id } = await rows.lessons.find(prefix);
    const verified = await rows.lessons.verify(id, options.evidence, user);
    showResult(verified, () => `${id} is ${verified.state}: ${oneLine(verified.title, 80)}`);
  });
}
