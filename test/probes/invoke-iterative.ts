import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ofType, probe, projectRoot, within } from "./support/bench.ts";

// An agent that answers too early is sent back by its check, writes what is missing, and is judged.
// Sabotaged: its definition asks for no check.
await probe(async ({ folder, sabotaged, put, agent33 }) => {
  put("agent33.config.yaml", { agents: ["agents"] });
  put("work/.keep", "");
  cpSync(join(projectRoot, "examples/agents"), join(folder, "agents"), { recursive: true });
  if (sabotaged) {
    const file = join(folder, "agents/triage-1.1.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace(/^completion:[^]*/m, ""));
  }
  const model = "scripted:agents/turns/triage-iterative.yaml";
  const input = JSON.stringify({ letter: "You still owe us 3 euros." });
  const words = ["--iterative", "--workspace", "work", "--input", input, "--model", model];
  const ended = await agent33("invoke", "triage", ...words, "--json");
  const register = join(folder, "work/register.txt");
  return {
    code: ended.code,
    outcome: within(ended.json(), "outcome"),
    drawer: within(ended.json(), "output", "drawer"),
    looks: ofType(ended.lines(), "check.completed").map(
      ({ kind, passed }) => `${String(kind)} ${String(passed)}`,
    ),
    register: existsSync(register) ? readFileSync(register, "utf8") : null,
  };
});
