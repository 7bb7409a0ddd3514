import type { InjectionLevel } from "../base/effect.ts";
import { messageOf } from "../base/errors.ts";
import type { GovernedTool } from "../connectors/governed-tool.ts";
import type { StoredEvent } from "../events/event.ts";
import { findInjections, gravest } from "../scanning/injection.ts";
import type { InjectionSigns } from "../tools/tool.ts";
import { poisonWatch, textsOf } from "./poisoned-tools.ts";

/** What the agents of one run have read by now that looks as if it gave models orders. */
export interface Taint {
  /** Undefined where nothing did. It never becomes less. */
  level(): InjectionLevel | undefined;
  /** Takes what was found in something that an agent is shown. */
  take(signs: InjectionSigns | undefined): void;
  /** Looks at a text that an agent is about to read. */
  read(text: string): InjectionSigns | undefined;
}

/** @param events the run's log so far: what it read before it was taken up again counts too */
export function createTaint(events: readonly StoredEvent[]): Taint {
  let level: InjectionLevel | undefined;
  const raise = (found: InjectionLevel | undefined): void => {
    if (level !== "likely") level = found ?? level;
  };
  const read: Taint["read"] = (text) => {
    const findings = findInjections(text);
    const found = gravest(findings);
    raise(found);
    return found && { level: found, rules: findings.map(({ rule }) => rule) };
  };
  for (const event of events) {
    if (event.type === "tool.completed") {
      raise(event.injection?.level);
      // What failed is kept as words only.
      if (event.error !== undefined) read(event.content);
    }
    // Inputs are data that somebody hands over, unlike a task, which is an order by right.
    if (event.type === "run.started" && event.inputs !== undefined) read(textsOf(event.inputs));
  }
  return { level: () => level, read, take: (signs) => raise(signs?.level) };
}

/**
 * A tool whose results and own description are looked at, and whose calls say what the run has read by
 * then: policies can ask before something is done that a stranger may have ordered.
 */
export function withScan(governed: GovernedTool, taint: Taint): GovernedTool {
  const { spec, tool } = governed;
  const poison = poisonWatch(tool);
  // The model reads what the tool says of itself before it calls anything.
  taint.take(poison());
  return {
    ...governed,
    spec: {
      ...spec,
      facts: (args) => {
        const signs = poison();
        taint.take(signs);
        const injection = taint.level();
        return {
          ...spec.facts(args),
          ...(injection === undefined ? {} : { injection }),
          ...(signs === undefined ? {} : { toolInjection: signs.level }),
        };
      },
      run: async (context) => {
        try {
          const output = await spec.run(context);
          const structured = output.structured === undefined ? "" : textsOf(output.structured);
          const injection = taint.read(`${output.content}\n${structured}`);
          return injection === undefined ? output : { ...output, injection };
        } catch (error) {
          // The model is told of it in the other side's words.
          taint.read(messageOf(error));
          throw error;
        }
      },
    },
  };
}
