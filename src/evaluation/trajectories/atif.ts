import { isGiven } from "../../base/given.ts";
import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";

/**
 * The Agent Trajectory Interchange Format, ATIF v1.7: Harbor's RFC 0001, April 2026. Names are the
 * format's own. Nothing may stand in it that the format does not know; `extra` takes the rest.
 */

/** The one that is written; all of them are read. */
export const atifVersion = "ATIF-v1.7";
const versions = [
  "ATIF-v1.0",
  "ATIF-v1.1",
  "ATIF-v1.2",
  "ATIF-v1.3",
  "ATIF-v1.4",
  "ATIF-v1.5",
  "ATIF-v1.6",
  atifVersion,
] as const;

const text = z.string();
const count = z.int().nonnegative();
const extra = z.record(z.string(), z.unknown()).nullish();

const contentPart = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text"), text, source: z.null().exactOptional() }),
  z.strictObject({
    type: z.literal("image"),
    text: z.null().exactOptional(),
    source: z.strictObject({
      media_type: z.enum(["image/jpeg", "image/png", "image/gif", "image/webp"]),
      path: text,
    }),
  }),
]);
const content = z.union([text, z.array(contentPart)]);

const subagentRef = z
  .strictObject({
    trajectory_id: text.nullish(),
    trajectory_path: text.nullish(),
    session_id: text.nullish(),
    extra,
  })
  .refine(
    (ref) => isGiven(ref.trajectory_id) || isGiven(ref.trajectory_path),
    "names neither trajectory_id nor trajectory_path, and so leads nowhere",
  );

const toolCall = z.strictObject({
  tool_call_id: text,
  function_name: text,
  arguments: z.record(z.string(), z.unknown()),
  extra,
});

const observation = z.strictObject({
  results: z.array(
    z.strictObject({
      source_call_id: text.nullish(),
      content: content.nullish(),
      subagent_trajectory_ref: z.array(subagentRef).nullish(),
      extra,
    }),
  ),
});

const metrics = z.strictObject({
  prompt_tokens: count.nullish(),
  completion_tokens: count.nullish(),
  cached_tokens: count.nullish(),
  cost_usd: z.number().nullish(),
  prompt_token_ids: z.array(z.int()).nullish(),
  completion_token_ids: z.array(z.int()).nullish(),
  logprobs: z.array(z.number()).nullish(),
  extra,
});

const agentOnly = [
  "model_name",
  "reasoning_effort",
  "reasoning_content",
  "tool_calls",
  "metrics",
] as const;
const llmOnly = ["metrics", "reasoning_content"] as const;

/** ISO 8601 with a date and a time; a zone may be missing. */
const timestamp = text.refine(
  (value) => /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(value) && !Number.isNaN(Date.parse(value)),
  "is no ISO 8601 time",
);

const step = z
  .strictObject({
    step_id: z.int().min(1),
    timestamp: timestamp.nullish(),
    source: z.enum(["system", "user", "agent"]),
    model_name: text.nullish(),
    reasoning_effort: z.union([text, z.number()]).nullish(),
    message: content,
    reasoning_content: text.nullish(),
    tool_calls: z.array(toolCall).nullish(),
    observation: observation.nullish(),
    metrics: metrics.nullish(),
    is_copied_context: z.boolean().nullish(),
    llm_call_count: count.nullish(),
    extra,
  })
  .superRefine((one, context) => {
    const refuse = (field: string, message: string): void =>
      context.addIssue({ code: "custom", path: [field], message });
    if (one.source !== "agent") {
      for (const field of agentOnly) {
        if (isGiven(one[field]))
          refuse(field, `is for steps of the agent, not of the ${one.source}`);
      }
    } else if (one.llm_call_count === 0) {
      for (const field of llmOnly) {
        if (isGiven(one[field])) refuse(field, "cannot be where llm_call_count is 0");
      }
    }
    const calls = new Set((one.tool_calls ?? []).map(({ tool_call_id: id }) => id));
    for (const { source_call_id: id } of one.observation?.results ?? []) {
      if (isGiven(id) && !calls.has(id)) refuse("observation", `has a result of no call: ${id}`);
    }
  });

const finalMetrics = z.strictObject({
  total_prompt_tokens: count.nullish(),
  total_completion_tokens: count.nullish(),
  total_cached_tokens: count.nullish(),
  total_cost_usd: z.number().nullish(),
  total_steps: count.nullish(),
  extra,
});

const plain = z.strictObject({
  schema_version: z.enum(versions),
  session_id: text.nullish(),
  trajectory_id: text.nullish(),
  agent: z.strictObject({
    name: text,
    version: text,
    model_name: text.nullish(),
    tool_definitions: z.array(z.record(z.string(), z.unknown())).nullish(),
    extra,
  }),
  steps: z.array(step).min(1),
  notes: text.nullish(),
  final_metrics: finalMetrics.nullish(),
  continued_trajectory_ref: text.nullish(),
  extra,
});

export type TrajectoryStep = z.infer<typeof step>;
/** A trajectory, with those of the agents that it handed work to. */
export interface Trajectory extends z.infer<typeof plain> {
  subagent_trajectories?: Trajectory[] | null | undefined;
}

const schema: z.ZodType<Trajectory> = plain
  .extend({
    get subagent_trajectories() {
      return z.array(schema).nullish();
    },
  })
  .superRefine((one, context) => {
    for (const [index, { step_id: id }] of one.steps.entries()) {
      if (id === index + 1) continue;
      const path = ["steps", index, "step_id"];
      context.addIssue({ code: "custom", path, message: `is ${id}, not ${index + 1}` });
    }
    const ids = new Set<string>();
    for (const [index, { trajectory_id: id }] of (one.subagent_trajectories ?? []).entries()) {
      const path = ["subagent_trajectories", index, "trajectory_id"];
      if (!isGiven(id)) context.addIssue({ code: "custom", path, message: "is missing" });
      else if (ids.has(id))
        context.addIssue({ code: "custom", path, message: `is not the only ${id}` });
      else ids.add(id);
    }
  });

/** Subagents of subagents are nested so deep at most; the schema would follow them for ever. */
const deepest = 50;

/**
 * Reads a trajectory, of any version.
 * @param path for messages
 * @throws Agent33Error `evaluation.trajectory_malformed` with every place that breaks a rule
 */
export function readTrajectory(value: unknown, path: string): Trajectory {
  if (depthOf(value) > deepest)
    throw malformed(path, [`subagents are nested over ${deepest} deep`]);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.map(String).join(".") || "the whole"}: ${issue.message}`,
  );
  throw malformed(path, problems);
}

function depthOf(value: unknown): number {
  let depth = 0;
  let level: readonly unknown[] = [value];
  while (level.length > 0 && depth <= deepest) {
    depth += 1;
    level = level.flatMap((one) => {
      if (typeof one !== "object" || one === null || !("subagent_trajectories" in one)) return [];
      return Array.isArray(one.subagent_trajectories) ? one.subagent_trajectories : [];
    });
  }
  return depth;
}

function malformed(path: string, problems: readonly string[]): Agent33Error {
  const [first, ...others] = problems;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return new Agent33Error(
    "evaluation.trajectory_malformed",
    `${path} is no ATIF trajectory: ${first}${more}.`,
    {
      hint: "Mend the named places; the rules are those of Harbor's RFC 0001, v1.7.",
      details: { problems: problems.slice(0, 100) },
    },
  );
}
