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
    name: "so is such a place in a list, and such a filter",
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
