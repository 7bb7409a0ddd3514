import { cpSync } from "node:fs";
import { join } from "node:path";
import { probe, projectRoot, within } from "./support/bench.ts";
import { says, script } from "./support/scripts.ts";

// An agent as a function: what it answers has the form that it promises.
// Sabotaged: the model names a drawer that there is not.
await probe(async ({ folder, sabotaged, put, agent33 }) => {
  put("agent33.config.yaml", { agents: ["agents"] });
  cpSync(join(projectRoot, "examples/agents"), join(folder, "agents"), { recursive: true });
  const answer = { drawer: sabotaged ? "bin" : "bills", reason: "It asks for money." };
  const turn = says(JSON.stringify(answer));
  put("turns.yaml", script("once", turn, turn, turn));
  const input = JSON.stringify({ letter: "You still owe us 3 euros." });
  const words = ["--input", input, "--model", "scripted:turns.yaml", "--json"];
  const ended = await agent33("invoke", "triage", ...words);
  const result = ended.json();
  return {
    code: ended.code,
    outcome: within(result, "outcome"),
    drawer: within(result, "output", "drawer"),
    turns: within(result, "totals", "turns"),
  };
});
