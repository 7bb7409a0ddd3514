import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import { actorSchema, daySchema, idSchema, idsSchema, timeSchema, wordOf } from "./fields.ts";
import { parseRecord } from "./record.ts";
import { storableText } from "./text.ts";

export const lessonEventTypes = ["success", "failure", "observation"] as const;
export type LessonEventType = (typeof lessonEventTypes)[number];

/** `implemented`: somebody verified that its actions were taken and had their effect. */
export const lessonStates = ["open", "implemented"] as const;
export type LessonState = (typeof lessonStates)[number];

export const actionStates = ["pending", "in_progress", "completed", "wont_fix"] as const;
export type ActionState = (typeof actionStates)[number];

/** States in which nothing is left to do. */
const settled: readonly ActionState[] = ["completed", "wont_fix"];

const title = storableText(1, 500).refine((text) => text.trim() !== "", "Must not be blank");
const longText = storableText(0, 20_000);
const actionFields = {
  description: storableText(1, 2000),
  state: wordOf(actionStates),
  owner: actorSchema.nullable(),
  targetDate: daySchema.nullable(),
};

/** What a lesson is made of. Lengths are in UTF-16 units. */
export const newLessonSchema = z.strictObject({
  eventType: wordOf(lessonEventTypes),
  title,
  /** What happened. */
  what: longText.default(""),
  /** What it teaches. */
  insight: longText.default(""),
  recommendation: longText.default(""),
  recordedBy: actorSchema,
  actions: z
    .array(
      z
        .strictObject({
          description: actionFields.description,
          state: actionFields.state.default("pending"),
          owner: actionFields.owner.default(null),
          targetDate: actionFields.targetDate.default(null),
        })
        .readonly(),
    )
    .max(100)
    .readonly()
    .default([]),
  /** What it was learned from. */
  intakeIds: idsSchema(100).default([]),
  signalIds: idsSchema(100).default([]),
});
export type NewLesson = Readonly<z.output<typeof newLessonSchema>>;

/** What may be changed of an action; null takes an owner or a day away. */
export const actionChangeSchema = z.strictObject({
  state: actionFields.state.exactOptional(),
  owner: actionFields.owner.exactOptional(),
  targetDate: actionFields.targetDate.exactOptional(),
});
export type ActionChange = Readonly<z.output<typeof actionChangeSchema>>;

/** A record as it is kept. */
export const lessonSchema = z
  .strictObject({
    id: idSchema,
    tenant: z.string(),
    eventType: wordOf(lessonEventTypes),
    title,
    what: longText,
    insight: longText,
    recommendation: longText,
    /** Milliseconds since the Unix epoch, as all times here. */
    recordedAt: timeSchema,
    recordedBy: actorSchema,
    /** Named by their place, from 0. */
    actions: z.array(z.strictObject(actionFields).readonly()).readonly(),
    intakeIds: idsSchema(100),
    signalIds: idsSchema(100),
    state: wordOf(lessonStates),
    verifiedAt: timeSchema.nullable(),
    verifiedBy: actorSchema.nullable(),
    /** What shows that it was implemented. */
    evidence: storableText(1, 5000).nullable(),
    updatedAt: timeSchema,
  })
  .readonly();
/** What something that happened teaches, and what is to be done about it. */
export type Lesson = z.output<typeof lessonSchema>;

/**
 * A lesson from outside, checked.
 * @throws Agent33Error `learning.bad_lesson` with every problem and its path
 */
export function parseNewLesson(value: unknown): NewLesson {
  return parseRecord(newLessonSchema, value, "lesson");
}

/** How a lesson begins. */
export function recordLesson(
  lesson: NewLesson,
  { id, tenant, at }: { readonly id: string; readonly tenant: string; readonly at: number },
): Lesson {
  return {
    ...lesson,
    id,
    tenant,
    recordedAt: at,
    updatedAt: at,
    state: "open",
    verifiedAt: null,
    verifiedBy: null,
    evidence: null,
  };
}

/**
 * The lesson with one action changed.
 * @param index place of the action, from 0
 * @throws Agent33Error `learning.unknown_action`, `learning.lesson_implemented`,
 *   `learning.bad_lesson`
 */
export function changeAction(
  lesson: Lesson,
  index: number,
  change: ActionChange,
  at: number,
): Lesson {
  refuseImplemented(lesson);
  const action = lesson.actions[index];
  if (action === undefined) throw unknownAction(lesson, index);
  const changed = { ...action, ...parseRecord(actionChangeSchema, change, "lesson") };
  return { ...lesson, actions: lesson.actions.with(index, changed), updatedAt: at };
}

/**
 * The lesson as implemented.
 * @throws Agent33Error `learning.actions_open` while an action is neither completed nor given up,
 *   naming them; `learning.lesson_implemented`
 */
export function verifyLesson(lesson: Lesson, evidence: string, by: string, at: number): Lesson {
  refuseImplemented(lesson);
  const open = lesson.actions.flatMap(({ state, description }, index) =>
    settled.includes(state) ? [] : [{ index, state, description }],
  );
  if (open.length > 0) throw actionsOpen(lesson, open);
  return {
    ...lesson,
    state: "implemented",
    verifiedAt: at,
    verifiedBy: by,
    evidence,
    updatedAt: at,
  };
}

function refuseImplemented({ id, state, verifiedBy }: Lesson): void {
  if (state === "open") return;
  throw new Agent33Error(
    "learning.lesson_implemented",
    `Lesson ${id} was verified by ${verifiedBy ?? "somebody"} and is closed.`,
    { hint: "Record a new lesson for what is left to do.", details: { id } },
  );
}

function unknownAction({ id, actions }: Lesson, index: number): Agent33Error {
  const last = actions.length - 1;
  return new Agent33Error("learning.unknown_action", `Lesson ${id} has no action ${index}.`, {
    hint: last < 0 ? "It has no actions." : `Its actions are numbered 0 to ${last}.`,
    details: { id, index, actions: actions.length },
  });
}

function actionsOpen(
  { id }: Lesson,
  open: readonly {
    readonly index: number;
    readonly state: string;
    readonly description: string;
  }[],
): Agent33Error {
  const named = open.map(({ index, state, description }) => `${index} (${state}) ${description}`);
  return new Agent33Error(
    "learning.actions_open",
    `Lesson ${id} has actions that are not done: ${named.join("; ")}.`,
    {
      hint: "Complete each of them, or set it to wont_fix, and verify again.",
      details: { id, actions: open.map(({ index }) => index) },
    },
  );
}
