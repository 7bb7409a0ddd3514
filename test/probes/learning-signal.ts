import { listWithin, probe, within } from "./support/bench.ts";
import { says, script } from "./support/scripts.ts";

// A run whose tool calls fail teaches a signal, which is listed beside what people record.
// Sabotaged: the run makes no call.
await probe(async ({ sabotaged, put, agent33 }) => {
  const fails = { tool_calls: [{ name: "no_such_tool", arguments: {} }] };
  put("turns.yaml", script("m", ...(sabotaged ? [] : [fails]), says("Done.")));
  await agent33("run", "List the suppliers.", "--model", "scripted:turns.yaml", "--json");
  const said = ["--type", "bug", "--severity", "high", "--summary", "The export stops half-way"];
  const recorded = (await agent33("learn", "record", ...said, "--json")).json();
  const items = listWithin((await agent33("learn", "list", "--json")).json(), "items");
  const sources = items.map((one) => String(within(one, "source")));
  return {
    recorded: within(recorded, "signal", "state") ?? null,
    byPeople: sources.filter((one) => one.startsWith("user:")).length,
    byRuns: sources.filter((one) => !one.startsWith("user:")).length,
    sources,
  };
});
