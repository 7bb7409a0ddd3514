import type { Effect, Repeat, InjectionLevel } from "../base/effect.ts";
import { digestOf } from "../base/digest.ts";
import type { JsonObject } from "../base/json.ts";
import type { Result } from "../base/result.ts";

/** A part of an earlier result. In characters. */
export interface ResultRange {
  readonly turn: number;
  readonly index: number;
  readonly from: number;
  readonly characters: number;
}

/** One step of an agent's plan. */
export interface PlannedStep {
  readonly step: string;
  readonly status: "pending" | "in_progress" | "done" | "dropped";
}

/** A piece of work for another agent of the run. */
export interface HandedWork {
  readonly agent: string;
  readonly task: string;
  /** What it is given as data. */
  readonly inputs?: JsonObject;
}

/** A skill that an agent works by, and what it says about the agent's tools. */
export interface LoadedSkill {
  readonly name: string;
  readonly digest: string;
  /** Patterns of all that may be called; absent where the skill does not limit it. */
  readonly allowedTools?: readonly string[];
  /** Patterns of what may not be called. */
  readonly disallowedTools: readonly string[];
  /** Patterns of what a person has to be asked about. */
  readonly approvalTools: readonly string[];
}

/** What a tool gives back to the model. A failing tool is data, not an exception. */
/** What in a text looks as if it gave a model orders: how sure that is, and by which rules. */
export interface InjectionSigns {
  readonly level: InjectionLevel;
  readonly rules: readonly string[];
}

export interface ToolOutput {
  readonly content: string;
  readonly isError: boolean;
  /** The tool's structured result, where it has one (MCP `structuredContent`). */
  readonly structured?: JsonObject;
  /** What was noticed in it where it was looked at. */
  readonly injection?: InjectionSigns;
  /** Names of tools of the run that the model is shown from its next turn on. */
  readonly activates?: readonly string[];
  /** Work for another agent of the run, whose last words then are the call's result. */
  readonly delegates?: HandedWork;
  /** The agent's plan from here on. */
  readonly plan?: readonly PlannedStep[];
  /** The skill that the agent works by from here on. */
  readonly loads?: LoadedSkill;
  /** The part of the agent's own log that is the result. */
  readonly reads?: ResultRange;
}

export interface ToolContext {
  readonly signal: AbortSignal;
  /** The only way to HTTP: that of the call that the tool is run in. Absent outside of a call. */
  readonly fetch?: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** The same for each attempt at one logical call. */
  readonly idempotencyKey: string;
  /** The tool's definition as policy has let the call through; absent outside of a call. */
  readonly toolDigest?: string;
  /** Tells the person who watches how far it is. */
  readonly progress: (message: string) => void;
}

/** What the model sees of a tool. */
export interface ToolDefinition {
  /** Matches `^[A-Za-z0-9_-]{1,64}$`, which every provider accepts. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments, an object schema. */
  readonly inputSchema: JsonObject;
}

/** One thing that an agent can do, as it is offered: what it is, not how it is done. */
export interface OfferedTool extends ToolDefinition {
  /** The connector that it belongs to: `mcp:filesystem`, `tool:workspace`. */
  readonly source: string;
  /** What any call of it may do; one call may be known to do less. */
  readonly effect: Effect;
  readonly repeat: Repeat;
  /** SHA-256 of its definition where its source has more of it than the model is shown. */
  readonly definitionDigest?: string;
  /** The whole definition as its source gives it now, where others than us wrote it. */
  definition?(): JsonObject;
  /** Set where nothing but the run's workspace can be changed by any call of it. */
  readonly staysInWorkspace?: boolean;
  /** Checks arguments that a model wrote; the error says which field is wrong and why. */
  parse(args: unknown): Result<JsonObject>;
}

/** A tool that does its work itself, within one governed call. */
export interface Tool extends OfferedTool {
  /** The protocol's own word for a call of it. Default: `tools/call`. */
  readonly operation?: string;
  /** Where its calls go, if that is known before they are made. */
  readonly place?: {
    readonly host?: string;
    readonly port?: number;
    readonly privateAddress?: boolean;
  };
  /** Longest time for one call in milliseconds, where the source's default does not fit. */
  readonly timeoutMs?: number;
  /** Learns what the tool is now, where its source may change it at any time. */
  refresh?(): Promise<void>;
  /** SHA-256 of its definition as it is now, where that can be another than the one offered. */
  latestDigest?(): string;
  run(args: JsonObject, context: ToolContext): Promise<ToolOutput>;
}

/** SHA-256 of what a tool claims to be; a changed definition is a changed tool. */
export function toolDigest(tool: ToolDefinition & Pick<OfferedTool, "definitionDigest">): string {
  if (tool.definitionDigest !== undefined) return tool.definitionDigest;
  return digestOf({
    name: tool.name,
    description: tool.description,
    inputSchema: tool.inputSchema,
  });
}
