import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import { runJavascript } from "../../sandbox/javascript.ts";
import { defineTool } from "../../tools/define.ts";
import type { Tool, ToolOutput } from "../../tools/tool.ts";
import type { JavascriptResult } from "../../sandbox/javascript-evaluate.ts";

const memoryBytes = 64 * 1024 * 1024;
const outputLimitBytes = 32 * 1024;
const longestSeconds = 60;
/** Starting the engine, and ending what it cannot interrupt, takes time beyond the program's. */
const overheadMs = 15_000;

/**
 * The tool `run_javascript`: a computation that can touch nothing, for what models do badly in their
 * heads. It is a read that may repeat: it has no effect but its answer.
 */
export function javascriptTool(clock: Clock): Tool {
  return defineTool({
    name: "run_javascript",
    description:
      "Runs a JavaScript program and gives the value of its last expression as JSON, and what it prints with console.log. For computing only: there are no modules, files, network, timers or anything of the host; give it its data in the program itself. Every program starts anew.",
    input: z.strictObject({
      code: z
        .string()
        .min(1)
        .max(64 * 1024)
        .describe("The program: plain JavaScript, ES2023. Its last expression is the result."),
      timeout_seconds: z
        .int()
        .min(1)
        .max(longestSeconds)
        .default(10)
        .describe("After this many seconds it is ended."),
    }),
    effect: "read",
    repeat: "safe",
    source: "tool:javascript",
    timeoutMs: longestSeconds * 1_000 + overheadMs,
    run: async ({ code, timeout_seconds: timeoutSeconds }, { signal }) => {
      const limits = { timeoutMs: timeoutSeconds * 1_000, memoryBytes, outputLimitBytes };
      return render(await runJavascript({ code, ...limits, signal }, clock), timeoutSeconds);
    },
  });
}

function render(result: JavascriptResult, timeoutSeconds: number): ToolOutput {
  const { value, error, printed, truncated, timedOut } = result;
  const ending = timedOut
    ? `Ended after ${timeoutSeconds} s, its time limit.`
    : error === null
      ? `Result: ${value ?? "none that JSON can say"}`
      : `Error: ${error}`;
  const parts = [
    ending,
    ...(printed === "" ? [] : ["--- printed", printed.replace(/\n$/, "")]),
    ...(truncated ? ["Output is left out where the text says so."] : []),
  ];
  return {
    content: parts.join("\n"),
    isError: error !== null,
    structured: { timedOut, truncated },
  };
}
