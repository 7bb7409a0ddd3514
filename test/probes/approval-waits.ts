import { existsSync } from "node:fs";
import { join } from "node:path";
import { listWithin, ofType, probe, within } from "./support/bench.ts";
import { packWith, writing } from "./support/policy.ts";
import { says, script, writes } from "./support/scripts.ts";

// A call that a person must allow waits, with nothing done, and is done once the person says yes.
// Sabotaged: the rule does not ask.
await probe(async ({ folder, sabotaged, put, agent33 }) => {
  const { pack, settings } = packWith(sabotaged ? { allow: writing } : { ask: writing });
  put("own.yaml", pack);
  put("agent33.config.yaml", settings);
  put("turns.yaml", script("m", writes("notes.txt", "x"), says("Done.")));
  put("work/.keep", "");
  const words = ["--model", "scripted:turns.yaml", "--workspace", "work", "--json"];
  const parked = await agent33("run", "Write it down.", ...words);
  const notes = join(folder, "work/notes.txt");
  const before = existsSync(notes);
  const waiting = listWithin((await agent33("approvals", "list", "--json")).json(), "items");
  const [question] = waiting;
  if (question === undefined) return { parked: parked.code, before, waiting: 0 };
  await agent33("approvals", "approve", String(within(question, "id")), "--json");
  const run = String(within(ofType(parked.lines(), "run.started")[0], "runId"));
  const resumed = await agent33("resume", run, "--json");
  return {
    parked: parked.code,
    before,
    waiting: waiting.length,
    resumed: resumed.code,
    after: existsSync(notes),
  };
});
