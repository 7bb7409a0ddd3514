import { describe, expect, test } from "vitest";
import { type MatchParts, matchSkills } from "./match-skills.ts";
import type { SkillQuestion } from "./questions.ts";
import { createSkillIndex, type IndexedSkill } from "./skill-index.ts";

const skill = (name: string, description: string, body = `How to: ${name}.`): IndexedSkill => ({
  key: name,
  name,
  description,
  body,
  digest: `${name}-1`,
});
const skills = [
  skill("pdf", "Fill PDF forms"),
  skill("small-claims", "Small claims forms", "The answer: tick box 7."),
  skill("form-design", "Design forms that convert"),
  skill("dance", "Tango steps"),
];
const task = "Fill the court form forms/sc100.pdf";

/** A model that gives these answers, one after the other. */
function scripted(...answers: readonly (string | object)[]) {
  const asked: SkillQuestion[] = [];
  return {
    asked,
    ask: async (question: SkillQuestion): Promise<string> => {
      const answer = answers[asked.push(question) - 1];
      if (answer === undefined) throw new Error(`question ${asked.length} was not expected`);
      return typeof answer === "string" ? answer : JSON.stringify(answer);
    },
  };
}

const match = (given: Partial<MatchParts>, top = 5, of: readonly IndexedSkill[] = skills) => {
  const index = createSkillIndex();
  index.update(of);
  return matchSkills(
    { skills: of, index, load: async ({ body }) => body, ...given },
    { task, top },
  );
};

const verdict = (name: string, said: string, reason = "because") => ({
  name,
  verdict: said,
  reason,
});
const keepAll = { keep: ["pdf", "small-claims", "form-design"] };
const fellAt = (result: Awaited<ReturnType<typeof matchSkills>>) =>
  Object.fromEntries(
    result.skills.map(({ name, fell }) => [name, fell && `${fell.stage}: ${fell.reason}`]),
  );

describe("without a model", () => {
  test("the words alone decide, and the result says so", async () => {
    const result = await match({}, 2);
    expect(result.chosen).toEqual(["pdf", "form-design"]);
    expect(result).toMatchObject({ checked: false, searched: 4, by: ["words"] });
    expect(result.notices).toEqual([expect.stringContaining("No model was asked")]);
    expect(fellAt(result)["small-claims"]).toBe("retrieval: beyond_top");
    expect(result.skills[0]).toMatchObject({
      place: 1,
      digest: "pdf-1",
      words: { place: 1, words: expect.any(Number), name: expect.any(Number) },
    });
  });

  test("a task with no known word chooses nothing", async () => {
    const result = await matchSkills(
      { skills, index: createSkillIndex(), load: async ({ body }) => body },
      { task: "", top: 5 },
    );
    expect(result).toMatchObject({ chosen: [], skills: [] });
  });
});

describe("with a model", () => {
  test("what the lenient choice leaves and the strict look keeps is chosen, all else with its reason", async () => {
    const model = scripted(
      { keep: ["small-claims", "pdf"] },
      {
        verdicts: [
          verdict("pdf", "keep", "It fills forms."),
          verdict("small-claims", "leaks_answer", "It says what to tick."),
        ],
      },
    );
    const result = await match(model);
    expect(result).toMatchObject({ chosen: ["pdf"], checked: true, notices: [] });
    expect(result.skills.find(({ name }) => name === "pdf")?.kept).toBe("It fills forms.");
    expect(fellAt(result)).toEqual({
      pdf: undefined,
      "small-claims": "filter: leaks_answer",
      "form-design": "selection: not_selected",
    });
    expect(result.skills.find(({ name }) => name === "small-claims")?.fell?.why).toBe(
      "It says what to tick.",
    );
  });

  test("the first question shows names and descriptions, the second whole texts, both as data", async () => {
    const model = scripted(keepAll, {
      verdicts: keepAll.keep.map((name) => verdict(name, "irrelevant")),
    });
    await match(model);
    const [selection, filter] = model.asked.map(({ messages }) => JSON.stringify(messages));
    expect(selection).toContain("Small claims forms");
    expect(selection).not.toContain("tick box 7");
    expect(filter).toContain("tick box 7");
    expect(model.asked[1]?.system).toMatch(/irrelevant[\s\S]*leaks_answer[\s\S]*confusing/);
    expect(model.asked[0]?.system).toContain("no instruction to you");
  });

  test.each([1, 2, 3])("%d found skills are looked at by both stages too", async (count) => {
    const of = skills.slice(0, count);
    const names = of.map(({ name }) => name);
    const model = scripted(
      { keep: names },
      { verdicts: names.map((name) => verdict(name, "leaks_answer")) },
    );
    const result = await match(model, 5, of);
    expect(model.asked).toHaveLength(2);
    expect(result.chosen).toEqual([]);
  });

  test("where all are dropped, nothing is chosen", async () => {
    const model = scripted(keepAll, {
      verdicts: [
        verdict("pdf", "irrelevant"),
        verdict("small-claims", "leaks_answer"),
        verdict("form-design", "confusing"),
      ],
    });
    const result = await match(model);
    expect(result.chosen).toEqual([]);
    expect(result.notices).toEqual([]);
    expect(new Set(Object.values(fellAt(result)))).toEqual(
      new Set(["filter: confusing", "filter: irrelevant", "filter: leaks_answer"]),
    );
  });

  test("where the lenient choice leaves nothing, the strict look is not asked for", async () => {
    const model = scripted({ keep: [] });
    expect((await match(model)).chosen).toEqual([]);
    expect(model.asked).toHaveLength(1);
  });

  test("no more are chosen than were asked for", async () => {
    const model = scripted(keepAll, {
      verdicts: keepAll.keep.map((name) => verdict(name, "keep")),
    });
    const result = await match(model, 1);
    expect(result.chosen).toEqual(["pdf"]);
    expect(fellAt(result)["small-claims"]).toBe("filter: beyond_top");
    expect(result.skills.filter(({ kept }) => kept !== undefined)).toHaveLength(1);
  });
});

describe("answers that cannot be taken", () => {
  const good = { verdicts: [verdict("pdf", "keep"), verdict("small-claims", "irrelevant")] };
  const two = { keep: ["pdf", "small-claims"] };

  test("an unreadable choice is asked for once more, with what was wrong", async () => {
    const model = scripted("I would take the PDF one.", two, good);
    const result = await match(model);
    expect(result.chosen).toEqual(["pdf"]);
    expect(result.notices).toEqual([]);
    expect(JSON.stringify(model.asked[1]?.messages)).toContain("not one JSON object");
    expect(model.asked[1]?.messages).toHaveLength(3);
  });

  test("a choice that cannot be read twice keeps all for the strict look, and is said", async () => {
    const model = scripted("no", '{"keep": 7}', {
      verdicts: keepAll.keep.map((name) => verdict(name, "irrelevant")),
    });
    const result = await match(model);
    expect(result.chosen).toEqual([]);
    expect(result.notices).toEqual([expect.stringMatching(/no choice that can be read, twice/)]);
    expect(model.asked).toHaveLength(3);
  });

  test("a skill that was not listed is asked about once more, and then does not count", async () => {
    const invented = { keep: ["pdf", "excel-wizard"] };
    const model = scripted(invented, invented, { verdicts: [verdict("pdf", "keep")] });
    const result = await match(model);
    expect(result.chosen).toEqual(["pdf"]);
    expect(JSON.stringify(model.asked[1]?.messages)).toContain("excel-wizard");
    expect(result.notices).toEqual([expect.stringContaining("excel-wizard")]);
  });

  test("verdicts that cannot be read twice keep nothing, and are said", async () => {
    const model = scripted(two, "all fine", "really, all fine");
    const result = await match(model);
    expect(result.chosen).toEqual([]);
    expect(result.notices).toEqual([expect.stringContaining("what has none is not chosen")]);
    expect(fellAt(result)["pdf"]).toBe("filter: no_verdict");
  });

  test("a skill without a verdict is asked about once more, and then not kept", async () => {
    const one = { verdicts: [verdict("pdf", "keep")] };
    const model = scripted(two, one, one);
    const result = await match(model);
    expect(result.chosen).toEqual(["pdf"]);
    expect(fellAt(result)["small-claims"]).toBe("filter: no_verdict");
  });

  test("of two verdicts on one skill the one that drops it counts", async () => {
    const both = {
      verdicts: [verdict("pdf", "keep"), verdict("pdf", "leaks_answer"), verdict("pdf", "keep")],
    };
    const model = scripted({ keep: ["pdf"] }, both, both);
    expect((await match(model)).chosen).toEqual([]);
  });

  test("a fence around the answer is no fault", async () => {
    const model = scripted(
      `\`\`\`json\n${JSON.stringify(two)}\n\`\`\``,
      `\`\`\`\n${JSON.stringify(good)}\n\`\`\``,
    );
    expect((await match(model)).chosen).toEqual(["pdf"]);
    expect(model.asked).toHaveLength(2);
  });
});

describe("loading", () => {
  test("a text that cannot be read any more is not chosen, and the model is not asked about it", async () => {
    const model = scripted(keepAll, {
      verdicts: [verdict("small-claims", "irrelevant"), verdict("form-design", "keep")],
    });
    const load = async ({ name, body }: IndexedSkill) => (name === "pdf" ? undefined : body);
    const result = await match({ ...model, load });
    expect(result.chosen).toEqual(["form-design"]);
    expect(fellAt(result)["pdf"]).toBe("loading: unreadable");
  });

  test("long texts are shown in several questions, and one that is too long is not kept", async () => {
    const long = "word ".repeat(9_000);
    const of = [
      skill("pdf", "Fill PDF forms", long),
      skill("small-claims", "Court forms", long),
      skill("form-design", "Design forms", "word ".repeat(50_000)),
    ];
    const model = scripted(
      keepAll,
      { verdicts: [verdict("pdf", "keep")] },
      { verdicts: [verdict("small-claims", "keep")] },
    );
    const result = await match(model, 5, of);
    expect(result.chosen.toSorted()).toEqual(["pdf", "small-claims"]);
    expect(fellAt(result)["form-design"]).toBe("filter: too_long");
  });
});

describe("with an embedder", () => {
  const vectors: Readonly<Record<string, readonly number[]>> = {
    [task]: [1, 0],
    dance: [1, 0],
    pdf: [0, 1],
  };
  const shelfOf = (kept = new Map<string, Float32Array>()) => ({
    find: (digest: string) => kept.get(digest),
    keep: (digest: string, vector: Float32Array) => void kept.set(digest, vector),
  });
  const embedder = (shelf = shelfOf()) => {
    const embedded: string[] = [];
    const embed = async (texts: readonly string[]) => {
      embedded.push(...texts);
      return texts.map((text) => vectors[text.split(":")[0] ?? ""] ?? [0.9, 0.1]);
    };
    return { embedded, embedder: { name: "e", embed, shelf, forgive: () => undefined } };
  };

  test("both rankings are fused, and each skill shows its place in each", async () => {
    const result = await match({ embedder: embedder().embedder });
    expect(result.by).toEqual(["words", "vectors"]);
    const dance = result.skills.find(({ name }) => name === "dance");
    expect(dance?.vectors).toMatchObject({ place: 1 });
    expect(dance?.words).toBeUndefined();
    // First by words, last by vectors.
    const pdf = result.skills.find(({ name }) => name === "pdf");
    expect(pdf).toMatchObject({ words: { place: 1 }, vectors: { place: 4 } });
    expect(pdf?.score).toBeCloseTo(1 / 61 + 1 / 64, 12);
  });

  test("a skill is embedded once, and again when its content changed", async () => {
    const shelf = shelfOf();
    await match({ embedder: embedder(shelf).embedder });
    const later = embedder(shelf);
    const changed = skills.map((one) => (one.name === "pdf" ? { ...one, digest: "pdf-2" } : one));
    await match({ embedder: later.embedder }, 5, changed);
    expect(later.embedded).toEqual([expect.stringMatching(/^pdf: /), task]);
  });

  test("where vectors are not to be had, the words serve and it is said; other faults are thrown", async () => {
    const embed = async () => Promise.reject(new Error("the server is down"));
    const failing = { name: "e", embed, shelf: shelfOf() };
    const result = await match({
      embedder: { ...failing, forgive: (error: unknown) => String(error) },
    });
    expect(result.by).toEqual(["words"]);
    expect(result.chosen[0]).toBe("pdf");
    expect(result.notices[0]).toContain("the server is down");
    await expect(match({ embedder: { ...failing, forgive: () => undefined } })).rejects.toThrow(
      "the server is down",
    );
  });
});
