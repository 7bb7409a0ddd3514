import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { afterEach, describe, expect, test } from "vitest";
import type { RunRequest } from "../../src/engine/create-run.ts";
import { runInProcess } from "../support/cli.ts";
import { eventsOf, type ScriptedTurn, type TestEngine, testEngine } from "../support/engine.ts";

const engines: TestEngine[] = [];
afterEach(async () => {
  for (const made of engines.splice(0)) await made.engine.close();
});

const shelf = {
  "pdf-forms": "Fill the fields of PDF forms.",
  "form-design": "Design web forms that people fill in.",
  tango: "Steps for two.",
};

function opened(settings = {}, folder?: string): TestEngine {
  const made = testEngine(settings, folder);
  engines.push(made);
  for (const [name, description] of Object.entries(shelf)) {
    const path = join(made.folder, ".agents/skills", name, "SKILL.md");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `---\n${stringify({ name, description })}---\nHow to ${name}.\n`);
  }
  return made;
}

const answer = (value: object): ScriptedTurn => ({ text: JSON.stringify(value) });
const select = (...keep: readonly string[]) => answer({ keep });
const filter = (verdicts: Readonly<Record<string, string>>) =>
  answer({
    verdicts: Object.entries(verdicts).map(([name, verdict]) => ({
      name,
      verdict,
      reason: "Why.",
    })),
  });

const keptOne = filter({ "pdf-forms": "keep" });

/** A turn with what it used. */
const using = (turn: ScriptedTurn, input_tokens: number, output_tokens: number) => ({
  ...turn,
  usage: { input_tokens, output_tokens },
});

/** A model that also says which skills fit. */
function script(folder: string, turns: readonly ScriptedTurn[], matching: readonly ScriptedTurn[]) {
  const path = join(folder, `matching-${matching.length}.yaml`);
  writeFileSync(path, stringify({ name: "matching", turns, matching }));
  return `scripted:${path}`;
}

async function run(
  made: TestEngine,
  turns: readonly ScriptedTurn[],
  matching: readonly ScriptedTurn[],
  request: Partial<RunRequest> = {},
) {
  const { runId, outcome, events } = await made.run(turns, {
    task: { kind: "text", text: "Fill the PDF form.", workspace: made.folder },
    model: script(made.folder, turns, matching),
    matchSkills: 3,
    ...request,
  });
  return { runId, outcome, events, matched: eventsOf(events, "skills.matched") };
}

const done: ScriptedTurn = { text: "Done." };
const kept = filter({ "pdf-forms": "keep", "form-design": "confusing" });

describe("a run that gets the skills that fit its task", () => {
  test("has those alone, and its log says why the others are not among them", async () => {
    const made = opened();
    const load = { name: "load_skill", arguments: { name: "form-design" } };
    const { events, outcome, matched } = await run(
      made,
      [{ tool_calls: [load] }, done],
      [select("pdf-forms", "form-design"), kept],
    );
    expect(outcome).toBe("unverified");
    expect(matched).toMatchObject([
      {
        chosen: ["pdf-forms"],
        searched: 3,
        by: ["words"],
        skills: [
          { name: "pdf-forms", place: 1, words: { place: 1 }, kept: "Why." },
          { name: "form-design", fell: { stage: "filter", reason: "confusing", why: "Why." } },
        ],
        notices: [],
      },
    ]);
    const [session] = eventsOf(events, "session.opened");
    expect(session?.skills.map(({ name }) => name)).toEqual(["pdf-forms"]);
    const [refused] = eventsOf(events, "tool.completed");
    expect(refused).toMatchObject({ isError: true });
    expect(refused?.content).toContain('no skill "form-design"');
  });

  test("has none where the model keeps none", async () => {
    const { events, matched } = await run(opened(), [done], [select()]);
    expect(matched).toMatchObject([{ chosen: [] }]);
    expect(eventsOf(events, "session.opened")[0]?.skills).toEqual([]);
  });

  test("pays for the questions, which count in its totals", async () => {
    const { events } = await run(
      opened(),
      [using(done, 10, 1)],
      [using(select("pdf-forms"), 1_000, 100), using(keptOne, 1_000, 100)],
    );
    const questions = eventsOf(events, "matching.completed");

    expect(questions.map(({ stage }) => stage)).toEqual(["selection", "filter"]);
    const [finished] = eventsOf(events, "run.finished");
    expect(finished?.totals).toMatchObject({ inputTokens: 2_010, outputTokens: 201, turns: 1 });
  });

  test("ends with an error where the model cannot be asked, before anything is done", async () => {
    const { events, outcome } = await run(opened(), [done], []);
    expect(outcome).toBe("failed");
    expect(eventsOf(events, "matching.failed")).toMatchObject([{ stage: "selection" }]);
    expect(eventsOf(events, "turn.started")).toEqual([]);
  });

  test("spends no more on the questions than the run may", async () => {
    const made = opened({ "limits.maxTokens": 50 });
    const { events, outcome } = await run(made, [done], [select("pdf-forms"), keptOne]);
    expect(outcome).toBe("failed");
    expect(eventsOf(events, "matching.failed")).toMatchObject([
      { error: { code: "boundary.budget_exceeded" }, tokens: 0 },
    ]);
  });

  test("keeps its choice when it is taken up again, and asks no second time", async () => {
    const made = opened();
    const file = join(made.folder, "own.yaml");
    const [head, rule] = [
      "pack: own\nversion: 1\ndescription: x\ndefault: allow\nrules:",
      "  - id: writes",
    ];
    const ask = '    ask: { connector: "tool:workspace" }\n    reason: A person decides.';
    writeFileSync(file, [head, rule, ask].join("\n"));
    const asking = opened({ "policy.packs": ["own"], "policy.files": [file] }, made.folder);
    const append = { name: "append_line", arguments: { path: "notes.txt", line: "x" } };
    const { runId, outcome } = await run(
      asking,
      [{ tool_calls: [append] }, done],
      [select("pdf-forms"), keptOne],
    );
    expect(outcome).toBe("parked");
    const [question] = asking.engine.store.approvals.list();
    await asking.engine.decideApproval(question?.id ?? "", "approved");
    await asking.engine.runs.resume(runId);
    const events = asking.engine.store.runLog.read(runId);
    expect(eventsOf(events, "skills.matched")).toHaveLength(1);
    expect(eventsOf(events, "matching.completed")).toHaveLength(2);
    expect(
      eventsOf(events, "session.opened").map(({ skills }) => skills.map(({ name }) => name)),
    ).toEqual([["pdf-forms"], ["pdf-forms"]]);
  });

  test("is what an agent's definition can ask for", async () => {
    const made = opened();
    const definition = { name: "clerk", version: "1.0.0", role: "A clerk.", instructions: "Work." };
    writeFileSync(join(made.folder, "clerk.yaml"), stringify({ ...definition, matchSkills: 1 }));
    const { matched } = await run(made, [done], [select("pdf-forms"), keptOne], {
      agent: "./clerk.yaml",
      matchSkills: undefined,
    });
    expect(matched).toMatchObject([{ chosen: ["pdf-forms"] }]);
  });

  test("keeps its choice in a replay, which asks nobody", async () => {
    const made = opened();
    const { runId } = await run(made, [done], [select("pdf-forms"), keptOne]);
    const replay = await made.engine.runs.replay(runId, {});
    const events = made.engine.store.runLog.read(replay.replay);
    expect(eventsOf(events, "skills.matched")).toMatchObject([{ chosen: ["pdf-forms"] }]);
    expect(eventsOf(events, "matching.completed")).toEqual([]);
    expect(eventsOf(events, "session.opened")[0]?.skills).toHaveLength(1);
  });
});

test("an agent that is asked once can load no skill, so that nothing is asked about them", async () => {
  const { events, matched } = await run(opened(), [done], [], {
    mode: "once",
    task: { kind: "text", text: "Fill the PDF form.", workspace: undefined },
  });
  expect(matched).toEqual([]);
  expect(eventsOf(events, "turn.completed")).toHaveLength(1);
});

test("a run that does not ask for it has all skills, and asks nobody", async () => {
  const { events, matched } = await run(opened(), [done], [], { matchSkills: undefined });
  expect(matched).toEqual([]);
  expect(eventsOf(events, "session.opened")[0]?.skills).toHaveLength(3);
});

describe("agent33 skills match", () => {
  const folderOf = async (): Promise<string> => {
    const made = opened();
    await made.engine.close();
    engines.splice(0);
    return made.folder;
  };

  test("shows what was found, and what became of each", async () => {
    const folder = await folderOf();
    const words = ["skills", "match", "Fill the PDF form", "--top", "1"];
    const { stdout, stderr, code } = await runInProcess(words, folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pdf-forms {2}of 3 skills, by words$/m);
    expect(stdout).toMatch(/1 +pdf-forms +[\d.]+ +1\.00 .*chosen$/m);
    expect(stdout).toMatch(/2 +form-design .*retrieval, beyond top: No more than 1 are chosen/);
    expect(stderr).toContain("No model was asked");
    expect(existsSync(join(folder, ".agent33/skill-index.jsonl"))).toBe(true);
  });

  test("gives programs all of it, and asks the model that is named", async () => {
    const folder = await folderOf();
    const model = script(folder, [done], [select("pdf-forms", "form-design"), kept]);
    const words = ["skills", "match", "Fill the PDF form", "--model", model, "--json"];
    const { stdout } = await runInProcess(words, folder);
    expect(JSON.parse(stdout)).toMatchObject({
      chosen: ["pdf-forms"],
      checked: true,
      skills: [
        { name: "pdf-forms", digest: expect.any(String), words: { place: 1 }, kept: "Why." },
        { name: "form-design", fell: { stage: "filter", reason: "confusing" } },
      ],
    });
  });

  test("asks nobody with --no-model, and needs a task", async () => {
    const folder = await folderOf();
    writeFileSync(join(folder, "agent33.config.yaml"), "model: scripted:missing.yaml\n");
    const words = ["skills", "match", "Fill the PDF form", "--no-model", "--json"];
    const { stdout } = await runInProcess(words, folder);
    expect(JSON.parse(stdout)).toMatchObject({
      checked: false,
      chosen: ["pdf-forms", "form-design"],
    });
    expect(await runInProcess(["skills", "match", " "], folder)).toMatchObject({ code: 64 });
  });
});

describe("matching without a run", () => {
  test("ranks by words where no model is named, and says so", async () => {
    const made = opened();
    const match = await made.engine.skills.match({
      task: "Fill the PDF form",
      top: 1,
      model: null,
    });
    expect(match).toMatchObject({ chosen: ["pdf-forms"], checked: false, searched: 3 });
    expect(match.notices).toEqual([expect.stringContaining("No model was asked")]);
  });

  test("says what is wrong with a question that a program has put without types", async () => {
    const { match } = opened().engine.skills;
    const whole = { task: "Fill the PDF form", top: 1, model: null };
    for (const [wrong, named] of [
      [{ task: "  " }, "task: is empty"],
      [{ top: -1 }, "top: "],
      [{ model: undefined }, "model: "],
      [{ modle: "x" }, "modle"],
    ] as const) {
      await expect(match({ ...whole, ...wrong } as never)).rejects.toMatchObject({
        code: "engine.invalid_match",
        message: expect.stringContaining(named) as string,
      });
    }
  });

  test("asks the model that is named, in calls that the audit has", async () => {
    const made = opened();
    const model = script(
      made.folder,
      [done],
      [
        select("pdf-forms", "form-design"),
        filter({ "pdf-forms": "leaks_answer", "form-design": "irrelevant" }),
      ],
    );
    const match = await made.engine.skills.match({ task: "Fill the PDF form", top: 3, model });
    expect(match).toMatchObject({ chosen: [], checked: true, notices: [] });
    await made.engine.audit.flush();
    expect(made.engine.store.audit.list({}).items).toHaveLength(2);
  });
});
