import { expect } from "vitest";
import type { Case } from "./suite.cases.ts";

/** The keys of calls that must not happen twice. */
export const idempotencyCases: readonly Case[] = [
  {
    name: "knows whether a call was started before, and whether it ended",
    run: async ({ backend }) => {
      const { idempotency } = backend.tenant("a");
      expect(await idempotency.reserve("key", "run", 1)).toBe("fresh");
      expect(await idempotency.reserve("key", "run", 2)).toBe("started");
      await idempotency.finish("key", 3);
      expect(await idempotency.reserve("key", undefined, 4)).toBe("finished");
    },
  },
  {
    name: "finds the keys that begin so, of its tenant alone, with when they were started",
    run: async ({ backend }) => {
      const { idempotency } = backend.tenant("a");
      await idempotency.reserve("budget:x:50", undefined, 3);
      await idempotency.reserve("budget:x:80", undefined, 7);
      await idempotency.reserve("budget:y:50", undefined, 9);
      await backend.tenant("b").idempotency.reserve("budget:x:95", undefined, 9);
      expect(await idempotency.startedWith("budget:x:")).toEqual([
        { key: "budget:x:50", at: 3 },
        { key: "budget:x:80", at: 7 },
      ]);
      expect(await idempotency.startedWith("other")).toEqual([]);
    },
  },
  {
    name: "says what it knows of a call without keeping anything",
    run: async ({ backend }) => {
      const { idempotency } = backend.tenant("a");
      expect(await idempotency.stateOf("key")).toBe("fresh");
      expect(await idempotency.reserve("key", "run", 1)).toBe("fresh");
      expect(await idempotency.stateOf("key")).toBe("started");
      await idempotency.finish("key", 2);
      expect(await idempotency.stateOf("key")).toBe("finished");
      expect(await backend.tenant("b").idempotency.stateOf("key")).toBe("fresh");
    },
  },
  {
    name: "keeps the end of a call whose start it never saw",
    run: async ({ backend }) => {
      const { idempotency } = backend.tenant("a");
      await idempotency.finish("key", 1);
      expect(await idempotency.reserve("key", "run", 2)).toBe("finished");
    },
  },
  {
    name: "forgets a call that was never sent, and no other",
    run: async ({ backend }) => {
      const { idempotency } = backend.tenant("a");
      await idempotency.reserve("unsent", undefined, 1);
      await idempotency.release("unsent");
      expect(await idempotency.reserve("unsent", undefined, 2)).toBe("fresh");
      await idempotency.finish("done", 3);
      await idempotency.release("done");
      expect(await idempotency.reserve("done", undefined, 4)).toBe("finished");
    },
  },
];
