import { expect, test } from "vitest";
import {
  type ActionState,
  changeAction,
  parseNewLesson,
  recordLesson,
  verifyLesson,
} from "./lesson.ts";

const made = { id: "LL-1", tenant: "a", at: 1000 };
const lessonWith = (...states: readonly ActionState[]) =>
  recordLesson(
    parseNewLesson({
      eventType: "failure",
      title: "The cache hid an outage",
      recordedBy: "mara",
      actions: states.map((state, index) => ({ description: `action ${index}`, state })),
    }),
    made,
  );

test("a new lesson has defaults, and its actions begin as pending", () => {
  const lesson = parseNewLesson({
    eventType: "observation",
    title: "Short prompts do",
    recordedBy: "mara",
    actions: [{ description: "Shorten them" }],
  });
  expect(lesson).toEqual({
    eventType: "observation",
    title: "Short prompts do",
    what: "",
    insight: "",
    recommendation: "",
    recordedBy: "mara",
    actions: [{ description: "Shorten them", state: "pending", owner: null, targetDate: null }],
    intakeIds: [],
    signalIds: [],
  });
});

test("a bad lesson is refused with every problem and its path", () => {
  const bad = {
    eventType: "sucess",
    title: "t",
    recordedBy: "",
    actions: [{ description: "x", targetDate: "soon", done: true }],
    signalIds: ["LS-1", "LS-1"],
  };
  expect(() => parseNewLesson(bad)).toThrow(
    expect.objectContaining({
      code: "learning.bad_lesson",
      details: {
        problems: [
          'eventType: "sucess" is not one of success, failure, observation. Did you mean "success"?',
          expect.stringMatching(/^recordedBy: /),
          "actions.0.targetDate: Must be a day such as 2026-07-31",
          expect.stringMatching(/^actions\.0: .*"done"/),
          "signalIds: Must name each id once",
        ],
      },
    }),
  );
});

test("one action changes and the others stay", () => {
  const lesson = lessonWith("pending", "pending");
  const change = { state: "in_progress", owner: "noor", targetDate: "2026-07-31" } as const;
  const changed = changeAction(lesson, 1, change, 2000);
  expect(changed.actions).toEqual([lesson.actions[0], { description: "action 1", ...change }]);
  expect(changed.updatedAt).toBe(2000);
  expect(changeAction(changed, 1, { owner: null }, 3000).actions[1]).toEqual({
    description: "action 1",
    ...change,
    owner: null,
  });
});

test("an action that is not there is refused with the ones that are", () => {
  for (const index of [-1, 2, 0.5, Number.NaN]) {
    expect(() => changeAction(lessonWith("pending", "pending"), index, {}, 1)).toThrow(
      expect.objectContaining({
        code: "learning.unknown_action",
        hint: "Its actions are numbered 0 to 1.",
      }),
    );
  }
});

test("a lesson is verified when nothing is left to do", () => {
  const lesson = lessonWith("completed", "pending", "wont_fix", "in_progress");
  expect(() => verifyLesson(lesson, "seen", "noor", 2000)).toThrow(
    expect.objectContaining({
      code: "learning.actions_open",
      message:
        "Lesson LL-1 has actions that are not done: 1 (pending) action 1; 3 (in_progress) action 3.",
      details: { id: "LL-1", actions: [1, 3] },
    }),
  );
  const done = changeAction(
    changeAction(lesson, 1, { state: "completed" }, 2),
    3,
    { state: "wont_fix" },
    3,
  );
  const verified = verifyLesson(done, "seen", "noor", 2000);
  expect(verified).toMatchObject({
    state: "implemented",
    verifiedAt: 2000,
    verifiedBy: "noor",
    evidence: "seen",
  });
  const closed = expect.objectContaining({ code: "learning.lesson_implemented" });
  expect(() => verifyLesson(verified, "again", "mara", 3000)).toThrow(closed);
  expect(() => changeAction(verified, 0, { state: "pending" }, 3000)).toThrow(closed);
});
