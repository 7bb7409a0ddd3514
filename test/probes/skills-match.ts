import { listWithin, ofType, probe, within } from "./support/bench.ts";
import { says, script } from "./support/scripts.ts";

// Of a folder of skills a run gets the one that fits its task: found by its words, chosen by the
// model, looked into, and kept. Sabotaged: the model keeps none when it is asked to choose.
const shelf: Readonly<Record<string, string>> = {
  "pdf-forms": "Fill the fields of PDF forms.",
  "form-design": "Design web forms that people fill in.",
  tango: "Steps for two.",
};
const answer = (value: object) => says(JSON.stringify(value));
const verdict = (name: string, word: string) => ({ name, verdict: word, reason: "Why." });

await probe(async ({ sabotaged, put, agent33 }) => {
  for (const [name, about] of Object.entries(shelf)) {
    const head = `---\nname: ${name}\ndescription: ${about}\n---\n`;
    put(`.agents/skills/${name}/SKILL.md`, `${head}How to ${name}.\n`);
  }
  const chooses = answer({ keep: sabotaged ? [] : ["pdf-forms", "form-design"] });
  const looksInto = answer({
    verdicts: [verdict("pdf-forms", "keep"), verdict("form-design", "confusing")],
  });
  put("turns.yaml", { ...script("matching", says("Done.")), matching: [chooses, looksInto] });
  const words = ["--match-skills", "3", "--model", "scripted:turns.yaml", "--json"];
  const events = (await agent33("run", "Fill the PDF form.", ...words)).lines();
  const [matched] = ofType(events, "skills.matched");
  const skills = listWithin(matched, "skills");
  const design = skills.find((one) => within(one, "name") === "form-design");
  return {
    searched: within(matched, "searched"),
    byWords: within(skills[0], "words", "place"),
    chosen: within(matched, "chosen"),
    fellAt: within(design, "fell", "stage"),
    fellBecause: within(design, "fell", "reason"),
    questions: ofType(events, "matching.completed").length,
    given: listWithin(ofType(events, "session.opened")[0], "skills").map((one) =>
      within(one, "name"),
    ),
  };
});
