import type { Effect, Repeat } from "../../base/effect.ts";
import type { ListedTool, ToolHints } from "./tool-list.ts";

/** A tool's definition as a person has taken it for good. */
export interface ToolPin {
  /** Of the whole definition: see {@link ListedTool.digest}. */
  readonly digest: string;
}

/** By the tool's name as the server gives it. */
export type ServerPins = Readonly<Record<string, ToolPin>>;

/** How a tool stands to what was pinned. */
export type PinState =
  /** It is what was pinned. */
  | "pinned"
  /** It is not what was pinned. */
  | "changed"
  /** Others of the server are pinned, but not this one. */
  | "new"
  /** Nothing of the server is pinned. */
  | "unpinned";

export function pinState(tool: ListedTool, pins: ServerPins | undefined): PinState {
  if (pins === undefined) return "unpinned";
  if (!Object.hasOwn(pins, tool.name)) return "new";
  return pins[tool.name]?.digest === tool.digest ? "pinned" : "changed";
}

/**
 * What a tool does by its server's own hints, which count only once a person has pinned them (MCP
 * specification, "ToolAnnotations", says which of them mean something together).
 */
export function effectOfHints(hints: ToolHints): {
  readonly effect?: Effect;
  readonly repeat?: Repeat;
} {
  const { readOnlyHint, destructiveHint, idempotentHint } = hints;
  if (readOnlyHint === true) return { effect: "read", repeat: "safe" };
  const repeat = idempotentHint === true ? ({ repeat: "safe" } as const) : {};
  if (destructiveHint === false) return { effect: "write", ...repeat };
  // A tool that says that it does not only read destroys unless it says otherwise.
  const destroys = destructiveHint === true || readOnlyHint === false;
  return destroys ? { effect: "destructive", ...repeat } : repeat;
}
