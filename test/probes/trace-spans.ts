import { listWithin, ofType, probe, within } from "./support/bench.ts";
import { says, script, writes } from "./support/scripts.ts";

// A run's log is a trace in OpenTelemetry's GenAI conventions. Sabotaged: the run calls no tool.
await probe(async ({ sabotaged, put, agent33 }) => {
  const turns = [...(sabotaged ? [] : [writes("notes.txt", "x")]), says("Done.")];
  put("turns.yaml", script("m", ...turns));
  put("work/.keep", "");
  const words = ["--model", "scripted:turns.yaml", "--workspace", "work", "--json"];
  const events = (await agent33("run", "Write it down.", ...words)).lines();
  const run = String(within(ofType(events, "run.started")[0], "runId"));
  const trace = (await agent33("runs", "trace", run, "--json")).json();
  const spans = listWithin(trace, "resourceSpans", 0, "scopeSpans", 0, "spans");
  const named = (start: string): number =>
    spans.filter((span) => String(within(span, "name")).startsWith(start)).length;
  return {
    invokeAgent: named("invoke_agent"),
    chat: named("chat"),
    executeTool: named("execute_tool"),
    traces: new Set(spans.map((span) => within(span, "traceId"))).size,
  };
});
