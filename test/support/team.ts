import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { JsonValue } from "../../src/base/json.ts";
import type { RunRequest } from "../../src/engine/create-run.ts";
import type { ScriptedTurn, TestEngine } from "./engine.ts";

/** A run with several agents: their definitions, and what each of them says. */
export interface Team {
  /** By their names; the first is the run's own. */
  readonly agents: Readonly<Record<string, Readonly<Record<string, JsonValue>>>>;
  readonly turns: readonly ScriptedTurn[];
  /** What the others say, by name or path. */
  readonly says: Readonly<Record<string, readonly ScriptedTurn[]>>;
  /** What is answered when their work is judged, by name or path. */
  readonly judges?: Readonly<Record<string, readonly ScriptedTurn[]>>;
}

/** A turn's call that hands work over. */
export const handTo = (agent: string, task = `Work for ${agent}.`) => ({
  name: "delegate",
  arguments: { agent, task },
});

/** Writes a team down beside the engine's other files and gives the request for its run. */
export function teamRequest(
  { folder }: Pick<TestEngine, "folder">,
  { agents, turns, says, judges = {} }: Team,
): RunRequest {
  for (const [name, more] of Object.entries(agents)) {
    const definition = {
      name,
      version: "1",
      role: `The ${name}.`,
      instructions: `Be the ${name}.`,
      ...more,
    };
    mkdirSync(join(folder, "agents"), { recursive: true });
    writeFileSync(join(folder, "agents", `${name}.yaml`), stringify(definition));
  }
  const script = join(folder, "team-script.yaml");
  writeFileSync(script, stringify({ name: "team", turns, agents: says, judges }));
  return {
    task: { kind: "text", text: "Do it.", workspace: folder },
    model: `scripted:${script}`,
    effort: undefined,
    agent: Object.keys(agents)[0],
    mcpCommands: [],
  };
}

/** Creates and drives a team's run; gives its log. */
export async function runTeam(made: TestEngine, team: Team) {
  const runId = await made.engine.runs.create(teamRequest(made, team));
  const { outcome } = await made.engine.runs.drive(runId);
  return { runId, outcome, events: made.engine.store.runLog.read(runId) };
}
