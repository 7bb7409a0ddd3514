import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSkillIndex, type IndexedSkill } from "./skill-index.ts";
import { defaultWeights } from "./weights.ts";

const skill = (name: string, description: string, body = "", digest = ""): IndexedSkill => ({
  key: name,
  name,
  description,
  body,
  digest: digest === "" ? JSON.stringify([name, description, body]) : digest,
});

const office = [
  skill("xlsx", "Create and edit spreadsheets. Use for .xlsx and .csv files."),
  skill("pdf", "Read, fill and merge PDF documents and forms."),
  skill("docx", "Write documents with tracked changes."),
  skill("guidance", "Constrain what a language model writes."),
];

const found = (skills: readonly IndexedSkill[], task: string, limit = 10): readonly string[] => {
  const index = createSkillIndex();
  index.update(skills);
  return index.search(task, limit).map(({ key }) => key);
};

describe("what is found", () => {
  test("the skill whose name and description have the task's rare words comes first", () => {
    expect(found(office, "Fill the court form forms/sc100-blank.pdf and save it.")[0]).toBe("pdf");
    expect(found(office, "Sum column B of /data/budget.xlsx into a new file.")[0]).toBe("xlsx");
  });

  test("nothing is found where no word is known, or nothing is asked for", () => {
    expect(found(office, "Xylophone quartet")).toEqual([]);
    expect(found(office, "")).toEqual([]);
    expect(found([], "Fill the form")).toEqual([]);
  });

  test("endings of words do not count", () => {
    const skills = [skill("planner", "Optimization of schedules"), skill("other", "Nothing")];
    expect(found(skills, "optimizing the schedule")).toEqual(["planner"]);
  });

  test("a phrase that stands in the body tells apart what has the same words", () => {
    const skills = [
      skill("apart", "Signals.", "power lines carry the flow of water and light"),
      skill("joined", "Signals.", "water and light lines carry the power flow of"),
    ];
    const index = createSkillIndex();
    index.update(skills);
    const [first, second] = index.search("solve the power flow of signals", 2);
    expect(first).toMatchObject({ key: "joined", phrases: 1 });
    expect(second).toMatchObject({ key: "apart" });
    expect(second?.words).toBeCloseTo(1);
  });

  test("a name that the task has in full counts, beside the same words elsewhere", () => {
    const skills = [skill("gamma-ray", "Telescopes."), skill("telescopes", "Gamma ray.")];
    const index = createSkillIndex({
      weights: {
        ...defaultWeights,
        fields: { name: 5, description: 5, body: 0.3 },
        lengths: {
          ...defaultWeights.lengths,
          name: { b: 0, usual: 3 },
          description: { b: 0, usual: 30 },
        },
      },
    });
    index.update(skills);
    const [first, second] = index.search("a gamma ray burst", 2);
    expect(first?.key).toBe("gamma-ray");
    expect(first?.name).toBeGreaterThan(0);
    expect(second).toMatchObject({ key: "telescopes", name: 0 });
  });

  test("no more than asked for, and the same again", () => {
    const many = Array.from({ length: 300 }, (_, place) => skill(`tool-${place}`, "A common tool"));
    expect(found(many, "the common tool", 7)).toHaveLength(7);
    expect(found(many, "the common tool", 300)).toHaveLength(300);
    expect(found(many, "the common tool", 20)).toEqual(
      found(many.toReversed(), "the common tool", 20),
    );
  });

  test("a skill that is nothing but a long word list is searched and does no harm", () => {
    const body = Array.from({ length: 60_000 }, (_, place) => `word${place}`).join(" ");
    expect(found([...office, skill("list", "Many words", body)], "word5 and word9")).toEqual([
      "list",
    ]);
  });
});

describe("what is known of the index", () => {
  test("says what an update changed, and reads only that", () => {
    const read: string[] = [];
    const index = createSkillIndex({ onRead: (digest) => read.push(digest) });
    expect(index.update(office)).toEqual({ added: 4, removed: 0, kept: 0 });
    read.length = 0;
    const [first, ...rest] = office;
    const changed = skill(first?.name ?? "", "Spreadsheets, newer", "", "newer");
    expect(index.update([changed, ...rest])).toEqual({ added: 1, removed: 1, kept: 3 });
    expect(read).toEqual(["newer"]);
    expect(index.size).toBe(4);
    expect(index.update(rest)).toEqual({ added: 0, removed: 1, kept: 3 });
    expect(index.search("spreadsheets", 5)).toEqual([]);
  });

  test("what an earlier time knew is not read", () => {
    const entries = new Map<string, Parameters<NonNullable<Options["onRead"]>>[1]>();
    createSkillIndex({ onRead: (digest, entry) => entries.set(digest, entry) }).update(office);
    const index = createSkillIndex({
      known: (digest) => entries.get(digest),
      onRead: () => expect.unreachable("nothing is new"),
    });
    index.update(office);
    const task = "Merge two PDF documents";
    const fresh = createSkillIndex();
    fresh.update(office);
    expect(index.search(task, 9)).toEqual(fresh.search(task, 9));
  });
});

type Options = NonNullable<Parameters<typeof createSkillIndex>[0]>;

const words = fc.constantFrom(
  "alpha",
  "beta",
  "gamma",
  "delta",
  "files",
  "filing",
  "Excel",
  "PDF2",
);
const text = fc.array(words, { maxLength: 12 }).map((parts) => parts.join(" "));
const someSkill = fc
  .record({
    name: fc.constantFrom("a", "b-beta", "c", "delta", "e"),
    description: text,
    body: text,
  })
  .map(({ name, description, body }) => skill(name, description, body));
const someSkills = fc.uniqueArray(someSkill, { selector: ({ key }) => key, maxLength: 5 });

test("an index that was updated over and over finds what a new one finds, with the same scores", () => {
  fc.assert(
    fc.property(fc.array(someSkills, { minLength: 1, maxLength: 6 }), text, (steps, task) => {
      const grown = createSkillIndex();
      for (const skills of steps) grown.update(skills);
      const fresh = createSkillIndex();
      fresh.update(steps.at(-1) ?? []);
      expect(grown.search(task, 10)).toEqual(fresh.search(task, 10));
      expect(grown.size).toBe(fresh.size);
    }),
  );
});
