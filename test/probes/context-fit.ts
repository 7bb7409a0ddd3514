import { ofType, probe, within } from "./support/bench.ts";
import { says, script, writes } from "./support/scripts.ts";

// A conversation that outgrows its window is made smaller, says so, and goes on to its end.
// Sabotaged: the window is as large as it is by itself.
await probe(async ({ sabotaged, put, agent33 }) => {
  const long = "the folio names a field, its owner and the tithe that is owed for it; ".repeat(30);
  const turns = Array.from({ length: 12 }, (_, index) => writes("notes.txt", `${index} ${long}`));
  put("turns.yaml", { ...script("reader", ...turns, says("All is read.")), summaries: [] });
  put("work/.keep", "");
  put("agent33.config.yaml", sabotaged ? {} : { context: { maxTokens: 4_000, reserve: 500 } });
  const words = ["--model", "scripted:turns.yaml", "--workspace", "work", "--json"];
  const events = (await agent33("run", "Read the archive.", ...words)).lines();
  const compacted = ofType(events, "context.compacted");
  const prompts = ofType(events, "turn.completed").map((turn) =>
    Number(within(turn, "prompt", "tokens")),
  );
  return {
    outcome: within(ofType(events, "run.finished")[0], "outcome"),
    turns: prompts.length,
    compacted: compacted.length,
    largestPrompt: Math.max(...prompts),
    of: within(compacted[0], "contextTokens") ?? null,
  };
});
