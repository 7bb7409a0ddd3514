import { z } from "zod";
import { checklistPeriods } from "../../../learning/checklist-items.ts";
import { intakeStates } from "../../../learning/intake-state.ts";
import { actionStates, lessonStates } from "../../../learning/lesson.ts";
import { refreshScopes } from "../../../learning/refresh.ts";
import { severitySchema, signalTypes } from "../../../learning/signal.ts";
import { severities } from "../../../learning/severity.ts";
import { summaryDimensions, summaryRows } from "../../../learning/summary.ts";
import { intakeSchema, ownView } from "../../improvements-view.ts";
import { moment } from "../../input.ts";
import { defineRoute, type Route } from "../../route.ts";

const tag = "improvements";
const place = "/v1/improvements/learning";

const count = { signals: z.int().nonnegative(), occurrences: z.int().nonnegative() };
const countSchema = z.strictObject(count);
const totals = {
  from: moment,
  to: moment,
  total: z.int().nonnegative().describe("signals that were recorded"),
  occurrences: z.int().nonnegative().describe("signals and their repeats"),
};

const summarySchema = z
  .strictObject({
    ...totals,
    averageQuality: z.number().nullable(),
    highQuality: z.int().nonnegative(),
    byType: z.record(z.enum(signalTypes), countSchema).readonly(),
    bySeverity: z.record(z.enum(severities), countSchema).readonly(),
    bySource: z.strictObject({
      top: z.array(z.strictObject({ source: z.string(), ...count })).readonly(),
      other: countSchema,
    }),
    seriesBy: z.enum(["day", "week"]),
    series: z
      .array(
        z.strictObject({ start: z.int(), label: z.string(), from: moment, to: moment, ...count }),
      )
      .readonly()
      .describe("every day or week of the window, those without a signal too"),
    previous: z.strictObject(totals).describe("the window of the same length before this one"),
    trend: z.strictObject({ delta: z.int(), direction: z.enum(["up", "down", "stable"]) }),
    by: z.enum(summaryDimensions),
    groups: z.array(z.strictObject({ key: z.string(), ...count })).readonly(),
  })
  .meta({ id: "SignalSummary" });

const whole = z.coerce.number().int().min(0).max(100_000).exactOptional();

const summary = defineRoute({
  name: "summarizeSignals",
  method: "GET",
  path: `${place}/summary`,
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "See how many signals there were, of what kind, and whether they become more",
  description: "All that was recorded in the window counts. It makes no intakes.",
  query: z.strictObject({
    days: whole.describe("the last days; 30 where neither is given"),
    hours: whole.describe("the last hours, besides the days if both are given"),
    by: z.enum(summaryDimensions).default("type").describe("what `groups` are of"),
  }),
  answer: { status: 200, schema: summarySchema },
  problems: [422],
  handle: async ({ engine, query, host }) => {
    const rows = await engine.learning.rows();
    const found = await rows.signalCounts.summary({ ...query, now: host.clock.now() });
    return { ...found, by: query.by, groups: summaryRows(found, query.by) };
  },
});

const catchUp = defineRoute({
  name: "catchUp",
  method: "POST",
  path: `${place}/catch-up`,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Read what runs have taught since somebody last looked",
  description:
    "Runs that end here are read by themselves; this is for those whose process died, or that ended while the team's store was away.",
  answer: {
    status: 200,
    schema: z.strictObject({ signals: z.int().nonnegative().describe("how many that gave") }),
  },
  seconds: 120,
  handle: async ({ engine }) => ({ signals: await engine.learning.catchUp() }),
});

const generate = defineRoute({
  name: "generateIntakes",
  method: "POST",
  path: `${place}/intakes`,
  tag,
  scope: "learning:write",
  effect: "write",
  summary: "Make intakes of the gravest signals that have none",
  description:
    "What runs have taught is read first. Asked twice, it makes none the second time. The settings' `learning.automaticIntakes` hold where nothing else is said.",
  body: z.strictObject({
    minSeverity: severitySchema.exactOptional(),
    minScore: z.number().min(0).max(1).exactOptional().describe("least quality"),
    limit: z.int().min(1).max(1000).exactOptional().describe("how many at most; 3 by default"),
  }),
  answer: { status: 200, schema: z.strictObject({ items: z.array(intakeSchema) }) },
  seconds: 120,
  handle: async ({ engine, body }) => {
    await engine.learning.catchUp();
    return { items: (await engine.learning.generateIntakes(body)).map(ownView) };
  },
});

const number = z.int().nonnegative();
const conversion = { signals: number, withIntake: number.describe("that became intakes") };
const counts = <const Word extends string>(words: readonly Word[]) =>
  z.record(z.enum(words), number).readonly();

const overviewSchema = z
  .strictObject({
    signals: z.strictObject({
      ...conversion,
      byType: z.record(z.enum(signalTypes), z.strictObject(conversion)).readonly(),
      bySeverity: z.record(z.enum(severities), z.strictObject(conversion)).readonly(),
      quality: z
        .array(number)
        .length(10)
        .readonly()
        .describe("signals with a score from 0 to below 0.1, and so on"),
    }),
    intakes: z.strictObject({
      byState: counts(intakeStates),
      automatic: number.describe("made of signals by the rules"),
    }),
    lessons: z.strictObject({ byState: counts(lessonStates), actions: counts(actionStates) }),
    checklists: z
      .record(z.enum(checklistPeriods), z.strictObject({ open: number, complete: number }))
      .readonly(),
    refreshes: z.strictObject({
      byScope: counts(refreshScopes),
      complete: number,
      newestAt: moment.nullable().describe("when the newest was planned"),
    }),
  })
  .meta({ id: "LearningOverview" });

const overview = defineRoute({
  name: "showOverview",
  method: "GET",
  path: "/v1/improvements/analytics",
  tag,
  scope: "learning:read",
  effect: "read",
  summary: "See how much there is of what was learned, and how far it is",
  answer: { status: 200, schema: overviewSchema },
  handle: async ({ engine }) => {
    const rows = await engine.learning.rows();
    return { ...(await rows.learningOverview.read()) };
  },
});

/** What signals come to. */
export const learningRoutes: readonly Route[] = [summary, catchUp, generate, overview];
