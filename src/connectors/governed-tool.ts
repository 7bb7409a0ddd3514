import type { z } from "zod";
import type { JsonObject } from "../base/json.ts";
import { unwrap } from "../base/result.ts";
import type { ConnectorSpec } from "../boundary/types.ts";
import { offerTool, readArguments, type ToolFace } from "../tools/define.ts";
import { type OfferedTool, type Tool, toolDigest, type ToolOutput } from "../tools/tool.ts";
import { toolCallSpec, type ToolProgress } from "./tool-call.ts";
import { withInput } from "./with-input.ts";

/** A tool's call, as the boundary sees it. */
export type ToolCallSpec = ConnectorSpec<JsonObject, ToolOutput, ToolProgress>;

/** What a model is offered, and the governed call that it stands for. */
export interface GovernedTool {
  readonly tool: OfferedTool;
  readonly spec: ToolCallSpec;
  /** Waited for before a call, so that policy decides about the tool as it is. Never rejects. */
  readonly refresh?: () => Promise<void>;
}

/** A tool that does its work itself, governed as it declares itself. */
export function governed(tool: Tool): GovernedTool {
  const { refresh } = tool;
  return { tool, spec: toolCallSpec(tool), ...(refresh === undefined ? {} : { refresh }) };
}

export interface OperationToolPlan<Input extends z.ZodObject>
  extends Omit<ToolFace<Input>, "source"> {
  /** The operation whose input the tool's arguments are. */
  readonly operation: ConnectorSpec<z.output<Input>, ToolOutput, ToolProgress>;
}

/**
 * A connector's operation as a tool: one call of the tool is one call of the operation, with the
 * facts, limits and errors that the operation states. What the tool is goes into the facts too.
 * @throws Agent33Error `tools.invalid_schema` for an input that JSON Schema cannot say
 */
export function operationTool<Input extends z.ZodObject>(
  plan: OperationToolPlan<Input>,
): GovernedTool {
  const { operation } = plan;
  const tool = offerTool({ ...plan, source: operation.id });
  const digest = toolDigest(tool);
  const read = (args: JsonObject): z.output<Input> => unwrap(readArguments(plan, args));
  const { estimate, measure, run, facts, ...limits } = operation;
  const spec: ToolCallSpec = {
    ...limits,
    facts: (args) => ({ ...facts(read(args)), tool: tool.name, toolDigest: digest, args }),
    run: (context) => run(withInput(context, read(context.input))),
    succeeded: ({ isError }) => !isError,
    ...(estimate === undefined ? {} : { estimate: (args: JsonObject) => estimate(read(args)) }),
    ...(measure === undefined
      ? {}
      : { measure: (output: ToolOutput, args: JsonObject) => measure(output, read(args)) }),
  };
  return { tool, spec };
}
