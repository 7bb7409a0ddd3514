import { z } from "zod";
import type { Effect, Repeat } from "../base/effect.ts";
import { Agent33Error } from "../base/errors.ts";
import { type JsonObject, toJsonValue } from "../base/json.ts";
import { err, ok, type Result, unwrap } from "../base/result.ts";
import { invalidArguments } from "./invalid-arguments.ts";
import type { OfferedTool, Tool, ToolContext, ToolOutput } from "./tool.ts";

/** What a tool of our own says about itself. */
export interface ToolFace<Input extends z.ZodObject> {
  /** Matches `^[A-Za-z0-9_-]{1,64}$`. */
  readonly name: string;
  /** For the model: what it does, and when to use it. */
  readonly description: string;
  /**
   * Each field with a `describe` for the model. Defaults are fine; transforms are not, because
   * parsed arguments are parsed once more when the tool runs.
   */
  readonly input: Input;
  readonly effect: Effect;
  readonly repeat: Repeat;
  /** The connector that it belongs to, such as `tool:workspace`. */
  readonly source: string;
  /** Whether nothing but the run's workspace can be changed by it. Default: no. */
  readonly staysInWorkspace?: boolean;
}

export interface ToolPlan<Input extends z.ZodObject> extends ToolFace<Input> {
  /** Longest time for one call, milliseconds. */
  readonly timeoutMs?: number;
  run(args: z.output<Input>, context: ToolContext): Promise<ToolOutput>;
}

/**
 * A tool of our own, from a zod object: the schema that the model sees, the check of what it
 * writes and the type that the code gets are one.
 * @throws Agent33Error `tools.invalid_schema` for an input that JSON Schema cannot say
 */
export function defineTool<Input extends z.ZodObject>(plan: ToolPlan<Input>): Tool {
  return {
    ...offerTool(plan),
    ...(plan.timeoutMs === undefined ? {} : { timeoutMs: plan.timeoutMs }),
    run: async (args, context) => plan.run(unwrap(readArguments(plan, args)), context),
  };
}

/** What {@link defineTool} offers, for what does its work elsewhere. @throws as that */
export function offerTool<Input extends z.ZodObject>(face: ToolFace<Input>): OfferedTool {
  return {
    name: face.name,
    description: face.description,
    inputSchema: schemaOf(face.name, face.input),
    source: face.source,
    effect: face.effect,
    repeat: face.repeat,
    ...(face.staysInWorkspace === undefined ? {} : { staysInWorkspace: face.staysInWorkspace }),
    parse: (args) => {
      const parsed = readArguments(face, args);
      return parsed.ok ? ok(toJsonValue(parsed.value) as JsonObject) : parsed;
    },
  };
}

/** What a model wrote, as the tool's own type, or which field of it is wrong. */
export function readArguments<Input extends z.ZodObject>(
  { name, input }: Pick<ToolFace<Input>, "name" | "input">,
  args: unknown,
): Result<z.output<Input>> {
  const parsed = input.safeParse(args);
  if (parsed.success) return ok(parsed.data);
  return err(invalidArguments(name, parsed.error.issues.map(describeIssue)));
}

function schemaOf(name: string, input: z.ZodObject): JsonObject {
  try {
    // "input": a field with a default is one that the model may leave out.
    const { $schema: _dialect, ...schema } = z.toJSONSchema(input, { io: "input" });
    return toJsonValue(schema) as JsonObject;
  } catch (cause) {
    throw new Agent33Error(
      "tools.invalid_schema",
      `The input of tool "${name}" has no JSON Schema.`,
      {
        hint: "Use only types that JSON has: no dates, maps, bigints or transforms.",
        cause,
      },
    );
  }
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const field = issue.path.length === 0 ? "" : `${issue.path.map(String).join(".")}: `;
  return `${field}${issue.message}`;
}
