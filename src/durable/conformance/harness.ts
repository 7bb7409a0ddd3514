import type { Repeat } from "../../base/effect.ts";
import type { JsonValue } from "../../base/json.ts";
import type { Activity, ActivityContext, Durable, Workflow, WorkflowContext } from "../contract.ts";

/** One engine as one process would have it. */
export interface EngineInstance {
  readonly durable: Durable;
  /** Dies as a killed process does: nothing is written any more, nothing is let go of. */
  crash(): void;
}

/** What an engine must bring to be tested: instances over one storage, and a clock to move. */
export interface DurableHarness {
  /** Milliseconds without a sign of life after which a run may be taken over. */
  readonly leaseMs: number;
  instance(workflows: readonly Workflow<never, JsonValue>[]): EngineInstance;
  /** Moves the clock of all instances; due work is not started by it. */
  advance(ms: number): void;
  /** Closes every instance and removes the storage. */
  dispose(): Promise<void>;
}

/** One promise of the contract. Fails by throwing, so that any test runner can run it. */
export interface ConformanceCase {
  readonly name: string;
  readonly run: (harness: DurableHarness) => Promise<void>;
}

/** An activity that remembers what happened to it. */
export interface SpyActivity extends Activity<JsonValue, JsonValue> {
  /** Keys of the bodies that were started, in order. */
  readonly started: string[];
  /** Keys of the ends that were committed, in order. */
  readonly committed: string[];
}

type Body = (input: JsonValue, context: ActivityContext) => JsonValue | Promise<JsonValue>;

/** Answers `unknown:<input>` where it is asked for an outcome that nobody knows. */
export function spy(
  name: string,
  body: Body = (input) => input,
  repeat: Repeat = "safe",
): SpyActivity {
  const started: string[] = [];
  const committed: string[] = [];
  return {
    name,
    started,
    committed,
    repeat: () => repeat,
    run: async (input, context) => {
      started.push(context.key);
      const output = await body(input, context);
      return () => {
        committed.push(context.key);
        return output;
      };
    },
    outcomeUnknown: (input, context) => () => {
      committed.push(context.key);
      return `unknown:${JSON.stringify(input)}`;
    },
  };
}

/** A workflow named `test`, version 1, of one function. */
export function workflow(
  run: (context: WorkflowContext, input: JsonValue) => Promise<JsonValue>,
  version = 1,
): Workflow<JsonValue, JsonValue> {
  return { name: "test", version, run };
}

/** A value as test texts show it. */
export function say(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What nothing ever comes of: the rest of a process that has crashed. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}

/** A promise that the test resolves from outside. */
export function signal(): { readonly promise: Promise<void>; readonly fire: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, fire: () => resolve() };
}

/**
 * Runs a workflow until it calls `crash`, then gives its run to a second instance whose workflow
 * does not crash. Returns that instance after the lease has run out.
 */
export async function crashAndTakeOver(
  harness: DurableHarness,
  runId: string,
  make: (crash: () => Promise<never>) => Workflow<JsonValue, JsonValue>,
  input: JsonValue = null,
): Promise<EngineInstance> {
  const dead = signal();
  const first: EngineInstance = harness.instance([
    make(() => {
      first.crash();
      dead.fire();
      return never();
    }),
  ]);
  first.durable.start({ name: "test", version: 1 }, runId, input);
  // After the crash it is of no interest how the first instance's promise ends, if ever.
  const early = first.durable.execute(runId).then((status) => {
    throw new Error(`the run ended before the crash: ${JSON.stringify(status)}`);
  });
  await Promise.race([dead.promise, early]);
  harness.advance(harness.leaseMs + 1);
  return harness.instance([make(() => Promise.reject(new Error("crashed twice")))]);
}

/** Has a worker work for as long as `during` takes. */
export async function working(durable: Durable, during: () => void | Promise<void>): Promise<void> {
  const stop = new AbortController();
  const work = durable.work({ signal: stop.signal });
  try {
    await during();
  } finally {
    stop.abort();
    await work;
  }
}
