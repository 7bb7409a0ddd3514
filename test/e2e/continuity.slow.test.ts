import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { continuityPlaces } from "../../src/engine/continuity.ts";
import { sealedVerdictSchema } from "../../src/evaluation/gates/verdict.ts";
import type { ContinuityReport } from "../../src/engine/continuity.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { oracleGates, tasksIn } from "../support/tasks.ts";

grantTests("a run of its own with a server and a collector", { connect: loopback, spawn: true });

const look = async (folder: string, ...words: readonly string[]) => {
  const { code, stdout, stderr } = await runInProcess(
    ["gate", "continuity", ...words, "--json"],
    folder,
  );
  if (stdout === "") throw new Error(stderr);
  return { code, report: JSON.parse(stdout) as ContinuityReport };
};
const broken = ({ decisions }: ContinuityReport): readonly string[] => [
  ...new Set(
    decisions.flatMap(({ places }) =>
      places.flatMap(({ place, outcome }) => (outcome === "missing" ? [place] : [])),
    ),
  ),
];

describe("agent33 gate continuity", () => {
  test("finds an allowed and a refused call of a real run in every place, and leaves nothing", async () => {
    const folder = freshFolder();
    const { code, report } = await look(folder);
    expect(code).toBe(0);
    const everywhere = report.decisions.filter(({ places }) =>
      places.every(({ outcome }) => outcome === "found"),
    );
    expect(everywhere.map(({ what, effect, rule }) => [what, effect, rule])).toEqual(
      expect.arrayContaining([
        ["tool:workspace tools/call", "allow", "default/workspace"],
        ["tool:workspace tools/call", "deny", "continuity/refused-file"],
      ]),
    );
    expect(readdirSync(folder)).toEqual([]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("agent33-continuity-"))).toEqual(
      [],
    );
  });

  test.each(continuityPlaces)(
    "fails where %s has no ids, and names it alone",
    {
      timeout: 60_000,
    },
    async (place) => {
      const { code, report } = await look(freshFolder(), "--cut", place);
      expect([code, broken(report)]).toEqual([2, [place]]);
    },
  );

  test("looks at a run of one's own store, and says what nobody can know there", async () => {
    const folder = freshFolder();
    const cli = (...words: readonly string[]) => runInProcess(words, folder);
    const append = { name: "append_line", arguments: { path: "a.txt", line: "one" } };
    const turns = [{ tool_calls: [append] }, { text: "Done." }];
    writeFileSync(join(folder, "script.yaml"), stringify({ name: "test", turns }));
    const config = { model: "scripted:script.yaml", telemetry: { jsonl: "told.jsonl" } };
    writeFileSync(join(folder, "agent33.config.yaml"), stringify(config));
    mkdirSync(join(folder, "work"));
    const ran = await cli("run", "Do it.", "--workspace", "work", "--json");
    const { runId } = JSON.parse(ran.stdout.split("\n")[0] ?? "") as { runId: string };
    const { code, report } = await look(folder, "--run", runId);
    expect([code, report.run]).toEqual([0, runId]);
    expect(report.decisions.length).toBeGreaterThan(1);
    const messages = report.decisions.flatMap(({ places }) =>
      places.filter(({ outcome }) => outcome === "unknown").map(({ message }) => message),
    );
    expect(messages).toContain("The settings name no telemetry.otlp.");
    // What was exported is really read: a line that somebody took out is missed.
    const lines = readFileSync(join(folder, "told.jsonl"), "utf8").split("\n");
    const kept = lines.filter((line) => !line.includes("tool:workspace"));
    expect(kept).toHaveLength(lines.length - 1);
    writeFileSync(join(folder, "told.jsonl"), kept.join("\n"));
    const after = await look(folder, "--run", runId);
    expect([after.code, broken(after.report)]).toEqual([2, ["export_jsonl"]]);
    const unknown = await cli("gate", "continuity", "--run", "none");
    expect([unknown.code, unknown.stderr]).toEqual([64, expect.stringContaining("no run")]);
  });

  test("finds the decision to ask a person, before and after the answer", async () => {
    const folder = freshFolder();
    const cli = (...words: readonly string[]) => runInProcess(words, folder);
    const append = { name: "append_line", arguments: { path: "a.txt", line: "one" } };
    const turns = [{ tool_calls: [append] }, { text: "Done." }];
    writeFileSync(join(folder, "script.yaml"), stringify({ name: "test", turns }));
    const head = { pack: "asks", version: 1, description: "For a test.", default: "allow" };
    const rules = [{ id: "a", ask: { tool: "append_line" }, reason: "For a test." }];
    writeFileSync(join(folder, "asks.yaml"), stringify({ ...head, rules }));
    const policy = { packs: ["asks"], files: ["asks.yaml"] };
    const config = { model: "scripted:script.yaml", policy };
    writeFileSync(join(folder, "agent33.config.yaml"), stringify(config));
    mkdirSync(join(folder, "work"));
    const ran = await cli("run", "Do it.", "--workspace", "work", "--json");
    const { runId } = JSON.parse(ran.stdout.split("\n")[0] ?? "") as { runId: string };
    const asked = ({ decisions }: ContinuityReport) =>
      decisions.filter(({ effect }) => effect === "ask").length;
    const parked = await look(folder, "--run", runId);
    expect([parked.code, asked(parked.report)]).toEqual([0, 1]);
    const { items } = JSON.parse((await cli("approvals", "list", "--json")).stdout) as {
      items: readonly { id: string }[];
    };
    await cli("approvals", "approve", items[0]?.id ?? "none");
    expect((await cli("resume", runId)).code).toBe(0);
    const after = await look(folder, "--run", runId);
    expect([after.code, asked(after.report)]).toEqual([0, 2]);
  });

  test("finds the decision to refuse a model in the log and the trace of the run that it ended", async () => {
    const folder = freshFolder();
    writeFileSync(
      join(folder, "script.yaml"),
      stringify({ name: "test", turns: [{ text: "Done." }] }),
    );
    const config = { model: "scripted:script.yaml", policy: { blockConnectors: ["model:*"] } };
    writeFileSync(join(folder, "agent33.config.yaml"), stringify(config));
    const ran = await runInProcess(["run", "Do it.", "--json"], folder);
    const { runId } = JSON.parse(ran.stdout.split("\n")[0] ?? "") as { runId: string };
    const { code, report } = await look(folder, "--run", runId);
    expect(code).toBe(0);
    expect(report.decisions.map(({ effect }) => effect)).toEqual(["deny"]);
    expect(report.decisions[0]?.places.slice(0, 5)).toEqual(
      expect.arrayContaining([
        { place: "run_log", outcome: "found", message: expect.stringContaining("deny") },
        { place: "trace", outcome: "found", message: expect.stringContaining("deny") },
      ]),
    );
  });
});

test("a gate that asks for it has it among its checks", async () => {
  const root = freshFolder();
  tasksIn(root, { one: {} });
  const gates = oracleGates({ continuity: true });
  writeFileSync(join(root, "agent33.gates.yaml"), stringify(gates));
  const { code } = await runInProcess(["gate", "run", "merge", "--name", "a"], root);
  expect(code).toBe(0);
  const file = join(root, "jobs/a/verdict-merge.json");
  const { body } = sealedVerdictSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  expect(body.checks.find(({ kind }) => kind === "continuity")).toMatchObject({
    name: "decisions",
    outcome: "met",
    action: "block",
  });
});
