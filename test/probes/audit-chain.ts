import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { listWithin, ofType, probe, within } from "./support/bench.ts";
import { says, script, writes } from "./support/scripts.ts";

// A record of the audit that is removed behind the program's back is found and named.
// Sabotaged: none is.
await probe(async ({ folder, sabotaged, put, agent33 }) => {
  put("turns.yaml", script("m", writes("notes.txt", "x"), says("Done.")));
  put("work/.keep", "");
  const words = ["--model", "scripted:turns.yaml", "--workspace", "work", "--json"];
  const ran = (await agent33("run", "Write it down.", ...words)).lines();
  const sound = await agent33("audit", "verify", "--json");
  const database = new DatabaseSync(join(folder, ".agent33/agent33.db"));
  const removal = database.prepare("DELETE FROM audit WHERE connector LIKE 'tool:%'");
  const removed = sabotaged ? 0 : Number(removal.run().changes);
  database.close();
  const spoilt = await agent33("audit", "verify", "--json");
  const [finding] = listWithin(spoilt.json(), "findings");
  return {
    outcome: within(ofType(ran, "run.finished")[0], "outcome"),
    sound: sound.code,
    removed,
    spoilt: spoilt.code,
    finding,
  };
});
