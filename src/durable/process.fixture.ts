import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { systemClock } from "../base/clock.ts";
import { toAgent33Error } from "../base/errors.ts";
import { uuidv7Source } from "../base/ids.ts";
import type { JsonValue } from "../base/json.ts";
import { systemRandom } from "../base/random.ts";
import { openStore, type Store } from "../store/store.ts";
import { say, spy, workflow } from "./conformance/harness.ts";
import type { Durable } from "./contract.ts";
import { createSqliteDurable } from "./sqlite.ts";

/** One real process: a store in `dataDir`, and an engine with a workflow of two calls over it. */
export function openProcess(options: {
  readonly dataDir: string;
  readonly leaseMs: number;
  /** Whether the second body never ends. */
  readonly hangs: boolean;
  /** Each body leaves a line in this file. */
  readonly ledger: string;
}): { readonly store: Store; readonly durable: Durable } {
  const ids = uuidv7Source(systemClock, systemRandom);
  const store = openStore({ dataDir: options.dataDir, clock: systemClock, ids });
  const body = (
    input: JsonValue,
    { key }: { readonly key: string },
  ): JsonValue | Promise<JsonValue> => {
    appendFileSync(options.ledger, `${key}\n`);
    if (input === "first" || !options.hangs) return `${say(input)} done`;
    // The timer keeps the process alive while it hangs.
    return new Promise(() => setInterval(() => {}, 1000));
  };
  const step = spy("step", body, "keyed");
  const test = workflow(async (context) => [
    await context.call(step, "first"),
    await context.call(step, "second"),
  ]);
  const durable = createSqliteDurable({
    transactions: store.transactions,
    clock: systemClock,
    owner: `${process.pid}-${ids().slice(-8)}`,
    workflows: [test],
    leaseMs: options.leaseMs,
    pollMs: 50,
  });
  return { store, durable };
}

/** As a program: executes the run named by its arguments and prints how that ended. */
async function main(): Promise<void> {
  const [dataDir = "", ledger = "", runId = "", leaseMs = "", mode = ""] = process.argv.slice(2);
  const { store, durable } = openProcess({
    dataDir,
    ledger,
    leaseMs: Number(leaseMs),
    hangs: mode === "hangs",
  });
  durable.start({ name: "test", version: 1 }, runId, null);
  try {
    const status = await durable.execute(runId);
    process.stdout.write(JSON.stringify(status));
  } catch (error) {
    process.stdout.write(JSON.stringify(toAgent33Error(error)));
  }
  await durable.close();
  store.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
