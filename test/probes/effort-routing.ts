import { ofType, probe, within } from "./support/bench.ts";
import { says, script } from "./support/scripts.ts";

// A short task is routed to a small tier, with what it may cost, and costs are told afterwards.
// Sabotaged: routing is off.
await probe(async ({ sabotaged, put, agent33 }) => {
  const price = { inputPerMillionUsd: 1, outputPerMillionUsd: 2 };
  const tiers = ["low", "medium", "high"];
  for (const tier of tiers) put(`${tier}.yaml`, script(tier, says(`This is ${tier}.`)));
  put("agent33.config.yaml", {
    model: "scripted:medium.yaml",
    prices: Object.fromEntries(tiers.map((tier) => [tier, price])),
    routing: {
      enabled: !sabotaged,
      tiers: Object.fromEntries(tiers.map((tier) => [tier, { model: `scripted:${tier}.yaml` }])),
    },
  });
  const events = (await agent33("run", "Mend the test.", "--json")).lines();
  const [begun] = ofType(events, "run.started");
  const [finished] = ofType(events, "run.finished");
  return {
    effort: within(begun, "effort"),
    source: within(begun, "effortSource"),
    reason: within(begun, "routing", "reasons", 0),
    expectedMicroUsd: within(begun, "routing", "estimate", "costMicroUsd", "p50"),
    said: within(finished, "summary"),
    costMicroUsd: within(finished, "totals", "costMicroUsd"),
  };
});
