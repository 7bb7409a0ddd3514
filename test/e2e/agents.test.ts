import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/base/json.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { eventsOf, testEngine } from "../support/engine.ts";

const clerk = (version: string, role = "You are a clerk."): string =>
  `name: clerk\nversion: "${version}"\nrole: ${role}\ninstructions: Answer.\n`;

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = freshFolder();
  mkdirSync(join(folder, "agents"));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, "agents", name), text);
  }
  return folder;
}

describe("agent33 agents", () => {
  test("lists every version, and says which a name alone means", async () => {
    const folder = folderWith({ "a.yaml": clerk("1.10"), "b.yaml": clerk("1.9") });
    const { code, stdout } = await runInProcess(["agents", "list"], folder);
    expect(code).toBe(0);
    const rows = stdout.split("\n").map((line) => line.split(/ {2,}/));
    expect(rows[1]?.slice(0, 2)).toEqual(["clerk", "1.9"]);
    expect(rows[2]?.slice(0, 2)).toEqual(["clerk", "1.10 *"]);
    expect(rows[1]?.[3]).toBe("agents/b.yaml");
  });

  test("shows one with its digest, and for programs as JSON", async () => {
    const folder = folderWith({ "a.yaml": clerk("1"), "b.yaml": clerk("2") });
    const { stdout } = await runInProcess(["agents", "show", "clerk@1", "--json"], folder);
    const shown = JSON.parse(stdout) as { agent: JsonObject; digest: string };
    expect(shown.agent).toMatchObject({ name: "clerk", version: "1", tools: ["*"] });
    const person = await runInProcess(["agents", "show", "clerk@1"], folder);
    expect(person.stdout).toContain(`# digest ${shown.digest}\nname: clerk\n`);
    const unknown = await runInProcess(["agents", "show", "clerk@3"], folder);
    expect(unknown).toMatchObject({ code: 64 });
    expect(unknown.stderr).toContain("agents.unknown");
  });

  test("checks all, with file, line and field, and makes no store for that", async () => {
    const folder = folderWith({ "a.yaml": clerk("1"), "b.yaml": `${clerk("2")}tool: [x]\n` });
    const { code, stderr, stdout } = await runInProcess(["agents", "check"], folder);
    expect(code).toBe(1);
    expect(stderr).toContain('b.yaml:5:1: unknown key "tool"');
    expect(stdout).toContain("1 definitions are good, 1 problems");
    const one = await runInProcess(["agents", "check", "agents/a.yaml"], folder);
    expect(one).toMatchObject({ code: 0, stderr: "" });
    const again = await runInProcess(["runs", "list", "--json"], folder);
    expect(again.code).toBe(0);
  });

  test("checks the agents that a definition names, too: they are there, and in no circle", async () => {
    const lead = (name: string, below: string) =>
      `${clerk("1").replace("clerk", name)}agents: [${below}]\n`;
    const folder = folderWith({
      "a.yaml": clerk("1"),
      "b.yaml": lead("lead", "nobody"),
      "c.yaml": lead("one", "other"),
      "d.yaml": lead("other", "./c.yaml"),
      "e.yaml": lead("good", "clerk@1"),
    });
    const { code, stderr, stdout } = await runInProcess(["agents", "check"], folder);
    expect(code).toBe(1);
    expect(stderr).toContain('lead@1 hands work to "nobody": There is no agent "nobody".');
    expect(stderr).toContain("one@1 -> other@1 -> one@1");
    expect(stdout).toContain("2 definitions are good, 3 problems");
    const one = await runInProcess(["agents", "check", "agents/b.yaml"], folder);
    expect(one.code).toBe(1);
    expect(one.stderr).toContain('"nobody"');
    const run = await runInProcess(["run", "Go.", "--agent", "lead", "--model", "x:y"], folder);
    expect(run.stderr).toContain('lead@1 hands work to "nobody"');
  });
});

describe("a run of a definition", () => {
  test("is named by version, and its log says which content that was", async () => {
    const folder = folderWith({ "a.yaml": clerk("1"), "b.yaml": clerk("2") });
    const made = testEngine({}, folder);
    const newest = await made.run([{ text: "Done." }], { agent: "clerk" });
    const older = await made.run([{ text: "Done." }], { agent: "clerk@1.0" });
    await made.engine.close();
    const [first] = eventsOf(newest.events, "run.started");
    const [second] = eventsOf(older.events, "run.started");
    expect(first).toMatchObject({ agent: "clerk@2", agentVersion: "2" });
    expect(second).toMatchObject({ agent: "clerk@1", agentVersion: "1" });
    const { stdout } = await runInProcess(["agents", "show", "clerk@1", "--json"], folder);
    expect(JSON.parse(stdout)).toMatchObject({ digest: second?.agentDigest });
  });

  test("a version whose content changed after a run used it is reported, then and later", async () => {
    const folder = folderWith({ "a.yaml": clerk("1") });
    const before = testEngine({}, folder);
    const { runId, events } = await before.run([{ text: "Done." }], { agent: "clerk" });
    expect(eventsOf(events, "run.started")[0]?.notices.join()).not.toContain("new version");
    expect((await runInProcess(["agents", "check"], folder)).code).toBe(0);

    writeFileSync(join(folder, "agents", "a.yaml"), clerk("1", "You are another."));
    const changed = await runInProcess(["agents", "check"], folder);
    expect(changed.code).toBe(1);
    expect(changed.stderr).toContain(`clerk@1 is not what run ${runId} used`);
    const again = await before.run([{ text: "Done." }], { agent: "clerk" });
    await before.engine.close();
    expect(eventsOf(again.events, "run.started")[0]?.notices).toEqual(
      expect.arrayContaining([expect.stringContaining(`not what run ${runId} used`)]),
    );
    // The newest run used what stands there now; the first did not.
    expect((await runInProcess(["agents", "check"], folder)).code).toBe(1);
  });

  test("can write into its workspace, but not change who agents are", async () => {
    const folder = folderWith({ "a.yaml": clerk("1") });
    const made = testEngine({}, folder);
    const { events } = await made.run(
      [
        {
          tool_calls: [
            { name: "append_line", arguments: { path: "agents/a.yaml", line: "role: x" } },
            { name: "append_line", arguments: { path: "notes.txt", line: "tea" } },
          ],
        },
        { text: "Done." },
      ],
      { agent: "clerk" },
    );
    await made.engine.close();
    expect(eventsOf(events, "tool.completed").map(({ isError }) => isError)).toEqual([true, false]);
  });
});
