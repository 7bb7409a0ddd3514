import type { Scope } from "../agents/scope.ts";
import type { CallOptions } from "../boundary/types.ts";

/** For whom a call is made, and what pays for it. */
export type Caller = Scope & Pick<CallOptions, "principal" | "policy" | "budgets">;

/** Whose calls each source of tools works on now. */
export interface Callers {
  /** Notes a call while it goes on. */
  during<T>(source: string, caller: Caller, call: () => Promise<T>): Promise<T>;
  /**
   * The agent whose call a source works on; undefined where it works on none, or for several agents
   * at once, because what a server asks for does not say which call it belongs to.
   */
  of(source: string): Caller | undefined;
}

/** The calls of one run's session. */
export function createCallers(): Callers {
  const atWork = new Map<string, Set<Caller>>();
  return {
    during: async (source, caller, call) => {
      const here = atWork.get(source) ?? new Set();
      atWork.set(source, here.add(caller));
      try {
        return await call();
      } finally {
        here.delete(caller);
      }
    },
    of: (source) => {
      const [first, ...others] = atWork.get(source) ?? [];
      return others.every(({ agentPath }) => agentPath === first?.agentPath) ? first : undefined;
    },
  };
}
