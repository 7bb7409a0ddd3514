import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { thisHost } from "../../src/engine/host.ts";
import type { SqlSession } from "../../src/durable/ports.ts";
import { openStore } from "../../src/store/store.ts";
import { argumentsOf, entryOf, type LoopContender, toolName } from "./workload.ts";

/** As long as ours: what the journal and the log keep of a turn and of a call. */
const begun = JSON.stringify({
  seq: 1_000,
  runId: "0199c82c-c3e8-7282-8087-fbf7479cb86d",
  at: 1_760_000_001_010,
  type: "turn.started",
  turn: 100,
  toolsOffered: true,
});
const ended = JSON.stringify({
  ...(JSON.parse(begun) as object),
  toolCallId: "call-100",
  toolName,
  argumentsText: argumentsOf(100, 0),
  content: entryOf("abc"),
  decision: { effect: "allow", ruleId: "default/reads" },
  usage: { inputTokens: 500, cachedInputTokens: 0, outputTokens: 20, reasoningTokens: 0 },
  callId: "0199c82c-c3e8-7282-8087-fbf7479cb86d",
});
const result = JSON.stringify({ seq: 1_000, calls: [{ alone: false }], limit: null, stop: null });
const digest = "0".repeat(64);

function writeStep(sql: SqlSession, runId: string, position: number): void {
  const now = systemClock.now();
  for (const [place, event] of [begun, ended].entries()) {
    sql.run(
      "INSERT INTO run_events (run_id, seq, at, type, event) VALUES (?, ?, ?, ?, ?)",
      runId,
      position * 2 + place + 1,
      now,
      "turn.completed",
      event,
    );
  }
  sql.run(
    `INSERT INTO durable_steps (run_id, position, kind, name, input_digest, repeat, state, result,
       deadline, finish_order, started_at, finished_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    runId,
    position,
    "call",
    "model.turn",
    digest,
    "safe",
    "completed",
    result,
    null,
    position + 1,
    now,
    now,
  );
}

/**
 * What nobody can go below who keeps each turn and each call: one transaction for either, with the
 * rows that ours has and nothing else: no loop, no policy, no audit.
 */
function floor(synchronous: "full" | "normal"): LoopContender {
  return {
    name: `the transactions alone, ${synchronous.toUpperCase()}`,
    kind: "floor",
    open: async () => {
      const dataDir = mkdtempSync(join(tmpdir(), "agent33-bench-"));
      const { clock, ids } = thisHost({});
      const store = openStore({ dataDir, clock, ids, synchronous });
      const { transactions } = store;
      return {
        run: async ({ turns, calls }) => {
          const runId = ids();
          store.tenant("bench").runs.create({
            id: runId,
            task: "",
            agent: "bench",
            model: "none",
            effort: "medium",
            workspace: null,
            spec: null,
          });
          transactions.transaction((sql) =>
            sql.run(
              `INSERT INTO durable_runs (run_id, workflow, version, input, state, wake_at, created_at, updated_at)
               VALUES (?, 'bench', 1, 'null', 'running', NULL, 0, 0)`,
              runId,
            ),
          );
          let made = 0;
          for (let position = 0; position < turns * (calls + 1) + 1; position += 1) {
            transactions.transaction((sql) => writeStep(sql, runId, position));
            if (position % (calls + 1) !== 0) made += 1;
            // As a loop that waits for its model would.
            await Promise.resolve();
          }
          return made;
        },
        close: async () => {
          store.close();
          rmSync(dataDir, { recursive: true, force: true });
        },
      };
    },
  };
}

export const floors: readonly LoopContender[] = [floor("normal"), floor("full")];
