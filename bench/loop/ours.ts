import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { budgetLimits, budgetsOf } from "../../src/agents/budgets.ts";
import { defaultAgent } from "../../src/agents/definition.ts";
import { runLimitsSchema } from "../../src/agents/limits.ts";
import { agentRun } from "../../src/agents/loop.ts";
import type { RunSession } from "../../src/agents/ports.ts";
import { renderSystemPrompt } from "../../src/agents/prompt.ts";
import type { Effect, Repeat } from "../../src/base/effect.ts";
import { createBoundary } from "../../src/boundary/boundary.ts";
import { createBudgetLedger } from "../../src/boundary/budget.ts";
import { compilePolicy, loadPacks } from "../../src/boundary/policy/index.ts";
import { governed } from "../../src/connectors/governed-tool.ts";
import { modelConnectorSpec } from "../../src/connectors/models/connector.ts";
import { windowOf } from "../../src/context/window.ts";
import { createSqliteDurable } from "../../src/durable/sqlite.ts";
import { createAudit } from "../../src/engine/audit.ts";
import { thisHost } from "../../src/engine/host.ts";
import type { LiveRuns } from "../../src/engine/live-runs.ts";
import { agentPorts } from "../../src/engine/runs.ts";
import { storeOf } from "../../src/engine/tenant-store.ts";
import { createToolbox } from "../../src/engine/toolbox.ts";
import { createRedactor } from "../../src/base/redact.ts";
import type { Model, ModelTurn } from "../../src/models/model.ts";
import { turnIndexOf } from "../../src/models/play-turn.ts";
import { loadPrices } from "../../src/models/prices.ts";
import { loadTokenCounter } from "../../src/models/tokens.ts";
import { openStore } from "../../src/store/store.ts";
import { defineTool } from "../../src/tools/define.ts";
import {
  argumentsOf,
  entryOf,
  instructions,
  lastWords,
  type Loop,
  type LoopContender,
  placesOf,
  type RunShape,
  task,
  toolDescription,
  toolName,
  usage,
} from "./workload.ts";

const principal = { tenant: "bench", user: "bench" };
const limits = runLimitsSchema.parse({
  maxSteps: 10_000,
  maxTokens: 1_000_000_000,
  maxSeconds: 3_600,
});
const agent = { ...defaultAgent, instructions };
/** Room for all runs of a crowd: by default a connector bears 64 calls at once and refuses others. */
const crowd = { maxConcurrent: 10_000 };
const effort = { effort: "medium", source: "bench", maxOutputTokens: 8_192 } as const;

function scriptedModel({ turns, calls: perTurn }: RunShape): Model {
  return {
    info: { provider: "scripted", model: "scripted" },
    async *stream(request) {
      const turn = turnIndexOf(request);
      const calls = turn < turns;
      const answer: ModelTurn = {
        parts: calls
          ? placesOf(perTurn).map((place) => ({
              type: "tool_call" as const,
              toolCallId: `call-${turn}-${place}`,
              toolName,
              argumentsText: argumentsOf(turn, place),
            }))
          : [{ type: "text", text: lastWords }],
        usage: {
          inputTokens: usage.input,
          cachedInputTokens: 0,
          outputTokens: usage.output,
          reasoningTokens: 0,
          estimated: false,
        },
        finishReason: calls ? "tool_calls" : "stop",
        responseModel: "scripted",
      };
      yield { type: "completed", turn: answer };
    },
  };
}

/**
 * The parts that an engine puts together, with a model and a tool that do nothing: the loop, the
 * journal, the log, the boundary with the default policy, budgets, redaction and the audit.
 */
async function openOurs(
  synchronous: "full" | "normal",
  effect: Effect,
  repeat: Repeat,
): Promise<Loop> {
  const dataDir = mkdtempSync(join(tmpdir(), "agent33-bench-"));
  const host = thisHost({});
  const { clock, ids, random } = host;
  const opened = openStore({ dataDir, clock, ids, synchronous });
  const store = storeOf(opened, principal.tenant);
  const redactor = createRedactor();
  const audit = createAudit({ opened, tenant: principal.tenant, dataDir, host, redactor });
  const policy = compilePolicy(loadPacks({ select: ["default"] }));
  const budgets = createBudgetLedger(clock);
  const { approvals, idempotency, limitUses } = opened.tenant(principal.tenant);
  const records = { approvals, idempotency, limitUses, audit: audit.sink(principal.tenant) };
  const boundary = createBoundary({
    clock,
    random,
    ids,
    policy,
    budgets,
    records: () => records,
    hands: {
      fetch: () => Promise.reject(new Error("no network in this benchmark")),
      spawn: () => Promise.reject(new Error("no processes in this benchmark")),
    },
  });
  const prices = await loadPrices({ clock });
  const tokens = await loadTokenCounter();
  const live: LiveRuns = {
    sessions: new Map(),
    watchers: new Map(),
    environments: new Map(),
  };
  const neverAgain = { ending: () => ({ events: [] }), begin: () => undefined };
  const loop = agentRun(agentPorts(store, host, live, redactor, budgets, neverAgain));
  const sessions = new Map<string, RunSession>();
  const workflow: typeof loop = {
    ...loop,
    open: async ({ runId, write, writeLater }) => {
      const session = sessions.get(runId);
      if (session === undefined) throw new Error(`There is no run ${runId}.`);
      const { all, work } = budgetsOf(runId);
      const allowed = budgetLimits(limits);
      budgets.open(all, allowed.all);
      budgets.open(work, allowed.work);
      live.sessions.set(runId, { session, write, writeLater });
      const close = async (): Promise<void> => {
        live.sessions.delete(runId);
        for (const id of [all, work]) budgets.close(id);
      };
      return { kind: "open", close };
    },
  };
  const durable = createSqliteDurable({
    transactions: store.transactions,
    clock,
    owner: "bench",
    workflows: [workflow],
  });

  const sessionOf = (runId: string, shape: RunShape, onCall: () => void): RunSession => {
    const { tool, spec } = governed(
      defineTool({
        name: toolName,
        description: toolDescription,
        source: "tool:bench",
        input: z.object({ entry: z.string() }),
        effect,
        repeat,
        run: async ({ entry }) => {
          onCall();
          return { content: entryOf(entry), isError: false };
        },
      }),
    );
    const model = modelConnectorSpec(scriptedModel(shape), { prices, tokens, clock });
    return {
      runId,
      principal,
      policy,
      agent,
      effort,
      limits,
      model: boundary.connector({ ...model, ...crowd }),
      tokens,
      window: windowOf({}, { contextTokens: 1_000_000, maxOutputTokens: effort.maxOutputTokens }),
      toolbox: createToolbox(boundary, {
        shown: [{ tool, spec: { ...spec, ...crowd } }],
        toFind: [],
      }),
      systemPrompt: renderSystemPrompt(agent, { skills: "", check: "" }),
      answer: undefined,
      checks: [],
      judge: undefined,
      preloaded: [],
      subAgents: [],
      verify: undefined,
      closeTools: async () => undefined,
      filesChanged: async () => [],
      live: () => undefined,
    };
  };
  return {
    run: async (shape) => {
      const runId = ids();
      let calls = 0;
      const session = sessionOf(runId, shape, () => {
        calls += 1;
      });
      store.transactions.transaction(() => {
        store.runs.create({
          id: runId,
          task,
          agent: "bench",
          model: "scripted",
          effort: "medium",
          workspace: null,
          spec: null,
        });
        store.runLog.append(runId, [{ type: "message.user", text: task }]);
        durable.start(workflow, runId, { horizon: 1, approvalTtlMs: 1_000 });
      });
      sessions.set(runId, session);
      const { state } = await durable.execute(runId);
      sessions.delete(runId);
      if (state !== "completed") throw new Error(`The run is ${state}.`);
      return calls;
    },
    close: async () => {
      boundary.close();
      await durable.close();
      await audit.close();
      opened.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A read may be repeated; a write is noted before it is sent, so that it never runs twice. */
const kinds = [
  { word: "read", effect: "read", repeat: "safe" },
  { word: "write", effect: "write", repeat: "once" },
] as const;

/** With each way of waiting for the disk. */
export const ourLoops: readonly LoopContender[] = (["normal", "full"] as const).flatMap(
  (synchronous) =>
    kinds.map(({ word, effect, repeat }) => ({
      kind: "ours" as const,
      name: `AGENT-33, ${synchronous.toUpperCase()}, ${word}`,
      open: () => openOurs(synchronous, effect, repeat),
    })),
);
