import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { digestOf } from "../../base/digest.ts";
import { makeFolder, putFile } from "../../base/disk.ts";
import { attempt } from "../../base/result.ts";
import type { EnvironmentKind, PreparedTask } from "../environments/environment.ts";
import { rewardOf, passedOf, type Trial } from "../trials/trial.ts";
import type { Exclusion } from "./job-events.ts";

/** With whom a task is tried before its trials: its own solution must pass, nobody must not. */
export type GateKeeper = "oracle" | "nop";

/** What a passed gate hangs on. */
export interface GateKey {
  readonly keeper: GateKeeper;
  readonly taskDigest: string;
  readonly environment: EnvironmentKind;
  readonly environmentDigests: PreparedTask["digests"];
}

const passSchema = z.strictObject({ format: z.literal("agent33-gate/1"), at: z.int() });

/**
 * Whether a task has passed this gate on this machine before. Only passes are remembered: what
 * failed may have been mended without a change of any digest.
 */
export function passedBefore(cache: string, key: GateKey): boolean {
  const path = placeOf(cache, key);
  if (!existsSync(path)) return false;
  // A file that cannot be read says nothing: the gate is gone through again.
  return attempt(() => passSchema.parse(JSON.parse(readFileSync(path, "utf8")))).ok;
}

export function rememberPass(cache: string, key: GateKey, at: number, mark: string): void {
  makeFolder(cache);
  putFile(placeOf(cache, key), JSON.stringify({ format: "agent33-gate/1", at }), mark);
}

const placeOf = (cache: string, key: GateKey): string => join(cache, `${digestOf(key)}.json`);

/** Why a task is in no score after this; undefined where it passed the gate. */
export function refusalOf(keeper: GateKeeper, trial: Trial): Exclusion | undefined {
  const task = trial.task.name;
  const { verdict } = trial;
  if (verdict.kind === "error") {
    const { phase: _phase, ...error } = verdict.error;
    const who = keeper === "oracle" ? "its own solution" : "nobody";
    return { task, reason: `it could not be tried with ${who}: ${error.message}`, error };
  }
  const reward = rewardOf(trial);
  const passed = passedOf(trial) ?? false;
  if (keeper === "oracle") {
    if (passed) return undefined;
    const why = verdict.agentError === undefined ? "" : ` (${verdict.agentError.message})`;
    return { task, reason: `its own solution has ${reward ?? "no reward"} here, not 1${why}` };
  }
  if (reward === 0) return undefined;
  return { task, reason: `it has ${reward ?? "no reward"} when nobody works on it, not 0` };
}
