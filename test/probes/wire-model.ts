import { startScriptedServer } from "../support/scripted-server.ts";
import { ofType, probe, within } from "./support/bench.ts";
import { says } from "./support/scripts.ts";

// A run whose model is a server that speaks OpenAI's form, which is busy at first and cuts a stream:
// both are tried again, as one call. Sabotaged: it refuses the key.
await probe(async ({ sabotaged, agent33 }) => {
  const script = { name: "wire", turns: [says("All is well.")] };
  const server = await startScriptedServer(script, {
    faults: sabotaged ? ["401"] : ["429-ms", "broken"],
  });
  try {
    const model = `openai-compatible:wire@${server.baseUrl}`;
    const events = (await agent33("run", "Look after it.", "--model", model, "--json")).lines();
    return {
      said: within(ofType(events, "run.finished")[0], "summary"),
      attempts: within(ofType(events, "turn.completed")[0], "attempts"),
      requests: server.requests.length,
    };
  } finally {
    await server.close();
  }
});
