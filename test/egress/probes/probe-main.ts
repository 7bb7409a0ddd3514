import { setTimeout as sleep } from "node:timers/promises";
import { systemCodeOf } from "../../../src/base/errors.ts";
import {
  egressGuardState,
  egressRefusalIn,
  egressRefusals,
} from "../../../src/boundary/egress/guard.ts";
import { testBoundary } from "../../support/boundary.ts";
import { options, read, spec } from "../../support/connector.ts";
import { probes } from "./all.ts";
import type { InsideCall, ProbeReport } from "./probe.ts";
import { startWitness, type Witness } from "./witness.ts";

/** Tries ways out of this process, outside of a call and then inside, and prints what came of each. */
const { boundary } = testBoundary();

/** A real call of a real connector: its handler is what is tried. */
const insideCall: InsideCall = async <T>(work: () => Promise<T>): Promise<T> => {
  const done: { value?: T; error?: unknown } = {};
  const connector = boundary.connector(
    spec(
      async () => {
        try {
          done.value = await work();
        } catch (error) {
          done.error = error;
        }
        return "done";
      },
      read,
      { timeouts: { attemptMs: 5_000, totalMs: 5_000 } },
    ),
  );
  await connector.call("x", options);
  if ("error" in done) throw done.error;
  return done.value as T;
};

async function outcomeOf(tried: (witness: Witness) => Promise<unknown>): Promise<string> {
  const witness = await startWitness();
  const before = egressRefusals();
  let error: unknown;
  try {
    await Promise.race([tried(witness), timeLimit()]);
  } catch (thrown) {
    error = thrown;
  }
  const reached = witness.reached();
  await witness.close();
  if (reached) return "through";
  if (egressRefusalIn(error) !== undefined || isTold(error)) return "refused";
  // Some interfaces tell nothing of the reason.
  if (error !== undefined && egressRefusals() > before) return "refused";
  return `unclear: ${systemCodeOf(error) ?? String(error)}`;
}

/** A worker's error arrives as its code. */
const isTold = (error: unknown): boolean => systemCodeOf(error) === "boundary.egress_blocked";

async function timeLimit(): Promise<never> {
  await sleep(4_000);
  throw new Error("not over in 4 s");
}

// What comes up late belongs to the probe, which has ended by then.
process.on("uncaughtException", (error) => process.stderr.write(`later: ${String(error)}\n`));

if (egressGuardState() !== "on") throw new Error("The guard is not on.");
for (const name of process.argv.slice(2)) {
  const probe = probes.find((one) => one.name === name);
  if (probe === undefined) throw new Error(`There is no probe "${name}".`);
  const report: ProbeReport = {
    outside: await outcomeOf((witness) =>
      probe.outside === undefined ? probe.go(witness) : probe.outside(witness, insideCall),
    ),
    inside:
      probe.expect?.inside === "not tried"
        ? "not tried"
        : await outcomeOf((witness) => insideCall(() => probe.go(witness))),
  };
  process.stdout.write(`${JSON.stringify({ name, ...report })}\n`);
}
process.exit();
