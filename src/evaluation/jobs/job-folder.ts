import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { putFile } from "../../base/disk.ts";
import { Agent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { type JobConfig, jobConfigSchema, type JobPins, jobPinsSchema } from "./job-config.ts";

/** What a job is, as its folder has it. */
export interface JobFiles {
  readonly config: JobConfig;
  readonly pins: JobPins;
}

const configName = "config.json";
const pinsName = "lock.json";

/** Whether a folder is a job of this program, or looks like one. */
export function isJob(dir: string): boolean {
  return existsSync(join(dir, configName)) && existsSync(join(dir, pinsName));
}

/** Writes a job down. The pins come first: a folder with both is a job that can be resumed. */
export function writeJob(dir: string, { config, pins }: JobFiles): void {
  mkdirSync(dir, { recursive: true });
  writePins(dir, pins);
  putFile(join(dir, configName), json(config), "new");
}

export function writePins(dir: string, pins: JobPins): void {
  putFile(join(dir, pinsName), json(pins), "new");
}

/** Writes what came of a job. */
export function writeJobResult(dir: string, result: unknown): void {
  putFile(join(dir, "result.json"), json(result), "new");
}

/**
 * Reads what a job is.
 * @throws Agent33Error `evaluation.job_not_found`, `evaluation.job_malformed`
 */
export function readJob(dir: string): JobFiles {
  return {
    config: parsed(join(dir, configName), jobConfigSchema),
    pins: parsed(join(dir, pinsName), jobPinsSchema),
  };
}

function parsed<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(cause) ?? "")) throw notAJob(path);
    throw malformed(path, messageOf(cause), cause);
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const [first] = checked.error.issues;
  throw malformed(path, `${first?.path.join(".") ?? ""}: ${first?.message ?? ""}`, checked.error);
}

function notAJob(path: string): Agent33Error {
  return new Agent33Error(
    "evaluation.job_not_found",
    `There is no job here: "${path}" is missing.`,
    {
      hint: "Give the folder of a job, as `agent33 eval list` shows them.",
    },
  );
}

function malformed(path: string, what: string, cause: unknown): Agent33Error {
  return new Agent33Error("evaluation.job_malformed", `${path} cannot be read: ${what}.`, {
    hint: "It is written by `agent33 eval run` and not to be changed. Begin a new job.",
    cause,
  });
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
