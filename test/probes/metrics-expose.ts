import { probe } from "./support/bench.ts";
import { packWith, writing } from "./support/policy.ts";
import { says, script, writes } from "./support/scripts.ts";

// Calls, denials and money of runs that other processes made stand in the metrics.
// Sabotaged: nothing was denied.
await probe(async ({ sabotaged, put, agent33 }) => {
  const { pack, settings } = packWith(sabotaged ? { allow: writing } : { deny: writing }, {
    prices: { m: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 } },
  });
  put("own.yaml", pack);
  put("agent33.config.yaml", settings);
  put("turns.yaml", script("m", writes("notes.txt", "x"), says("Then not.")));
  put("work/.keep", "");
  const model = ["--model", "scripted:turns.yaml", "--workspace", "work"];
  await agent33("run", "Write it down.", ...model, "--json");
  const { code, stdout } = await agent33("metrics");
  const sum = (start: string): number =>
    stdout
      .split("\n")
      .filter((line) => line.startsWith(start))
      .reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
  return {
    code,
    modelCalls: sum('agent33_calls_total{connector="model:scripted",outcome="ok"'),
    denied: sum('agent33_calls_total{connector="tool:workspace",outcome="boundary.policy_denied"'),
    costMicroUsd: sum("agent33_cost_micro_usd_total{"),
  };
});
