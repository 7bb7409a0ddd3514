import { describe, expect, test } from "vitest";
import { cutKinds, type CutPoint } from "../support/cut-store.ts";
import { loopback, grantTests } from "../support/egress.ts";
import { killRows } from "../support/kill/rows.ts";
import { faultsOf, runTrial } from "../support/kill/trial.ts";

grantTests("serves the runs' tools and runs their checks", { connect: loopback, spawn: true });

/** Another place in each row. `npm run test:heavy -- run-kill` goes through all of them. */
function placeIn(index: number, transactions: number): CutPoint {
  const transaction = Math.ceil((transactions * (index + 1)) / (killRows.length + 1));
  return { transaction, when: cutKinds[index % cutKinds.length] ?? "before" };
}

describe("a run that is killed or locked out at a write ends as if it had not been, no once call twice:", () => {
  for (const [index, row] of killRows.entries()) {
    test(row.name, async () => {
      const whole = await runTrial(row);
      expect(whole.openSteps).toEqual([]);
      const point = placeIn(index, whole.transactions);
      const killed = await runTrial(row, point);
      expect(killed.wasCut).toBe(point.when !== "busy");
      expect(faultsOf(row, killed, whole), JSON.stringify(point)).toEqual([]);
    });
  }
});
