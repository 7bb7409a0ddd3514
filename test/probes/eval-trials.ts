import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { listWithin, probe, projectRoot, within } from "./support/bench.ts";

// A task is tried several times; the report has the rate with its interval, and is CTRF, too.
// Sabotaged: nobody works on it.
await probe(async ({ folder, sabotaged, agent33 }) => {
  cpSync(join(projectRoot, "examples/tasks/broken-links"), join(folder, "task"), {
    recursive: true,
  });
  const worker = sabotaged ? "nop" : "oracle";
  const words = ["--agent", worker, "--trials", "3", "--environment", "host", "--job", "probe"];
  const ran = await agent33("eval", "run", "task", ...words, "--ctrf", "trials.json");
  const report = (await agent33("eval", "report", "jobs/probe", "--json")).json();
  const ctrf: unknown = JSON.parse(readFileSync(join(folder, "trials.json"), "utf8"));
  const [suite] = listWithin(report, "suites");
  const [task] = listWithin(suite, "tasks");
  return {
    code: ran.code,
    trials: within(task, "trials"),
    passes: within(task, "passes"),
    low: within(task, "wilson", "value", "low"),
    high: within(task, "wilson", "value", "high"),
    tests: within(ctrf, "results", "summary", "tests"),
  };
});
