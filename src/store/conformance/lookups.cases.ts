import { expect } from "vitest";
import type { TenantStore } from "../repositories/index.ts";
import { newRun } from "../store.fixture.ts";
import type { Case } from "./suite.cases.ts";

/** Texts that some databases cannot hold and others change. */
const unstorable = ["run\0", "run\ud800", "\udc00", "\0"];

/** The functions that look something up by an id, and what they are called with. */
const byId = ["get", "find", "evaluate", "history", "trend", "mark", "read", "signalsOf"];

type Lookup = (asked: unknown) => Promise<unknown>;

function lookups(store: TenantStore, names: readonly string[]): readonly [string, Lookup][] {
  return Object.entries(store).flatMap(([repository, functions]) =>
    Object.entries(functions as Readonly<Record<string, Lookup>>)
      .filter(([name]) => names.includes(name))
      .map(([name, run]): [string, Lookup] => [`${repository}.${name}`, run]),
  );
}

/** What is asked with a text that cannot be there. */
export const lookupCases: readonly Case[] = [
  {
    name: "an id that no backend can hold is refused, and never taken for another one",
    run: async ({ backend }) => {
      const store = backend.tenant("a");
      for (const id of ["run", "run\u{fffd}", "\u{fffd}"]) await store.runs.create(newRun(id));
      const found = lookups(store, byId);
      expect(found.length).toBeGreaterThan(20);
      for (const [name, run] of found) {
        for (const id of unstorable) {
          await expect(run(id), name).rejects.toMatchObject({
            code: "store.bad_parameter",
            message: expect.stringMatching(/^What is looked for is malformed: argument 1: Must /),
          });
        }
      }
      expect(await store.runs.find("run\u{fffd}")).toMatchObject({ id: "run\u{fffd}" });
    },
  },
  {
    name: "a limit that is no whole number above 0 is refused, wherever one is taken",
    run: async ({ backend }) => {
      const store = backend.tenant("a");
      const { signals, learnedRuns, metrics } = store;
      const lists = lookups(store, ["list"])
        // Budgets, approvals and breakers are few and have no pages.
        .filter(([name]) => !["budgets.list", "approvals.list", "breakers.list"].includes(name))
        .map(([name, list]) => [name, (limit: number) => list({ limit })] as const);
      expect(lists.length).toBeGreaterThan(6);
      const all: readonly (readonly [string, (limit: number) => Promise<unknown>])[] = [
        ...lists,
        ["signals.waiting", (limit) => signals.waiting({ minSeverity: "low", minScore: 0, limit })],
        ["learnedRuns.behind", (limit) => learnedRuns.behind(limit)],
        ["metrics.history", (limit) => metrics.history("IM-01", limit)],
        ["metrics.trend", (limit) => metrics.trend("IM-01", limit)],
      ];
      for (const [name, ask] of all) {
        for (const limit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
          await expect(ask(limit), `${name} ${limit}`).rejects.toMatchObject({
            code: "store.bad_limit",
            message: expect.stringContaining(String(limit)),
          });
        }
        await expect(ask(5000), name).resolves.toBeDefined();
      }
    },
  },
  {
    name: "a place in a list and a filter that no backend can hold are refused too",
    run: async ({ backend }) => {
      for (const [name, list] of lookups(backend.tenant("a"), ["list"])) {
        for (const text of unstorable) {
          await expect(list({ cursor: text }), name).rejects.toMatchObject({
            code: "store.bad_parameter",
            message: expect.stringContaining("cursor: "),
          });
        }
      }
      const { signals, audit, metrics } = backend.tenant("a");
      const filtered: readonly ((text: string) => Promise<unknown>)[] = [
        (text) => signals.list({ source: text }),
        (text) => audit.list({ runId: text }),
        (text) => metrics.list({ period: text }),
      ];
      for (const text of unstorable) {
        for (const ask of filtered) {
          await expect(ask(text)).rejects.toMatchObject({ code: "store.bad_parameter" });
        }
      }
    },
  },
];
