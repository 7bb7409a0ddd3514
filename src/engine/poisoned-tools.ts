import type { InjectionSigns, OfferedTool } from "../tools/tool.ts";
import { findInjections, gravest } from "../scanning/injection.ts";

type Described = Pick<OfferedTool, "definition">;

/**
 * What of a tool's definition, as its source describes it now, looks as if it gave a model orders.
 * Undefined where nothing does, and of tools that are described here.
 */
export function poisonOf({ definition }: Described): InjectionSigns | undefined {
  return definition === undefined ? undefined : signsIn(definition());
}

/** {@link poisonOf} for each call: looked for again only where the tool has become another. */
export function poisonWatch(tool: Described): () => InjectionSigns | undefined {
  let seen: unknown;
  let found: InjectionSigns | undefined;
  return () => {
    const now = tool.definition?.();
    if (now !== seen) {
      seen = now;
      found = now === undefined ? undefined : signsIn(now);
    }
    return found;
  };
}

/** What a person should know of tools that try it. */
export function poisonNotices(tools: readonly OfferedTool[]): readonly string[] {
  return tools.flatMap((tool) => {
    const signs = poisonOf(tool);
    return signs === undefined ? [] : [`Tool "${tool.name}": ${poisonWords(signs)}`];
  });
}

/** One sentence for people. */
export function poisonWords({ level, rules }: InjectionSigns): string {
  return `its description looks as if it gave a model orders (${level}: ${rules.join(", ")}). Read it before you use it.`;
}

function signsIn(definition: unknown): InjectionSigns | undefined {
  const findings = findInjections(textsOf(definition));
  const level = gravest(findings);
  return level && { level, rules: findings.map(({ rule }) => rule) };
}

/** All texts in a value, each on its line. */
export function textsOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  return Object.entries(value)
    .map(([name, part]) => `${name}\n${textsOf(part)}`)
    .join("\n");
}
