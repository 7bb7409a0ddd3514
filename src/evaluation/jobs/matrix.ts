import { createHash } from "node:crypto";
import type { Effort } from "../../base/effect.ts";
import { canonicalJson } from "../../base/json.ts";
import type { SkillArm } from "../attempts/attempt.ts";
import type { AgentSpec, JobConfig } from "./job-config.ts";

/** One condition of a job. */
export interface Cell {
  /** The place of its agent among the job's. */
  readonly agent: number;
  readonly model: string | undefined;
  readonly effort: Effort | undefined;
  readonly skills: SkillArm;
}

/** One trial of a job, before anything was done for it. */
export interface PlannedTrial {
  /** A UUID that is the same whenever the job is planned, and of no other job. */
  readonly id: string;
  /** The name of its folder: `<task>__<7 characters>`. */
  readonly name: string;
  readonly task: string;
  readonly cell: Cell;
  /** From 1. */
  readonly repetition: number;
}

/** What names an agent within its job. */
export function agentKey(spec: AgentSpec): string {
  switch (spec.kind) {
    case "oracle":
    case "nop":
      return spec.kind;
    case "agent33":
      return spec.agent === undefined ? "agent33" : `agent33:${spec.agent}`;
    case "command":
      return `command:${spec.name}`;
  }
}

type Matrix = Pick<JobConfig, "agents" | "models" | "efforts" | "skills">;

/** The conditions of a job. Who is no agent has no model, no effort and no choice of skills. */
export function cellsOf({ agents, models, efforts, skills }: Matrix): readonly Cell[] {
  return agents.flatMap((spec, agent): readonly Cell[] => {
    if (spec.kind === "oracle" || spec.kind === "nop") {
      return [{ agent, model: undefined, effort: undefined, skills: "own" }];
    }
    return orNothing(models).flatMap((model) =>
      orNothing(efforts).flatMap((effort) =>
        skills.map((arm) => ({ agent, model, effort, skills: arm })),
      ),
    );
  });
}

function orNothing<T>(values: readonly T[]): readonly (T | undefined)[] {
  return values.length === 0 ? [undefined] : [...new Set(values)];
}

/**
 * All trials of a job, in the order in which they begin: every task once before any comes again, so
 * that what is known early is known of all. Names hang on nothing but what a trial is, so that a job
 * that is planned again has the same.
 */
export function planTrials(
  config: Matrix & Pick<JobConfig, "id" | "trials">,
  tasks: readonly string[],
): readonly PlannedTrial[] {
  const names = new Set<string>();
  const planned: PlannedTrial[] = [];
  for (let repetition = 1; repetition <= config.trials; repetition += 1) {
    for (const cell of cellsOf(config)) {
      const spec = config.agents[cell.agent];
      if (spec === undefined) throw new RangeError("A cell is of an agent of its job.");
      for (const task of tasks) {
        const what = canonicalJson({
          task,
          agent: agentKey(spec),
          model: cell.model ?? null,
          effort: cell.effort ?? null,
          skills: cell.skills,
          repetition,
        });
        const name = freeName(task, what, names);
        names.add(name);
        planned.push({ id: uuidOf(config.id, name), name, task, cell, repetition });
      }
    }
  }
  return planned;
}

/** Seven characters are enough for a job; where they are not, the next seven are taken. */
function freeName(task: string, what: string, taken: ReadonlySet<string>): string {
  for (let draw = 0; ; draw += 1) {
    const name = trialName(task, `${what}${draw === 0 ? "" : String(draw)}`);
    if (!taken.has(name)) return name;
  }
}

/** As Harbor names trials, but by what they are and not by chance. */
export function trialName(task: string, what: string): string {
  const hash = createHash("sha256").update(what).digest().readBigUInt64BE();
  return `${task.slice(0, 32)}__${hash.toString(36).padStart(13, "0").slice(-7)}`;
}

/** A UUID version 8 (RFC 9562, section 5.8) of two texts. */
export function uuidOf(job: string, name: string): string {
  const bytes = createHash("sha256").update(`${job}\n${name}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
