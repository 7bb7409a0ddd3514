import { createRedactor } from "../../src/base/redact.ts";
import { createAudit } from "../../src/engine/audit.ts";
import { thisHost } from "../../src/engine/host.ts";
import { callRecord } from "../../src/store/conformance/audit.cases.ts";
import { openStore } from "../../src/store/store.ts";

/**
 * Records calls until it has made so many, or for ever: a write and three reads at a time. Says the
 * id of each write once it is committed.
 *
 *     node audit-writer-main.ts <data folder> <name> [writes]
 */
const [dataDir = "", name = "", writes = "Infinity"] = process.argv.slice(2);
const host = thisHost({});
const opened = openStore({ dataDir, clock: host.clock, ids: host.ids, synchronous: "normal" });
const audit = createAudit({ opened, tenant: "a", dataDir, host, redactor: createRedactor() });
const sink = audit.sink("a");

for (let count = 0; count < Number(writes); count += 1) {
  const id = `${name}-${count}`;
  sink.open(callRecord(id, { at: host.clock.now() }));
  sink.close(callRecord(id, { at: host.clock.now(), outcome: "ok" }));
  process.stdout.write(`${id}\n`);
  for (let read = 0; read < 3; read += 1) {
    const fields = { effect: "read", repeat: "safe", outcome: "ok" } as const;
    const record = callRecord(`${id}-read-${read}`, { at: host.clock.now(), ...fields });
    sink.closeSoon?.({ record: () => record });
  }
  // In between the engine's own work gets its turn, and the store stays small.
  await host.clock.sleep(2);
}
await audit.close();
await opened.backend.close();
process.stdout.write("closed\n");
