import { cpSync, appendFileSync } from "node:fs";
import { join } from "node:path";
import { ofType, probe, projectRoot, within } from "./support/bench.ts";

// What a run did gives the same when it is done again with the model's answers of its log.
// Sabotaged: a file that the run began with is another by then.
await probe(async ({ folder, sabotaged, agent33 }) => {
  const task = join(folder, "ledger");
  cpSync(join(projectRoot, "examples/tasks/ledger-reconcile"), task, { recursive: true });
  const ran = await agent33("run", "--task", "ledger", "--environment", "host", "--json");
  const run = String(within(ofType(ran.lines(), "run.started")[0], "runId"));
  if (sabotaged) appendFileSync(join(task, "environment/data/fx-rates.csv"), "2026-04-01,1,1\n");
  const replayed = await agent33("replay", run, "--json");
  const report = replayed.lines().at(-1);
  return {
    ran: ran.code,
    outcome: within(ofType(ran.lines(), "run.finished")[0], "outcome"),
    replayed: replayed.code,
    report,
  };
});
