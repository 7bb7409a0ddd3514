import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent33Error } from "../../src/base/errors.ts";
import { seededRandom } from "../../src/base/random.ts";
import { openKeptIndex } from "../../src/skills/matching/kept-index.ts";
import { createSkillIndex, type IndexedSkill } from "../../src/skills/matching/skill-index.ts";
import type { Progress } from "../benchmark.ts";
import { collectGarbage } from "../harness.ts";
import { costOf } from "../cost.ts";
import { columnsOf, type FindingsTable } from "../results.ts";
import { meanOf, percentile } from "../statistics.ts";
import type { SkillCorpus } from "./corpus.ts";

export interface SpeedOptions {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly progress: Progress;
}

const megabyte = 1_048_576;

/** Building, a changed skill, and whole tasks as queries, at several numbers of skills. */
export function speedTable(corpus: SkillCorpus, options: SpeedOptions): FindingsTable {
  const { sizes, rounds, progress } = options;
  return {
    title: "Time and memory",
    of: "index",
    columns: columnsOf({
      build: "built, CPU s",
      change: "one skill changed, CPU ms",
      queryCpu: "a task: CPU ms",
      p50: "wall ms p50",
      p99: "p99",
      memoryMb: "memory MB",
    }),
    rows: sizes.map((size) => {
      progress(`${size} skills`);
      return { name: `${size} skills`, figures: reading(corpus, size, rounds) };
    }),
  };
}

function reading({ skills, queries }: SkillCorpus, size: number, rounds: number) {
  collectGarbage("major");
  const before = memory();
  const index = createSkillIndex();
  const known = new Map<string, IndexedSkill>();
  // The texts are made while it is built and not kept: what is measured is the index.
  const made = { texts: 0, all: 0 };
  const all = costOf(() => {
    const given: IndexedSkill[] = [];
    made.texts = costOf(() => {
      for (const skill of manySkills(skills, size)) given.push(skill);
    }).cpuMs;
    index.update(given);
    for (const skill of given.slice(0, 1)) known.set(skill.key, skill);
    given.length = 0;
  });
  collectGarbage("major");
  const memoryMb = (memory() - before) / megabyte;
  for (const { text } of queries) index.search(text, 10);
  const costs = Array.from({ length: rounds }, () =>
    queries.map(({ text }) =>
      costOf(() => {
        if (index.search(text, 10).length === 0) throw unfair(text);
      }),
    ),
  ).flat();
  const wall = costs.map(({ wallMs }) => wallMs);
  return {
    build: (all.cpuMs - made.texts) / 1_000,
    change: changeCost(skills),
    queryCpu: meanOf(costs.map(({ cpuMs }) => cpuMs)),
    p50: percentile(wall, 0.5),
    p99: percentile(wall, 0.99),
    memoryMb,
  };
}

/** The index's file: made, and opened by the next process. */
export function keptTable({ skills }: SkillCorpus): FindingsTable {
  const folder = mkdtempSync(join(tmpdir(), "skillmatch-"));
  try {
    const path = join(folder, "skill-index.jsonl");
    const opened = (): number =>
      costOf(() => {
        const index = openKeptIndex(path);
        index.update(skills);
        index.save();
        if (index.notices.length > 0) throw new RangeError(index.notices.join(" "));
      }).cpuMs;
    const [made, again] = [opened(), opened()];
    return {
      title: "The index's file",
      of: "index",
      columns: columnsOf({
        made: "read and kept, CPU ms",
        again: "opened again, CPU ms",
        fileMb: "file MB",
      }),
      rows: [
        {
          name: `${skills.length} skills`,
          figures: { made, again, fileMb: statSync(path).size / megabyte },
        },
      ],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An update that finds one skill of all changed. */
function changeCost(skills: readonly IndexedSkill[]): number {
  const index = createSkillIndex();
  index.update(skills);
  const changed = skills.map((skill, place) =>
    place === 0
      ? { ...skill, digest: `${skill.digest}, newer`, body: `${skill.body} New.` }
      : skill,
  );
  return costOf(() => index.update(changed)).cpuMs;
}

/**
 * The corpus, and beyond it skills whose sentences and headings are drawn from it at random: their
 * words are as frequent as in it, and their lengths are its own.
 */
function* manySkills(skills: readonly IndexedSkill[], size: number): Generator<IndexedSkill, void> {
  yield* skills.slice(0, size);
  const random = seededRandom(33);
  const draw = (): IndexedSkill => {
    const skill = skills[Math.floor(random.next() * skills.length)];
    if (skill === undefined) throw new RangeError("There are no skills to draw from.");
    return skill;
  };
  const lines = skills.map(({ body }) => body.split("\n"));
  const drawLine = (): string => {
    const of = lines[Math.floor(random.next() * lines.length)] ?? [];
    return of[Math.floor(random.next() * of.length)] ?? "";
  };
  for (let number = skills.length; number < size; number += 1) {
    const [key, length] = [`made-${number}`, draw().body.split("\n").length];
    yield {
      key,
      digest: key,
      name: `${draw().name.split("-")[0]}-${draw().name.split("-").at(-1)}`,
      description: `${draw().description.split(". ")[0]}. ${draw().description.split(". ").at(-1)}`,
      body: Array.from({ length }, drawLine).join("\n"),
    };
  }
}

/** The heap, and the typed arrays beside it. */
function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function unfair(task: string): Agent33Error {
  return new Agent33Error("bench.unfair", `Nothing was found for "${task.slice(0, 60)}".`, {
    hint: "A task that finds nothing takes no time; the figures would mislead.",
  });
}
