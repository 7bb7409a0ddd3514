import type { JsonValue } from "../base/json.ts";
import type { StoredEvent } from "../events/event.ts";
import type { EngineStore } from "./tenant-store.ts";

/** What a run came to so far, for whoever called its agent as a function. */
export function runResult({ runs, runLog }: Pick<EngineStore, "runs" | "runLog">, runId: string) {
  const events = runLog.read(runId);
  const begun = events.find((event) => event.type === "run.started");
  const end = events.findLast((event) => event.type === "run.finished");
  return {
    run: runId,
    outcome: runs.get(runId)?.outcome ?? null,
    /** Undefined where there is no answer, which is not the answer null. */
    output: answerOf(events),
    effort: begun && {
      effort: begun.effort,
      source: begun.effortSource,
      model: begun.model,
      routing: begun.routing ?? null,
    },
    totals: end?.totals ?? null,
    attempts: end?.attempts ?? null,
  };
}

/** What the agent answered; its last words where its definition asks for no form. */
function answerOf(events: readonly StoredEvent[]): JsonValue | undefined {
  const end = events.findLast((event) => event.type === "run.finished");
  if (end?.type !== "run.finished" || end.stop.reason !== "done") return undefined;
  const check = events.findLast(
    (event) => event.type === "check.completed" && event.agentPath === undefined,
  );
  const isFormless = check?.type === "check.completed" && check.kind === "schema" && !check.passed;
  return end.output ?? (isFormless ? undefined : end.summary);
}
