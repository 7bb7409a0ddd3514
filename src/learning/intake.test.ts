import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newIntakeSchema, parseNewIntake } from "./intake.ts";
import { automaticIntake, moveIntake, submitIntake, updateIntake } from "./intake-life.ts";
import { intakeMoves } from "./intake-moves.fixture.ts";
import { type IntakeState, intakeStates } from "./intake-state.ts";

const plain = {
  submittedBy: "mara",
  classification: { researchType: "technical" },
  content: { title: "Prune tool results earlier" },
} as const;
const made = { id: "RI-1", tenant: "a", at: 1000, automatic: false, quality: null } as const;
const submitted = submitIntake(parseNewIntake(plain), made);

describe("a new intake", () => {
  test("needs who submits it, a kind and a title; the rest has defaults", () => {
    expect(parseNewIntake(plain)).toEqual({
      submittedBy: "mara",
      classification: { researchType: "technical", category: "", urgency: "medium" },
      content: { title: "Prune tool results earlier", summary: "", source: "" },
      relevance: { impactAreas: [], affectedPhases: [], affectedAgents: [], priority: 5 },
      analysis: {},
    });
  });

  test("is refused with every problem and its path", () => {
    const bad = {
      submittedBy: "m\u0000",
      classification: { researchType: "internl", urgency: 3 },
      content: { title: " ", sourceDate: "2026-02-30" },
      relevance: { priority: 11, impactAreas: ["\ud800"] },
      state: "accepted",
    };
    expect(() => parseNewIntake(bad)).toThrow(
      expect.objectContaining({
        code: "learning.bad_intake",
        details: {
          problems: [
            expect.stringMatching(/^submittedBy: .*U\+0000/),
            'classification.researchType: "internl" is not one of external, internal, competitive, user, technical. Did you mean "internal"?',
            "classification.urgency: Must be one of low, medium, high",
            "content.title: Must not be blank",
            "content.sourceDate: Must be a day such as 2026-07-31",
            expect.stringMatching(/^relevance\.impactAreas\.0: .*surrogate/),
            expect.stringMatching(/^relevance\.priority: /),
            expect.stringContaining('"state"'),
          ],
        },
      }),
    );
  });

  test("has an analysis of any JSON that can be stored", () => {
    const analysisOf = (analysis: unknown) => parseNewIntake({ ...plain, analysis }).analysis;
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 }), { maxKeys: 5 }),
        (analysis) => {
          const text = JSON.stringify(analysis);
          fc.pre(!text.includes("\\u0000"));
          const copy: unknown = JSON.parse(text);
          expect(analysisOf(copy)).toEqual(copy);
        },
      ),
    );
  });

  test("has an analysis of up to 20 levels and 100000 characters, and no larger one", () => {
    const analysisOf = (text: string) => () =>
      parseNewIntake({ ...plain, analysis: JSON.parse(text) as unknown }).analysis;
    const levels = (count: number): string => `${'{"a":'.repeat(count)}1${"}".repeat(count)}`;
    expect(analysisOf(levels(20))).not.toThrow();
    expect(analysisOf(levels(21))).toThrow(/at most 20 levels/);
    const characters = (count: number): string => `{"a":"","b":"${"x".repeat(count - 15)}"}`;
    expect(characters(100_000)).toHaveLength(100_000);
    expect(analysisOf(characters(100_000))).not.toThrow();
    expect(analysisOf(characters(100_001))).toThrow(/100000 characters/);
  });

  test("has no analysis that cannot be stored or is not JSON", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`) as object;
    const round: { self?: unknown } = {};
    round.self = round;
    const told: readonly (readonly [unknown, RegExp])[] = [
      [[], /analysis: Must be a JSON object/],
      [{ a: [1, { b: "x\u0000" }] }, /analysis\.a\.1\.b: .*U\+0000/],
      [{ "\udc00": 1 }, /analysis: a key: .*surrogate/],
      [{ a: Number.NaN }, /analysis\.a: Must be finite/],
      [{ a: new Map() }, /analysis\.a: Must be JSON/],
      [deep, /at most 20 levels/],
      [round, /at most 20 levels/],
      [{ a: "x".repeat(60_000), b: "x".repeat(60_000) }, /at most 100000 characters/],
    ];
    for (const [analysis, message] of told) {
      expect(() => parseNewIntake({ ...plain, analysis })).toThrow(message);
    }
  });
});

describe("an automatic intake", () => {
  const fields = {
    title: "Timeouts",
    summary: "Calls time out",
    source: "monitor",
    category: "learning:incident",
    urgency: "high",
    impactAreas: ["quality:high"],
    priority: 10,
  } as const;

  test("is a valid new intake", () => {
    const intake = automaticIntake(fields, "LS-1");
    expect(newIntakeSchema.parse(intake)).toEqual(intake);
    expect(intake).toMatchObject({ submittedBy: "agent33", content: { title: "Timeouts" } });
  });

  test("is cut to fit, between characters, and never without a title", () => {
    const summary = `x${"😀".repeat(10_000)}`;
    const intake = automaticIntake({ ...fields, title: " ", summary }, "LS-1");
    expect(parseNewIntake(intake).content).toMatchObject({ title: "Signal LS-1" });
    expect(intake.content.summary).toBe(`x${"😀".repeat(9_999)}`);
  });
});

describe("the states of an intake", () => {
  test("begin with submitted, before any decision", () => {
    expect(submitted).toEqual({
      ...parseNewIntake(plain),
      id: "RI-1",
      tenant: "a",
      automatic: false,
      quality: null,
      submittedAt: 1000,
      updatedAt: 1000,
      disposition: {
        state: "submitted",
        decidedAt: null,
        decidedBy: null,
        rationale: "",
        actionItems: [],
      },
      tracking: { backlogRefs: [], roadmapImpact: "", implementationTarget: "" },
      history: [],
    });
  });

  const allowed = new Set(
    Object.entries(intakeMoves).flatMap(([from, next]) => next.map((to) => `${from}>${to}`)),
  );

  /** How each state is reached. */
  const ways: Readonly<Record<IntakeState, readonly IntakeState[]>> = {
    submitted: [],
    triaged: ["triaged"],
    analyzing: ["triaged", "analyzing"],
    accepted: ["triaged", "analyzing", "accepted"],
    deferred: ["triaged", "analyzing", "deferred"],
    rejected: ["triaged", "analyzing", "rejected"],
    tracked: ["triaged", "analyzing", "accepted", "tracked"],
  };

  test("follow the table, each state from each, and any other word is refused", () => {
    for (const from of intakeStates) {
      for (const to of [...intakeStates, "done", ""]) {
        const move = () => moveIntake(moved(...ways[from]), to, "mara", 3000).disposition.state;
        if (allowed.has(`${from}>${to}`)) expect(move()).toBe(to);
        else expect(move).toThrow(expect.objectContaining({ code: "learning.bad_transition" }));
      }
    }
  });

  test("are told by the history, whatever way they were reached", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...allowed), { maxLength: 60 }), (asked) => {
        let intake = submitted;
        const path: string[] = ["submitted"];
        for (const [index, pair] of asked.entries()) {
          const [from, to = ""] = pair.split(">");
          if (from !== intake.disposition.state) continue;
          intake = moveIntake(intake, to, "mara", 2000 + index);
          path.push(to);
        }
        expect(intake.disposition.state).toBe(path.at(-1));
        expect(intake.history.map(({ from }) => from)).toEqual(path.slice(0, -1));
        expect(intake.history.map(({ to }) => to)).toEqual(path.slice(1));
      }),
    );
  });

  const moved = (...states: readonly IntakeState[]) =>
    states.reduce((intake, state) => moveIntake(intake, state, "mara", 2000), submitted);

  test("a wrong one is answered with those that are allowed", () => {
    expect(() => moveIntake(moved("triaged", "analyzing"), "tracked", "mara", 1)).toThrow(
      expect.objectContaining({
        message: "Intake RI-1 is analyzing and cannot become tracked.",
        hint: "From analyzing it can become accepted, deferred, rejected.",
      }),
    );
    const rejected = moved("triaged", "analyzing", "rejected");
    expect(() => moveIntake(rejected, "triaged", "mara", 1)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ allowed: [] }) }),
    );
  });

  test("a decision is noted with its time, its author and its reason", () => {
    const analyzing = moved("triaged", "analyzing");
    expect(analyzing.disposition).toMatchObject({ decidedAt: null, decidedBy: null });
    for (const state of ["accepted", "deferred", "rejected"]) {
      const decided = moveIntake(analyzing, state, "noor", 3000, {
        rationale: "because",
        actionItems: ["do it"],
      });
      expect(decided.disposition).toEqual({
        state,
        decidedAt: 3000,
        decidedBy: "noor",
        rationale: "because",
        actionItems: ["do it"],
      });
    }
  });

  test("tracking keeps the decision, and taking up again lifts it", () => {
    const accepted = moveIntake(moved("triaged", "analyzing"), "accepted", "noor", 3000);
    expect(moveIntake(accepted, "tracked", "mara", 4000).disposition).toMatchObject({
      state: "tracked",
      decidedAt: 3000,
      decidedBy: "noor",
    });
    const deferred = moveIntake(moved("triaged", "analyzing"), "deferred", "noor", 3000, {
      rationale: "later",
      actionItems: ["ask again"],
    });
    const again = moveIntake(deferred, "triaged", "mara", 4000);
    expect(again.disposition).toEqual({
      state: "triaged",
      decidedAt: null,
      decidedBy: null,
      rationale: "",
      actionItems: ["ask again"],
    });
    expect(again.history).toContainEqual({
      from: "analyzing",
      to: "deferred",
      by: "noor",
      at: 3000,
      rationale: "later",
    });
  });
});

test("an update changes what it names", () => {
  const once = updateIntake(submitted, { tracking: { backlogRefs: ["B-1"] } }, 2000);
  const twice = updateIntake(
    once,
    { analysis: { cause: "x" }, tracking: { roadmapImpact: "none" } },
    3000,
  );
  expect(twice).toEqual({
    ...submitted,
    analysis: { cause: "x" },
    tracking: { backlogRefs: ["B-1"], roadmapImpact: "none", implementationTarget: "" },
    updatedAt: 3000,
  });
  const wrong = { state: "accepted" } as object;
  expect(() => updateIntake(submitted, wrong, 1)).toThrow(
    expect.objectContaining({ code: "learning.bad_intake" }),
  );
});
