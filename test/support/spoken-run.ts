import type { RunEvent, StoredEvent } from "../../src/events/event.ts";
import type { ScriptedTurn, TestEngine } from "./engine.ts";

type Say = (text: string, topic?: "steering" | "follow_up") => void;

/** Runs a script while somebody speaks whenever an event moves them to. */
export async function spokenTo(
  { engine, folder, script }: TestEngine,
  turns: readonly ScriptedTurn[],
  speak: (event: RunEvent, say: Say) => void,
  task?: string,
): Promise<{ runId: string; outcome: string; events: readonly StoredEvent[] }> {
  const runId = await engine.runs.create({
    task:
      task === undefined
        ? { kind: "text", text: "Do it.", workspace: folder }
        : { kind: "folder", path: task, environment: "host" },
    model: task === undefined ? script(turns) : undefined,
    effort: undefined,
    mcpCommands: [],
  });
  const say: Say = (text, topic = "steering") => void engine.runs.send(runId, text, topic);
  const stop = engine.runs.follow(runId, (event) => speak(event, say));
  const { outcome } = await engine.runs.drive(runId);
  stop();
  return { runId, outcome, events: engine.store.runLog.read(runId) };
}
