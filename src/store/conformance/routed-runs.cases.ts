import { expect } from "vitest";
import type { NewEvent } from "../../events/event.ts";
import type { TenantStore } from "../repositories/index.ts";
import { newRun } from "../store.fixture.ts";
import type { Case } from "./suite.cases.ts";
import { probe } from "./tenant-probe.cases.ts";

const end = { outcome: "verified", costMicroUsd: 9, unpricedCalls: 0 };

function startedAs(source: string, fields: { effort: string; model: string; agent: string }) {
  return {
    type: "run.started",
    task: "Add",
    ...fields,
    effortSource: source,
    routing: {
      enabled: true,
      reasons: [`by ${source}`],
      confidence: null,
      domain: null,
      modelSource: "tier",
    },
    workspace: null,
    limits: {},
    policy: "default",
    notices: [],
  } as NewEvent;
}

const finished: NewEvent = {
  type: "run.finished",
  outcome: "verified",
  stop: { reason: "done" },
  summary: "",
  totals: {
    turns: 1,
    toolCalls: 0,
    inputTokens: 5,
    cachedInputTokens: 0,
    outputTokens: 2,
    failedTokens: 0,
    costMicroUsd: 9,
    unpricedCalls: 0,
    durationMs: 1,
  },
  filesChanged: [],
};

async function routed(
  { runs, runLog }: TenantStore,
  id: string,
  source = "request",
  over: { readonly effort?: string; readonly model?: string } = {},
): Promise<void> {
  const run = { ...newRun(id), ...over };
  await runs.create(run);
  await runLog.append(id, [startedAs(source, run), { type: "message.user", text: "Add" }]);
}

/** What tier and model each run was given. */
export const routedRunsCases: readonly Case[] = [
  {
    name: "tells how runs were routed and what they came to, newest first",
    run: async ({ backend, clock }) => {
      const store = backend.tenant("a");
      await routed(store, "r1", "classifier");
      clock.advance(1000);
      const later = clock.now();
      await routed(store, "r2", "tenant", { effort: "high", model: "openai:gpt-5" });
      await store.runs.create(newRun("without-a-log"));
      const open = await store.routedRuns.list();
      expect(open.items.map(({ id }) => id)).toEqual(["r2", "r1"]);
      expect(open.damaged).toEqual([expect.stringContaining("without-a-log")]);
      expect(open.items[1]).toMatchObject({
        outcome: null,
        started: { effortSource: "classifier", effort: "low" },
        finished: null,
      });
      await store.runLog.append("r1", [finished]);
      await store.runs.finish("r1", end);
      const { items } = await store.routedRuns.list({ until: later });
      expect(items[0]).toMatchObject({
        id: "r1",
        outcome: "verified",
        finished: { totals: { costMicroUsd: 9 } },
      });
      const idsOf = async (filter: Parameters<typeof store.routedRuns.list>[0]) =>
        (await store.routedRuns.list(filter)).items.map(({ id }) => id);
      expect(await idsOf({ since: later })).toEqual(["r2"]);
      expect(await idsOf({ effort: "high" })).toEqual(["r2"]);
      expect(await idsOf({ model: "scripted:test" })).toEqual(["r1"]);
      expect(await idsOf({ agent: "worker@1", source: "tenant" })).toEqual(["r2"]);
      expect(await idsOf({ source: "none" })).toEqual([]);
    },
  },
  {
    name: "pages through decisions, also those of one source among many others",
    run: async ({ backend }) => {
      const store = backend.tenant("a");
      for (let at = 0; at < 9; at += 1) {
        await routed(store, `r${at}`, at % 3 === 0 ? "request" : "classifier");
      }
      const pages = async (filter: Parameters<typeof store.routedRuns.list>[0]) => {
        const found: string[] = [];
        let cursor: string | null = null;
        do {
          const page = await store.routedRuns.list({
            ...filter,
            limit: 2,
            ...(cursor === null ? {} : { cursor }),
          });
          found.push(...page.items.map(({ id }) => id));
          cursor = page.nextCursor;
        } while (cursor !== null);
        return found;
      };
      expect(await pages({})).toEqual(["r8", "r7", "r6", "r5", "r4", "r3", "r2", "r1", "r0"]);
      expect(await pages({ source: "request" })).toEqual(["r6", "r3", "r0"]);
    },
  },
];

/** Nobody sees how another tenant's runs were routed. */
export const routedRunsProbe = probe("routedRuns", {
  fill: async (store, { name, mark }) => {
    await routed(store, name, mark);
    return { id: name };
  },
  view: (store) => store.routedRuns.list(),
  swaps: {
    list: async (stranger, _, own) => {
      for (const filter of [{}, { source: "known" }, { cursor: "999999999" }]) {
        expect((await stranger.list(filter)).items.map(({ id }) => id)).toEqual([own.id]);
      }
    },
  },
});
