import * as fc from "fast-check";
import { expect } from "vitest";
import { parseNewRefresh, type NewRefresh, refreshScopes } from "../../learning/refresh.ts";
import { change } from "../program.ts";
import { type Case, code } from "./suite.cases.ts";

/** A refresh with nothing special in it. */
export function newRefresh(title: string, fields: Partial<NewRefresh> = {}): NewRefresh {
  return parseNewRefresh({ scope: "minor", title, ...fields });
}

const titlesOf = (items: readonly { readonly title: string }[]): string[] =>
  items.map(({ title }) => title);

/** Looks at the roadmap in the light of what was learned. */
export const refreshesCases: readonly Case[] = [
  {
    name: "keeps a refresh from its plan to its end",
    run: async ({ backend, clock }) => {
      const { refreshes } = backend.tenant("a");
      const given = newRefresh("Third quarter", { reason: "New metrics", participants: ["mara"] });
      const planned = await refreshes.create(given);
      expect(planned).toEqual({
        ...given,
        id: expect.stringMatching(/^RMR-[0-9a-f-]{36}$/),
        tenant: "a",
        state: "planned",
        outcome: null,
        changes: [],
        createdAt: clock.now(),
        updatedAt: clock.now(),
        completedAt: null,
        completedBy: null,
      });
      expect(await refreshes.get(planned.id)).toEqual(planned);
      clock.advance(1000);
      const complete = await refreshes.complete(planned.id, "Two moved up", ["B-1 up"], "noor");
      expect(complete).toEqual({
        ...planned,
        state: "complete",
        outcome: "Two moved up",
        changes: ["B-1 up"],
        completedAt: clock.now(),
        completedBy: "noor",
        updatedAt: clock.now(),
      });
      expect(await refreshes.find(planned.id)).toEqual(complete);
      expect(await refreshes.get("RMR-0")).toBeUndefined();
      await expect(refreshes.find("RMR-zz")).rejects.toEqual(code("learning.unknown_refresh"));
    },
  },
  {
    name: "makes one refresh under a key, whoever asks at once, and none with other contents",
    run: async ({ backend }) => {
      const { refreshes } = backend.tenant("a");
      const asked = Array.from({ length: 10 }, () =>
        refreshes.create(newRefresh("x"), { key: "k" }),
      );
      const made = await Promise.all(asked);
      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      const [first] = made;
      expect(first?.id).toMatch(
        /^RMR-[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
      );
      await expect(refreshes.create(newRefresh("y"), { key: "k" })).rejects.toEqual(
        code("learning.key_reused"),
      );
      await refreshes.create(newRefresh("x"));
      await refreshes.create(newRefresh("x"), { key: "other" });
      expect((await refreshes.list()).items).toHaveLength(3);
      await backend.tenant("b").refreshes.create(newRefresh("y"), { key: "k" });
      // What has become of it meanwhile does not make it another.
      await refreshes.complete(first?.id ?? "", "Done.", [], "mara");
      expect(await refreshes.create(newRefresh("x"), { key: "k" })).toMatchObject({
        state: "complete",
      });
    },
  },
  {
    name: "completes a refresh once, however many want to at once",
    run: async ({ backend }) => {
      const { refreshes } = backend.tenant("a");
      const { id } = await refreshes.create(newRefresh("x"));
      const settled = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          refreshes.complete(id, `end ${index}`, [], "mara"),
        ),
      );
      const done = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      expect(done).toHaveLength(1);
      for (const one of settled) {
        if (one.status === "rejected")
          expect(one.reason).toEqual(code("learning.refresh_complete"));
      }
      expect(await refreshes.get(id)).toEqual(done[0]);
    },
  },
  {
    name: "refuses text that no backend can hold, and writes nothing",
    run: async ({ backend }) => {
      const { refreshes } = backend.tenant("a");
      const made = await refreshes.create(newRefresh("x"));
      const bad = code("learning.bad_refresh");
      for (const text of ["x\u0000", "\ud800"]) {
        await expect(refreshes.create({ ...newRefresh("y"), reason: text })).rejects.toEqual(bad);
        await expect(refreshes.complete(made.id, text, [], "mara")).rejects.toEqual(bad);
        await expect(refreshes.complete(made.id, "end", [text], "mara")).rejects.toEqual(bad);
        await expect(refreshes.complete(made.id, "end", [], text)).rejects.toEqual(bad);
      }
      expect((await refreshes.list()).items).toEqual([made]);
    },
  },
  {
    name: "lists the newest first, page by page, and those that a filter asks for",
    run: async ({ backend }) => {
      const { refreshes } = backend.tenant("a");
      await refreshes.create(newRefresh("one"));
      const two = await refreshes.create(newRefresh("two", { scope: "ad_hoc" }));
      await refreshes.create(newRefresh("three", { scope: "ad_hoc" }));
      await refreshes.complete(two.id, "end", [], "mara");
      const first = await refreshes.list({ limit: 2 });
      expect(titlesOf(first.items)).toEqual(["three", "two"]);
      const second = await refreshes.list({ limit: 2, cursor: first.nextCursor ?? "" });
      expect([titlesOf(second.items), second.nextCursor]).toEqual([["one"], null]);
      expect(titlesOf((await refreshes.list({ scope: "ad_hoc" })).items)).toEqual(["three", "two"]);
      const some = await refreshes.list({ scope: "ad_hoc", state: "planned" });
      expect(titlesOf(some.items)).toEqual(["three"]);
    },
  },
  {
    name: "names a damaged row",
    run: async ({ backend }) => {
      const { refreshes } = backend.tenant("a");
      const { id } = await refreshes.create(newRefresh("x"));
      await backend.tables.write(function* () {
        yield* change("UPDATE roadmap_refreshes SET body = 'null' WHERE id = ?", id);
      });
      await expect(refreshes.get(id)).rejects.toMatchObject({
        code: "store.bad_row",
        details: { table: "roadmap_refreshes", id },
      });
    },
  },
  {
    name: "agrees with a plain list whatever is done",
    run: async ({ backend }) => {
      let run = 0;
      const step = fc.oneof(
        fc.record({ scope: fc.constantFrom(...refreshScopes) }),
        fc.record({ complete: fc.nat({ max: 5 }) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
          run += 1;
          const { refreshes } = backend.tenant(`model-${run}`);
          const model: { readonly id: string; readonly scope: string; state: string }[] = [];
          for (const one of steps) {
            if ("scope" in one) {
              const { id, scope, state } = await refreshes.create(newRefresh("x", one));
              model.push({ id, scope, state });
              continue;
            }
            const known = model[one.complete];
            if (known === undefined) continue;
            const done = await refreshes.complete(known.id, "end", [], "mara").then(
              () => "planned",
              () => "complete",
            );
            expect(done).toBe(known.state);
            known.state = "complete";
          }
          const { items } = await refreshes.list({ limit: 1000 });
          expect(items.map(({ id, scope, state }) => ({ id, scope, state }))).toEqual(
            model.toReversed(),
          );
        }),
        { numRuns: 30 },
      );
    },
  },
];
