import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import { explainRefusal } from "./bwrap-refusal.ts";
import { createMarkFinder, describeEnd } from "./launch.ts";
import type { RunningProcess } from "./process.ts";
import { sandboxUnavailable } from "./refusal.ts";
import { firstOf } from "./waiting.ts";

const startLimitMs = 10_000;

/**
 * The child from the moment at which its own program takes over; its errors begin there.
 * @throws Agent33Error `sandbox.unavailable` where that moment does not come; `sandbox.kill_failed`
 */
export async function started(child: RunningProcess, clock: Clock): Promise<RunningProcess> {
  const mark = createMarkFinder();
  const stderr = new PassThrough();
  const reached = Promise.withResolvers<boolean>();
  child.stderr.on("data", (chunk: Uint8Array) => {
    const own = mark.push(chunk);
    if (own === undefined) return;
    reached.resolve(true);
    // A reader that is slow holds the program back, as it would without us in between.
    if (own.length > 0 && !stderr.write(own)) child.stderr.pause();
  });
  stderr.on("drain", () => child.stderr.resume());
  child.stderr.once("close", () => {
    reached.resolve(false);
    stderr.end();
  });
  // A stream that breaks has said what it could; the exit status tells the rest.
  child.stderr.once("error", () => reached.resolve(false));
  const how = await firstOf(reached.promise, clock, startLimitMs, undefined);
  // Where this process was held up itself, what the program said lies there unread.
  if (how === "timeout") await setImmediate();
  if (how !== "cancelled" && mark.found) return { ...child, stderr };
  await child.kill(0);
  const exit = await child.exited;
  const ended = { timedOut: how === "timeout", exitCode: exit.code, signal: exit.signal };
  throw sandboxUnavailable(explainRefusal(mark.said(), describeEnd(ended)));
}
