import { expect, test } from "vitest";
import { testBoundary } from "../../test/support/boundary.ts";
import { options, read, spec } from "../../test/support/connector.ts";
import { openStore } from "../store/store.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { manualClock } from "../base/clock.ts";
import { BoundaryError } from "./errors.ts";
import { createStandingLedger } from "./standing-budgets.ts";

const bound = { tokens: 6 };
const charged = { ...options, budgets: ["run"] };

/** A model that may have billed each attempt whose answer is lost. */
function losing(kind: "transport" | "invalid_response" = "transport") {
  let attempts = 0;
  const run = () => {
    attempts += 1;
    return Promise.reject(new BoundaryError(kind, "lost", { retryable: true }));
  };
  return { run, attempts: () => attempts };
}

test.each(["transport", "invalid_response"] as const)(
  "an attempt beside one that may have been billed is made only where both fit (%s)",
  async (kind) => {
    for (const [tokens, attempts] of [
      [6, 1],
      [11, 1],
      [12, 2],
      [17, 2],
      [18, 3],
    ] as const) {
      const { boundary, budgets } = testBoundary();
      budgets.open("run", { tokens, calls: 1 });
      const model = losing(kind);
      const connector = boundary.connector(spec(model.run, read, { estimate: () => bound }));
      const outcome = await connector.tryCall("x", charged);
      expect(outcome).toMatchObject({ ok: false, error: { kind } });
      expect(model.attempts()).toBe(attempts);
      // Each may have been billed up to its bound.
      expect(budgets.use("run")).toMatchObject({ tokens: attempts * 6, calls: 1 });
    }
  },
);

test("what a bad answer cost is set aside besides, and the call is settled with both", async () => {
  const { boundary, budgets } = testBoundary();
  budgets.open("run", { tokens: 11 });
  let attempts = 0;
  const connector = boundary.connector(
    spec(
      () => {
        attempts += 1;
        return Promise.resolve(attempts === 1 ? "bad" : "good");
      },
      read,
      {
        estimate: () => bound,
        measure: () => ({ tokens: 5 }),
        check: (answer: string) => {
          if (answer === "bad")
            throw new BoundaryError("invalid_response", "bad", { retryable: true });
        },
      },
    ),
  );
  expect(await connector.tryCall("x", charged)).toMatchObject({ ok: true, value: "good" });
  expect(budgets.use("run")).toMatchObject({ tokens: 10, calls: 1 });
  budgets.open("run", { tokens: 10 });
  attempts = 0;
  expect(await connector.tryCall("x", charged)).toMatchObject({ ok: false });
  expect(attempts).toBe(1);
  expect(budgets.use("run")).toMatchObject({ tokens: 5 });
});

test("it holds for budgets that processes share, in all of them or in none", async () => {
  const clock = manualClock(0);
  const store = openStore({ dataDir: temporaryFolder("again"), clock, ids: () => "id" });
  const budget = (name: string, per: "tenant" | "user", tokens: number) => ({
    name,
    per,
    period: "day" as const,
    limits: { tokens, calls: 1 },
  });
  const ledger = createStandingLedger({
    budgets: [budget("wide", "tenant", 100), budget("narrow", "user", 17)],
    storeOf: (tenant) => store.tenant(tenant).budgets,
    now: () => clock.now(),
  });
  const { boundary } = testBoundary({ standing: ledger });
  const model = losing();
  const connector = boundary.connector(spec(model.run, read, { estimate: () => bound }));
  await connector.tryCall("x", options);
  expect(model.attempts()).toBe(2);
  ledger.close();
  const used = store
    .tenant(options.principal.tenant)
    .budgets.list()
    .map(({ used: { tokens, calls } }) => ({ tokens, calls }));
  expect(used).toEqual([
    { tokens: 12, calls: 1 },
    { tokens: 12, calls: 1 },
  ]);
  store.close();
});
