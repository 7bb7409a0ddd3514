import { actionStates, lessonSchema, lessonStates } from "../../learning/lesson.ts";
import { checklistPeriods } from "../../learning/checklist-items.ts";
import { intakeStates } from "../../learning/intake-state.ts";
import { refreshScopes } from "../../learning/refresh.ts";
import { severities } from "../../learning/severity.ts";
import { signalTypes } from "../../learning/signal.ts";
import { badRow, jsonIn } from "../damage.ts";
import { type Program, read, rows } from "../program.ts";
import type { RepositoryContext } from "./context.ts";

type Counts<Word extends string> = Readonly<Record<Word, number>>;

/** Of how many, how many became intakes. */
export interface Conversion {
  readonly signals: number;
  readonly withIntake: number;
}

/** How much there is of what was learned, and how far it is. */
export interface LearningOverview {
  readonly signals: Conversion & {
    readonly byType: Readonly<Record<(typeof signalTypes)[number], Conversion>>;
    readonly bySeverity: Readonly<Record<(typeof severities)[number], Conversion>>;
    /** Ten counts: of scores from 0 to below 0.1, and so on; the last has 1 too. */
    readonly quality: readonly number[];
  };
  readonly intakes: {
    readonly byState: Counts<(typeof intakeStates)[number]>;
    /** Made of signals by the rules. */
    readonly automatic: number;
  };
  readonly lessons: {
    readonly byState: Counts<(typeof lessonStates)[number]>;
    readonly actions: Counts<(typeof actionStates)[number]>;
  };
  readonly checklists: Readonly<
    Record<(typeof checklistPeriods)[number], { readonly open: number; readonly complete: number }>
  >;
  readonly refreshes: {
    readonly byScope: Counts<(typeof refreshScopes)[number]>;
    readonly complete: number;
    /** When the newest was planned, milliseconds since the Unix epoch; null before the first. */
    readonly newestAt: number | null;
  };
}

/** Counts over all that a tenant has learned. */
export function learningOverviewRepository({ tenant }: RepositoryContext) {
  const counted = (table: string, ...columns: readonly string[]) =>
    rows(
      `SELECT ${columns.join(", ")}, COUNT(*) AS count FROM ${table} WHERE tenant = ?
       GROUP BY ${columns.join(", ")}`,
      tenant,
    );

  function* signalsOf(): Program<LearningOverview["signals"]> {
    const found = yield* rows(
      `SELECT type, severity, quality_score / 100 AS tenth, COUNT(*) AS count,
         COUNT(intake_id) AS linked
       FROM signals WHERE tenant = ? GROUP BY type, severity, quality_score / 100`,
      tenant,
    );
    const of = (column?: string, word?: string): Conversion => {
      const some = found.filter((row) => column === undefined || row[column] === word);
      return { signals: sum(some, "count"), withIntake: sum(some, "linked") };
    };
    return {
      ...of(),
      byType: byWord(signalTypes, (word) => of("type", word)),
      bySeverity: byWord(severities, (word) => of("severity", word)),
      quality: Array.from({ length: 10 }, (_, tenth) =>
        sum(
          found.filter((row) => Math.min(9, Number(row["tenth"])) === tenth),
          "count",
        ),
      ),
    };
  }

  function* lessonsOf(): Program<LearningOverview["lessons"]> {
    const states = yield* counted("lessons", "state");
    const bodies = yield* rows("SELECT id, body FROM lessons WHERE tenant = ?", tenant);
    const schema = lessonSchema.unwrap().pick({ actions: true }).strip();
    const actions = bodies.flatMap(({ id, body }) => {
      const parsed = schema.safeParse(jsonIn("lessons", String(id), String(body)));
      if (parsed.success) return parsed.data.actions;
      throw badRow("lessons", String(id), "its actions are not as they have to be", parsed.error);
    });
    return {
      byState: byWord(lessonStates, (word) => countOf(states, "state", word)),
      actions: byWord(actionStates, (word) => actions.filter(({ state }) => state === word).length),
    };
  }

  return {
    read: read(function* (): Program<LearningOverview> {
      const intakes = yield* counted("intakes", "state", "automatic");
      const checklists = yield* counted("checklists", "period", "state");
      const refreshes = yield* counted("roadmap_refreshes", "scope", "state");
      const [newest] = yield* rows(
        "SELECT MAX(created_at) AS at FROM roadmap_refreshes WHERE tenant = ?",
        tenant,
      );
      const newestAt = newest?.["at"] ?? null;
      return {
        signals: yield* signalsOf(),
        intakes: {
          byState: byWord(intakeStates, (word) => countOf(intakes, "state", word)),
          automatic: sum(
            intakes.filter((row) => Number(row["automatic"]) === 1),
            "count",
          ),
        },
        lessons: yield* lessonsOf(),
        checklists: byWord(checklistPeriods, (word) => {
          const some = checklists.filter((row) => row["period"] === word);
          return {
            open: countOf(some, "state", "open"),
            complete: countOf(some, "state", "complete"),
          };
        }),
        refreshes: {
          byScope: byWord(refreshScopes, (word) => countOf(refreshes, "scope", word)),
          complete: countOf(refreshes, "state", "complete"),
          newestAt: newestAt === null ? null : Number(newestAt),
        },
      };
    }),
  };
}

type Row = Readonly<Record<string, unknown>>;

function sum(found: readonly Row[], column: string): number {
  return found.reduce((all, row) => all + Number(row[column]), 0);
}

function countOf(found: readonly Row[], column: string, word: string): number {
  return sum(
    found.filter((row) => row[column] === word),
    "count",
  );
}

function byWord<Word extends string, T>(
  words: readonly Word[],
  value: (word: Word) => T,
): Readonly<Record<Word, T>> {
  return Object.fromEntries(words.map((word) => [word, value(word)])) as Record<Word, T>;
}
