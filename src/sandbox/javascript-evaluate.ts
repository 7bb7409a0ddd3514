import * as releaseModule from "@jitl/quickjs-wasmfile-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
} from "quickjs-emscripten-core";
import type { Clock } from "../base/clock.ts";
import { createOutputCapture } from "./output-capture.ts";

/** The part of WebAssembly's interface that is used: Node has it, but its types do not. */
declare const WebAssembly: {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => object;
};

/** A program, and what it may use. */
export interface JavascriptProgram {
  readonly code: string;
  readonly timeoutMs: number;
  /** Of all its values together and of the engine itself; 16 MiB at least. */
  readonly memoryBytes: number;
  /** Of what it prints, and of its result. */
  readonly outputLimitBytes: number;
}

export interface JavascriptResult {
  /** The value of its last expression as JSON; null where it has none that JSON can say. */
  readonly value: string | null;
  /** What it threw, or what ended it. */
  readonly error: string | null;
  readonly printed: string;
  /** Whether output is left out; the text says where and how much. */
  readonly truncated: boolean;
  readonly timedOut: boolean;
}

/** Its types describe the file for `require`, where the build is one level deeper. */
const build = releaseModule.default as unknown as QuickJSSyncVariant;

const stackBytes = 128 * 1024;
const pageBytes = 64 * 1024;
/** What the engine's own data needs: the build starts with 16 MiB. */
const initialPages = 256;
/** Promises that make new promises without end are held by the deadline; this is how often it is asked. */
const jobsAtOnce = 1_000;

/**
 * Runs a program in QuickJS compiled to WebAssembly: an engine of its own, whose memory is not ours
 * and that has nothing but the language. There is no module to load, no file, no network, no timer.
 */
export async function evaluateJavascript(
  program: JavascriptProgram,
  clock: Clock,
): Promise<JavascriptResult> {
  // QuickJS's own limit counts nothing here, for WebAssembly's allocator does not tell it sizes.
  const wasmMemory = new WebAssembly.Memory({
    initial: initialPages,
    maximum: Math.max(initialPages, Math.floor(program.memoryBytes / pageBytes)),
  });
  const variant = newVariant(build, { wasmMemory });
  const quickjs = await newQuickJSWASMModuleFromVariant(variant);
  const deadline = clock.monotonic() + program.timeoutMs;
  const isOver = (): boolean => clock.monotonic() > deadline;
  const runtime = quickjs.newRuntime();
  runtime.setMaxStackSize(stackBytes);
  runtime.setInterruptHandler(isOver);
  const context = runtime.newContext();
  const printed = createOutputCapture(program.outputLimitBytes);
  // Taken before the program can put another function in its place.
  const stringify = context
    .getProp(context.global, "JSON")
    .consume((json) => context.getProp(json, "stringify"));
  const inWords = (handle: QuickJSHandle): string =>
    context.typeof(handle) === "string"
      ? context.getString(handle)
      : (toJson(context, stringify, handle) ?? context.typeof(handle));
  addConsole(context, (words) => {
    // The engine asks seldom whether its time is up, and what prints much takes long until then.
    if (isOver()) throw new Error("interrupted");
    printed.push(Buffer.from(`${words.map(inWords).join(" ")}\n`));
  });

  const finish = (value: string | null, error: string | null): JavascriptResult => {
    const kept = createOutputCapture(program.outputLimitBytes);
    if (value !== null) kept.push(Buffer.from(value));
    return {
      value: value === null ? null : kept.text(),
      error,
      printed: printed.text(),
      truncated: printed.truncated || kept.truncated,
      timedOut: error !== null && isOver(),
    };
  };
  const failed = (thrown: QuickJSHandle): JavascriptResult =>
    finish(null, describe(context, thrown));

  const answer = context.evalCode(program.code, "program.js");
  if (answer.error !== undefined) return failed(answer.error);
  for (;;) {
    const jobs = runtime.executePendingJobs(jobsAtOnce);
    if (jobs.error !== undefined) return failed(jobs.error);
    if (jobs.value === 0) break;
    if (isOver()) return finish(null, "interrupted");
  }
  const state = context.getPromiseState(answer.value);
  switch (state.type) {
    case "pending":
      return finish(null, "Its promise never settles: nothing here happens later.");
    case "rejected":
      return failed(state.error);
    case "fulfilled":
      return finish(toJson(context, stringify, state.value), null);
  }
}

function addConsole(
  context: QuickJSContext,
  print: (words: readonly QuickJSHandle[]) => void,
): void {
  const log = context.newFunction("log", (...words) => {
    print(words);
  });
  const console = context.newObject();
  for (const name of ["log", "info", "warn", "error", "debug"]) context.setProp(console, name, log);
  context.setProp(context.global, "console", console);
}

/** @returns null for what JSON cannot say: undefined, functions, circles */
function toJson(
  context: QuickJSContext,
  stringify: QuickJSHandle,
  handle: QuickJSHandle,
): string | null {
  const answer = context.callFunction(stringify, context.undefined, handle);
  if (answer.error !== undefined) return null;
  return context.typeof(answer.value) === "string" ? context.getString(answer.value) : null;
}

/** An error by its name and message; anything may be thrown. */
function describe(context: QuickJSContext, thrown: QuickJSHandle): string {
  const dumped: unknown = context.dump(thrown);
  // Without memory left there is no error to be made, either.
  if (dumped === undefined || dumped === null || dumped === "")
    return "InternalError: out of memory";
  if (typeof dumped !== "object")
    return typeof dumped === "string" ? dumped : JSON.stringify(dumped);
  const name: unknown = Reflect.get(dumped, "name");
  const message: unknown = Reflect.get(dumped, "message");
  return typeof message === "string" ? `${String(name)}: ${message}` : JSON.stringify(dumped);
}
