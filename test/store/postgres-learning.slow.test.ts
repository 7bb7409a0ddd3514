import { expect, test } from "vitest";
import { uuidv7Source } from "../../src/base/ids.ts";
import { seededRandom } from "../../src/base/random.ts";
import { parseNewSnapshot } from "../../src/learning/metric-snapshot.ts";
import { automaticOf, newIntake } from "../../src/store/conformance/intakes.cases.ts";
import { newLesson } from "../../src/store/conformance/lessons.cases.ts";
import { newSignal } from "../../src/store/conformance/signals.cases.ts";
import { openPostgresBackend } from "../../src/store/postgres/backend.ts";
import type { TenantStore } from "../../src/store/repositories/index.ts";
import { describePostgres, lentStore, parts } from "../support/postgres-tests.ts";

const processes = [0, 1, 2, 3];
const rounds = 5;

/** How each of several ended: `ok`, or the code of its error. */
async function endsOf(work: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(work);
  return settled.map((one) =>
    one.status === "fulfilled" ? "ok" : String((one.reason as { readonly code?: string }).code),
  );
}

/** One write of each process at a time: such writes share the tenant, and only locks part them. */
describePostgres("processes that learn at the same time", "shared", (server) => {
  async function eachRound(
    run: (stores: readonly TenantStore[], round: string) => Promise<void>,
  ): Promise<void> {
    const url = await lentStore(server());
    const backends = await Promise.all(
      processes.map((seed) => {
        const ids = uuidv7Source(parts.clock, seededRandom(seed));
        return openPostgresBackend({ ...parts, url, ids });
      }),
    );
    try {
      const stores = backends.map((backend) => backend.tenant("a"));
      for (let round = 0; round < rounds; round += 1) await run(stores, `round ${round}`);
    } finally {
      await Promise.all(backends.map((backend) => backend.close()));
    }
  }

  test("lose no change of a lesson", async () => {
    await eachRound(async (stores, round) => {
      const { lessons } = stores[0]!;
      const { id } = await lessons.create(newLesson(round, stores.length));
      const done = { state: "completed" } as const;
      await Promise.all(stores.map((store, index) => store.lessons.setAction(id, index, done)));
      const kept = await lessons.get(id);
      expect(kept?.actions.map(({ state }) => state)).toEqual(stores.map(() => "completed"));
    });
  });

  test("make one checklist of a period and reference", async () => {
    await eachRound(async (stores, reference) => {
      const ends = await endsOf(
        stores.map((store) => store.checklists.create({ period: "monthly", reference })),
      );
      const exists = Array<string>(stores.length - 1).fill("learning.checklist_exists");
      expect(ends.sort()).toEqual([...exists, "ok"]);
    });
  });

  test("make one intake of a signal", async () => {
    await eachRound(async (stores, summary) => {
      const input = newSignal({ summary });
      const { signal } = await stores[0]!.signals.record(input, { dedupeWindowMs: 0 });
      const answers = await Promise.all(
        stores.map((store) => store.intakes.createAutomatic(automaticOf(signal), signal.id)),
      );
      expect(answers.filter(({ made }) => made)).toHaveLength(1);
      expect(new Set(answers.map(({ intake }) => intake.id)).size).toBe(1);
    });
  });

  test("link signals to one intake, in whatever order they are named", async () => {
    await eachRound(async (stores, round) => {
      const summaries = ["a", "b", "c"].map((name) => `${round} ${name}`);
      const inputs = summaries.map((summary) => newSignal({ summary }));
      const recorded = await stores[0]!.signals.recordMany(inputs, { dedupeWindowMs: 0 });
      const ids = recorded.map(({ signal }) => signal.id);
      const ends = await endsOf(
        stores.map((store, index) => {
          const signalIds = index % 2 === 0 ? ids : ids.toReversed();
          return store.intakes.create(newIntake(round), { signalIds });
        }),
      );
      const linked = Array<string>(stores.length - 1).fill("learning.signal_linked");
      expect(ends.sort()).toEqual([...linked, "ok"]);
    });
  });

  test("decide once on an intake", async () => {
    await eachRound(async (stores, round) => {
      const { intakes } = stores[0]!;
      const { id } = await intakes.create(newIntake(round));
      for (const state of ["triaged", "analyzing"]) await intakes.transition(id, state, "mara");
      const ends = await endsOf(
        stores.map((store, index) =>
          store.intakes.transition(id, index % 2 === 0 ? "accepted" : "rejected", "mara"),
        ),
      );
      const refused = Array<string>(stores.length - 1).fill("learning.bad_transition");
      expect(ends.sort()).toEqual([...refused, "ok"]);
    });
  });

  test("agree on what a new metric means", async () => {
    await eachRound(async (stores, period) => {
      const id = period.replace(" ", "-");
      const ends = await endsOf(
        stores.map((store, index) => {
          const polarity = index % 2 === 0 ? "higher" : "lower";
          const metrics = [{ id, value: 1, unit: "items", polarity }];
          return store.metrics.snapshot(parseNewSnapshot({ period, metrics }));
        }),
      );
      expect(ends.filter((end) => end === "ok")).toHaveLength(stores.length / 2);
    });
  });

  test("draw no more from a budget than there is, and are told the limit that is in the way", async () => {
    await eachRound(async (stores, id) => {
      await stores[0]!.budgets.define(id, { tokens: 20 });
      const draws = await Promise.all(stores.map((store) => store.budgets.draw(id, { tokens: 9 })));
      expect(draws.filter(({ granted }) => granted)).toHaveLength(2);
      const refusal = { granted: false, limit: "tokens", allowed: 20, used: 18 };
      expect(draws.filter(({ granted }) => !granted)).toEqual([refusal, refusal]);
    });
  });
});
