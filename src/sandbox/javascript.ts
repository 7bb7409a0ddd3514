import { Worker } from "node:worker_threads";
import { type Clock, systemClock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { JavascriptProgram, JavascriptResult } from "./javascript-evaluate.ts";
import { firstOf } from "./waiting.ts";

export interface JavascriptRequest extends JavascriptProgram {
  readonly signal?: AbortSignal | undefined;
}

/** From source the worker is TypeScript, published it is JavaScript. */
const program = new URL(
  `./javascript-main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`,
  import.meta.url,
);
/** Starting the thread and the engine; and what QuickJS cannot interrupt, such as a long search. */
const overheadMs = 5_000;

/**
 * Runs a JavaScript program that can touch nothing, on a thread of its own that is ended at its
 * time. What the program does is data.
 * @throws the signal's reason when it aborted
 */
export async function runJavascript(
  { signal, ...workerData }: JavascriptRequest,
  clock: Clock = systemClock,
): Promise<JavascriptResult> {
  signal?.throwIfAborted();
  const worker = new Worker(program, { workerData, env: {}, name: "javascript" });
  const answer = new Promise<JavascriptResult>((resolve) => {
    worker.once("message", resolve);
    // The engine can give up as a whole: it is in this thread alone, and ends with it.
    worker.once("error", (error) => resolve(ended(`The engine gave up: ${messageOf(error)}`)));
    worker.once("exit", () => resolve(ended("The engine ended without an answer.")));
  });
  try {
    const how = await firstOf(answer, clock, workerData.timeoutMs + overheadMs, signal);
    if (how === "cancelled") signal?.throwIfAborted();
    return how === "timeout" ? { ...ended("interrupted"), timedOut: true } : await answer;
  } finally {
    await worker.terminate();
  }
}

function ended(error: string): JavascriptResult {
  return { value: null, error, printed: "", truncated: false, timedOut: false };
}
