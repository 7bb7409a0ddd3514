import { expect } from "vitest";
import { parseNewLesson } from "../../learning/lesson.ts";
import { newIntake } from "./intakes.cases.ts";
import { newRefresh } from "./refreshes.cases.ts";
import { newSignal } from "./signals.cases.ts";
import type { Case } from "./suite.cases.ts";
import { probe } from "./tenant-probe.cases.ts";

/** How much there is of what was learned. */
export const learningOverviewCases: readonly Case[] = [
  {
    name: "counts what was learned, and how far it is",
    run: async ({ backend, clock }) => {
      const store = backend.tenant("a");
      expect(await store.learningOverview.read()).toMatchObject({
        signals: { signals: 0, withIntake: 0, quality: Array.from({ length: 10 }, () => 0) },
        intakes: { byState: { submitted: 0, tracked: 0 }, automatic: 0 },
        refreshes: { newestAt: null },
      });
      const once = { dedupeWindowMs: 0 };
      const { signal } = await store.signals.record(newSignal({ summary: "one thing" }), once);
      await store.signals.record(newSignal({ summary: "another" }), once);
      const intake = await store.intakes.create(newIntake("x"), { signalIds: [signal.id] });
      await store.intakes.create(newIntake("y"));
      await store.intakes.transition(intake.id, "triaged", "mara");
      await store.lessons.create(
        parseNewLesson({
          eventType: "failure",
          title: "x",
          recordedBy: "mara",
          actions: [{ description: "a" }, { description: "b", state: "completed" }],
        }),
      );
      await store.checklists.create({ period: "monthly", reference: "x" });
      const { id } = await store.refreshes.create(newRefresh("x"));
      await store.refreshes.complete(id, "Done.", [], "mara");
      await backend.tenant("b").refreshes.create(newRefresh("y"));
      const found = await store.learningOverview.read();
      expect(found).toMatchObject({
        signals: {
          signals: 2,
          withIntake: 1,
          byType: { [signal.type]: { signals: 2, withIntake: 1 } },
          bySeverity: { [signal.severity]: { signals: 2, withIntake: 1 } },
        },
        intakes: { byState: { submitted: 1, triaged: 1, accepted: 0 }, automatic: 0 },
        lessons: {
          byState: { open: 1, implemented: 0 },
          actions: { pending: 1, in_progress: 0, completed: 1, wont_fix: 0 },
        },
        checklists: { monthly: { open: 1, complete: 0 }, quarterly: { open: 0, complete: 0 } },
        refreshes: { byScope: { minor: 1, major: 0 }, complete: 1, newestAt: clock.now() },
      });
      expect(found.signals.quality.reduce((all, count) => all + count, 0)).toBe(2);
      expect(found.signals.quality[Math.floor(signal.quality.score * 10)]).toBeGreaterThan(0);
    },
  },
];

/** Nobody's counts have another tenant's rows in them. */
export const learningOverviewProbe = probe("learningOverview", {
  fill: async (store, { mark }) => {
    await store.refreshes.create(newRefresh(mark));
    return {};
  },
  view: (store) => store.learningOverview.read(),
  swaps: {
    read: async (stranger) => {
      expect((await stranger.read()).refreshes.byScope.minor).toBe(1);
    },
  },
});
