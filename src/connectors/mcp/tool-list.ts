import { z } from "zod";
import { digestOf } from "../../base/digest.ts";
import { type JsonObject, toJsonValue } from "../../base/json.ts";
import { withoutUnseen } from "../../base/outside.ts";

/** A tool as a server describes it. Nothing of it is trusted. */
export interface ListedTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  /** What the server itself says about effects. Recorded only: it may be wrong or a lie. */
  readonly hints: ToolHints;
  /**
   * SHA-256 of the whole definition as it was sent, what it says about its results and effects
   * included: all of it can lead a model, or whoever approves a call.
   */
  readonly digest: string;
  /** What the digest is of, with what nobody sees: for those who look for orders in it. */
  readonly definition: JsonObject;
}

export interface ToolHints {
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

export interface ToolList {
  readonly tools: readonly ListedTool[];
  /** What was left out or replaced, and why. */
  readonly notices: readonly string[];
}

/**
 * One page of `tools/list`. Looser than the specification in what a tool may look like: one broken
 * description must not hide a server's other tools.
 */
export const toolPageSchema = z.object({
  tools: z.array(z.unknown()),
  nextCursor: z.string().optional(),
});

const jsonObject = z.record(z.string(), z.json());
const listedToolSchema = z.object({
  name: z.string().min(1).max(256),
  description: z.string().optional(),
  inputSchema: jsonObject,
  title: z.string().optional().catch(undefined),
  outputSchema: z.json().optional().catch(undefined),
  annotations: z
    .object({
      readOnlyHint: z.boolean().optional().catch(undefined),
      destructiveHint: z.boolean().optional().catch(undefined),
      idempotentHint: z.boolean().optional().catch(undefined),
      openWorldHint: z.boolean().optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** Deeper ones than this no server means, and reading them could take more stack than there is. */
const deepest = 200;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** Reads what a server listed; what cannot be used is left out with a notice. */
export function readToolList(raw: readonly unknown[]): ToolList {
  const tools = new Map<string, ListedTool>();
  const notices: string[] = [];
  for (const [index, item] of raw.entries()) {
    if (isDeeper(item, deepest)) {
      notices.push(`Tool ${index + 1} is left out: its description is nested too deeply.`);
      continue;
    }
    const parsed = listedToolSchema.safeParse(item);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const where = issue?.path.map(String).join(".") ?? "";
      notices.push(`Tool ${index + 1} is left out: its description is malformed at "${where}".`);
      continue;
    }
    const { name, annotations } = parsed.data;
    if (tools.has(name)) {
      notices.push(`Tool "${name}" is listed twice; the first one is used.`);
      continue;
    }
    const whole = JSON.stringify(parsed.data);
    const seen = withoutUnseen(whole);
    const isCleaned = seen !== whole;
    if (isCleaned) {
      notices.push(`Tool "${name}": what nobody sees was taken out of its description.`);
    }
    const { description = "", ...shown } = isCleaned
      ? (JSON.parse(seen) as typeof parsed.data)
      : parsed.data;
    let inputSchema = shown.inputSchema as JsonObject;
    if (inputSchema["type"] !== "object") {
      notices.push(`Tool "${name}": its schema is not one of an object and was replaced.`);
      inputSchema = { type: "object" };
    }
    const hints: ToolHints = Object.fromEntries(
      Object.entries(annotations ?? {}).filter(([, value]) => value !== undefined),
    );
    const definition = definitionOf(parsed.data, item);
    const digest = digestOf(definition);
    tools.set(name, { name, description, inputSchema, hints, digest, definition });
  }
  return { tools: [...tools.values()], notices };
}

/** What the digest covers. Icons and `_meta` are for programs that draw or trace. */
function definitionOf(tool: z.infer<typeof listedToolSchema>, item: unknown): JsonObject {
  const { name, title = null, description = "", inputSchema, outputSchema = null } = tool;
  const annotations =
    typeof item === "object" && item !== null && "annotations" in item ? item.annotations : null;
  return toJsonValue({
    name,
    title,
    description,
    inputSchema,
    outputSchema,
    annotations,
  }) as JsonObject;
}
