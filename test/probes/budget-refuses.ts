import { ofType, probe, within } from "./support/bench.ts";
import { says, script, writes } from "./support/scripts.ts";

// A budget over runs that is used up refuses the next run's call, and says what is used.
// Sabotaged: the limit is ten times as high.
await probe(async ({ sabotaged, put, agent33 }) => {
  put("agent33.config.yaml", {
    budgets: { daily: { per: "tenant", period: "day", maxCalls: sabotaged ? 30 : 3 } },
  });
  put("first.yaml", script("m", writes("notes.txt", "x"), says("Done.")));
  put("second.yaml", script("m", says("Again.")));
  put("work/.keep", "");
  const run = (name: string) =>
    agent33("run", "Work.", "--model", `scripted:${name}.yaml`, "--workspace", "work", "--json");
  const first = await run("first");
  const second = await run("second");
  const budgets = (await agent33("budgets", "list", "--json")).json();
  return {
    first: within(ofType(first.lines(), "run.finished")[0], "outcome"),
    second: within(ofType(second.lines(), "run.finished")[0], "outcome"),
    error: within(ofType(second.lines(), "turn.failed").at(-1), "error", "code"),
    used: within(budgets, "items", 0, "used", "calls"),
  };
});
