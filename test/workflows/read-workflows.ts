import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const top = join(import.meta.dirname, "../../.github");

const step = z.looseObject({
  run: z.string().optional(),
  uses: z.string().optional(),
  env: z.record(z.string(), z.string()).default({}),
  with: z.record(z.string(), z.unknown()).default({}),
});
export type Step = z.output<typeof step>;
const workflow = z.looseObject({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(z.string(), z.looseObject({ "timeout-minutes": z.int(), steps: z.array(step) })),
});
const action = z.looseObject({
  runs: z.looseObject({ using: z.literal("composite"), steps: z.array(step) }),
});

export interface WorkflowFile {
  readonly name: string;
  readonly text: string;
  readonly permissions: Readonly<Record<string, string>>;
  /** Of all jobs, in their order. */
  readonly steps: readonly Step[];
}

/** The workflows of this repository, by name. */
export function workflowFiles(): readonly WorkflowFile[] {
  return readdirSync(join(top, "workflows")).map((name) => {
    const text = readFileSync(join(top, "workflows", name), "utf8");
    const { jobs, permissions } = workflow.parse(parse(text));
    return { name, text, permissions, steps: Object.values(jobs).flatMap(({ steps }) => steps) };
  });
}

/** The steps of an action of this repository. */
export function actionSteps(name: string): readonly Step[] {
  const text = readFileSync(join(top, "actions", name, "action.yml"), "utf8");
  return action.parse(parse(text)).runs.steps;
}
