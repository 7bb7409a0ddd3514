import type { Survey } from "./benchmark.ts";
import type { FindingsTable, Goal } from "./results.ts";
import { readSkillCorpus } from "./skillmatch/corpus.ts";
import { findingTable, variantTable } from "./skillmatch/finding.ts";
import { keptTable, speedTable } from "./skillmatch/speed.ts";
import { validationTable } from "./skillmatch/validation.ts";

/** How well and how fast skills are found for whole tasks, by their words alone. */
export const skillMatchSurvey: Survey = {
  run: async ({ rounds, quick, progress }) => {
    const corpus = readSkillCorpus(process.env["AGENT33_BENCH_DATA"]);
    const { skills, queries } = corpus;
    progress("finding");
    const finding = findingTable(corpus);
    progress("variants");
    const variants = quick ? [] : [variantTable(corpus)];
    progress("cross-validation");
    const validation = quick ? [] : [validationTable(corpus)];
    const sizes = quick ? [skills.length] : [skills.length, 50_000];
    const speed = speedTable(corpus, { sizes, rounds, progress });
    const ours = "skills match, stage 1";
    const [small, large] = speed.rows.map(({ name }) => name);
    return {
      facts: [
        `${skills.length} skills of public repositories, those of SkillsBench among them; ${queries.length} of its tasks, whole, with the skills that their authors gave them.`,
        "No model and no embedder: the words alone.",
        "Development set: parameters were chosen on it.",
      ],
      tables: [finding, ...variants, ...validation, speed, keptTable(corpus)],
      goals: [
        goal(finding, ours, "recall10", "recall@10 %", "more", 80),
        goal(finding, ours, "ndcg10", "nDCG@10 %", "more", 75),
        goal(speed, small, "queryCpu", "CPU ms a task", "less", 10),
        ...(large === undefined
          ? []
          : [goal(speed, large, "queryCpu", "CPU ms a task", "less", 50)]),
      ],
      notes: [
        "Recall counts the skills that a task's author gave it. The corpus has others that would do as well (it has several for spreadsheets and for React), and these count as misses.",
        "Intervals: the tasks drawn anew 5,000 times.",
        "Skills beyond the corpus are made of its lines, drawn at random.",
      ],
    };
  },
};

function goal(
  table: FindingsTable,
  row: string | undefined,
  key: string,
  what: string,
  better: Goal["better"],
  bar: number,
): Goal {
  const reached = table.rows.find(({ name }) => name === row)?.figures[key];
  if (row === undefined || reached === undefined) {
    throw new RangeError(`No figure ${key} of "${row}".`);
  }
  return { what: `${row}: ${what}`, better, goal: bar, reached };
}
