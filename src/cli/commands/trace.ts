import type { Command } from "commander";
import { otlpOf, type Span, traceOf } from "../../engine/traces.ts";
import {
  addCommonOptions,
  type CliContext,
  type CommonOptions,
  configOf,
  outputOf,
  withEngine,
} from "../context.ts";
import { oneLine } from "../output.ts";
import { writeResult } from "./policy/files.ts";

interface Options extends CommonOptions {
  readonly output?: string;
}

export function traceCommand(runs: Command, context: CliContext): void {
  addCommonOptions(runs.command("trace"))
    .description("a run's log as a trace; --json and --output give it as OpenTelemetry has it")
    .argument("<run>", "the run's id, or its beginning")
    .option("--output <file>", "write it to a file, as a collector takes it (OTLP in JSON)")
    .action(async (prefix: string, options: Options) => {
      const output = outputOf(context, options);
      await withEngine(context, configOf(context, options), async ({ store }) => {
        const spans = traceOf(store.runLog.read(store.runs.find(prefix).id));
        if (options.output !== undefined) {
          writeResult(context, options.output, JSON.parse(await otlpOf(spans)));
        } else if (output.json) output.out(await otlpOf(spans));
        else output.out(treeOf(spans));
      });
    });
}

/** A line for each span, below the one that it is part of, and its attributes below it. */
function treeOf(spans: readonly Span[]): string {
  const children = Map.groupBy(spans, ({ parentId }) => parentId);
  const known = new Set(spans.map(({ spanId }) => spanId));
  const lines = (span: Span, depth: number): readonly string[] => {
    const indent = "  ".repeat(depth);
    const failed = span.error === undefined ? "" : `  ${span.error}`;
    return [
      `${indent}${oneLine(span.name, 80)}  ${Math.round(span.end - span.start)} ms${failed}`,
      ...Object.entries(span.attributes).map(
        ([name, value]) => `${indent}  · ${name} ${oneLine(wordsOf(value), 100)}`,
      ),
      ...span.events.map(
        ({ name, at }) => `${indent}  ! ${name} after ${Math.round(at - span.start)} ms`,
      ),
      ...(children.get(span.spanId) ?? []).flatMap((child) => lines(child, depth + 1)),
    ];
  };
  // What hangs on a call that is not over yet stands by itself.
  const roots = spans.filter(({ parentId }) => parentId === undefined || !known.has(parentId));
  return roots.flatMap((span) => lines(span, 0)).join("\n");
}

function wordsOf(value: Span["attributes"][string]): string {
  return typeof value === "object" ? value.join("; ") : String(value);
}
