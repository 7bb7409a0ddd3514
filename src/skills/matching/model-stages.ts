import type { z } from "zod";
import type { FallReason } from "./match-result.ts";
import {
  askedAgain,
  filterQuestion,
  filterSchema,
  readAnswer,
  selectionQuestion,
  selectionSchema,
  type SkillQuestion,
} from "./questions.ts";
import type { IndexedSkill } from "./skill-index.ts";

/** Asks a model one question and gives the text of its answer. What it throws ends the matching. */
export type AskSkills = (question: SkillQuestion) => Promise<string>;

/** What the filter says of one skill. */
export interface SkillVerdict {
  readonly verdict: "keep" | FallReason;
  readonly reason: string;
}

/** Characters of skills' texts that one question shows. */
const charactersAtOnce = 60_000;
/** A text that is longer is not shown, and what was not seen as a whole is not kept. */
const longestText = 200_000;

/** The two stages in which a model is asked. An answer that cannot be taken is asked for once more. */
export function askedSkills(task: string, ask: AskSkills, notices: string[]) {
  /**
   * @param check what is wrong with an answer that has the form
   * @returns the last answer, where it has the form, and what is still wrong with it
   */
  const answerTo = async <T>(
    question: SkillQuestion,
    schema: z.ZodType<T>,
    check: (value: T) => readonly string[],
  ): Promise<{ readonly value: T | undefined; readonly problems: readonly string[] }> => {
    const first = await ask(question);
    const one = held(readAnswer(schema, first), check);
    if (one.problems.length === 0) return one;
    return held(readAnswer(schema, await ask(askedAgain(question, first, one.problems))), check);
  };

  return {
    /** Stage two: the keys of what may help. An answer that cannot be read keeps all. */
    select: async (skills: readonly IndexedSkill[]): Promise<ReadonlySet<string>> => {
      const known = new Set(skills.map(({ key }) => key));
      const listed = skills.map(({ key, description }) => ({ name: key, description }));
      const { value, problems } = await answerTo(
        selectionQuestion(task, listed),
        selectionSchema,
        ({ keep }) => unknownNames(keep, known),
      );
      if (problems.length > 0) {
        notices.push(
          value === undefined
            ? `The model gave no choice that can be read, twice (${problems.join("; ")}): all that were found are looked at.`
            : `The model chose skills that were not listed, twice (${problems.join("; ")}): these do not count.`,
        );
      }
      return value === undefined ? known : new Set(value.keep.filter((name) => known.has(name)));
    },

    /** Stage four: what it says of each text. What has no verdict that can be read is not kept. */
    filter: async (
      texts: ReadonlyMap<string, string>,
    ): Promise<ReadonlyMap<string, SkillVerdict>> => {
      const verdicts = new Map<string, SkillVerdict>();
      for (const batch of batches(texts, verdicts)) {
        const known = new Set(batch.map(({ name }) => name));
        const { value, problems } = await answerTo(
          filterQuestion(task, batch),
          filterSchema,
          (answer) => verdictProblems(answer, known),
        );
        if (problems.length > 0) {
          notices.push(
            `The model's verdicts on skills cannot all be taken, twice (${problems.join("; ")}): what has none is not chosen.`,
          );
        }
        for (const { name, verdict, reason } of value?.verdicts ?? []) {
          // Of two verdicts on one skill the one that drops it counts.
          const earlier = verdicts.get(name);
          if (!known.has(name) || (earlier !== undefined && earlier.verdict !== "keep")) continue;
          verdicts.set(name, { verdict, reason });
        }
        for (const name of known) {
          if (verdicts.has(name)) continue;
          const reason = "The model gave no verdict on it that can be read.";
          verdicts.set(name, { verdict: "no_verdict", reason });
        }
      }
      return verdicts;
    },
  };
}

type FilterAnswer = z.infer<typeof filterSchema>;

function held<T>(
  reading: ReturnType<typeof readAnswer<T>>,
  check: (value: T) => readonly string[],
): { readonly value: T | undefined; readonly problems: readonly string[] } {
  if (!reading.ok) return { value: undefined, problems: [reading.problem] };
  return { value: reading.value, problems: check(reading.value) };
}

function unknownNames(names: readonly string[], known: ReadonlySet<string>): readonly string[] {
  return [...new Set(names)]
    .filter((name) => !known.has(name))
    .map((name) => `no skill ${JSON.stringify(name)} is listed`);
}

function verdictProblems(
  { verdicts }: FilterAnswer,
  known: ReadonlySet<string>,
): readonly string[] {
  const names = verdicts.map(({ name }) => name);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [
    ...unknownNames(names, known),
    ...[...twice].map((name) => `there are two verdicts on ${JSON.stringify(name)}`),
    ...[...known]
      .filter((name) => !names.includes(name))
      .map((name) => `there is no verdict on ${JSON.stringify(name)}`),
  ];
}

interface ShownText {
  readonly name: string;
  readonly text: string;
}

/** The texts in as few questions as their length allows; what is too long has its verdict. */
function batches(
  texts: ReadonlyMap<string, string>,
  verdicts: Map<string, SkillVerdict>,
): readonly (readonly ShownText[])[] {
  const all: ShownText[][] = [];
  let characters = Number.POSITIVE_INFINITY;
  for (const [name, text] of texts) {
    if (text.length > longestText) {
      const reason = `Its text has ${text.length} characters; no more than ${longestText} are looked at.`;
      verdicts.set(name, { verdict: "too_long", reason });
      continue;
    }
    if (characters + text.length > charactersAtOnce) {
      all.push([]);
      characters = 0;
    }
    all.at(-1)?.push({ name, text });
    characters += text.length;
  }
  return all;
}
