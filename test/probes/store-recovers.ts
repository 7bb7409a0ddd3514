import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listWithin, probe, within } from "./support/bench.ts";

// A store whose file is spoilt is made whole from backup and journal, with all that was written.
// Sabotaged: nothing is spoilt, so that there is nothing to recover.
await probe(async ({ folder, sabotaged, agent33 }) => {
  const record = (what: string) =>
    agent33("learn", "record", "--type", "bug", "--severity", "high", "--summary", what);
  await record("The export stops half-way");
  await agent33("store", "backup");
  await record("A second import is refused");
  const database = join(folder, ".agent33/agent33.db");
  if (!sabotaged) writeFileSync(database, readFileSync(database).fill(0xaa, 4_096));
  const recovered = await agent33("store", "recover", "--json");
  const kept = (await agent33("learn", "list", "--json")).json();
  const verified = await agent33("store", "verify", "--json");
  return {
    code: recovered.code,
    recovered: recovered.json(),
    verified: verified.code,
    kept: listWithin(kept, "items")
      .map((one) => String(within(one, "summary")))
      .filter((text) => !text.startsWith("The store"))
      .toSorted(),
  };
});
