import { z } from "zod";
import { efforts } from "../base/effect.ts";
import type { Run, Runs } from "../engine/runs.ts";
import { moment } from "./input.ts";

/** How a run is shown. What it was made with is in its first events. */
export const runSchema = z
  .strictObject({
    id: z.string(),
    task: z.string().describe("the task in a few words"),
    agent: z.string(),
    model: z.string(),
    effort: z.string(),
    state: z
      .enum(["queued", "running", "parked", "finished"])
      .describe("`parked` waits for a person"),
    outcome: z.string().nullable().describe("how it ended; null while it runs"),
    workspace: z.string().nullable(),
    startedAt: moment,
    finishedAt: moment.nullable(),
    costMicroUsd: z.int().nonnegative(),
    unpricedCalls: z.int().nonnegative(),
  })
  .meta({ id: "Run" });

/** @param runs the runs of the tenant whose it is */
export function runView(run: Run, runs: Pick<Runs, "stateOf">): z.input<typeof runSchema> {
  const { tenant: _tenant, spec: _spec, ...shown } = run;
  return { ...shown, state: runs.stateOf(run) };
}

/** The id of a run, whole or its beginning. */
export const runParams = z.strictObject({
  id: z.string().min(1).max(100).describe("the run's id, or its beginning"),
});

/** What an agent did, as other programs read it. */
export const trajectorySchema = z
  .looseObject({ schema_version: z.string(), steps: z.array(z.looseObject({})) })
  .meta({ id: "Trajectory" });

/** A name of an agent: files of the server are nobody's to name from outside. */
export const agentName = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][\w.-]*(?:@[\w.+-]+)?$/, "Must be a name, or name@version")
  .refine((name) => !/\.(?:ya?ml|json)$/.test(name), "Must be a name, not a file");

/** A model as a caller may name it: scripts and recordings are files and logs of the server. */
export const modelName = z
  .string()
  .max(300)
  .regex(/^(?!scripted:|replay:)[a-z][a-z0-9-]*:\S+$/, "Must be provider:model");

/** What everything that asks an agent takes. */
export const askFields = {
  model: modelName.exactOptional().describe("provider:model; the settings' by default"),
  effort: z.enum(efforts).exactOptional().describe("how hard to think"),
  domain: z.string().min(1).max(100).exactOptional().describe("what the work is about"),
  escalates: z
    .boolean()
    .exactOptional()
    .describe("whether a failed attempt may be made again one tier up"),
};

/** What a run that has tools takes besides. */
export const workFields = {
  workspace: z
    .string()
    .min(1)
    .max(4_096)
    .exactOptional()
    .describe("a folder of the server in serve.workspaces, which the agent works in"),
  shell: z.boolean().exactOptional().describe("whether the agent may run commands in the sandbox"),
  matchSkills: z.int().min(1).max(100).exactOptional().describe("most skills that it gets"),
};
