import { ConnectorLimits, type ConnectorLimitSettings } from "./limits.ts";
import { RetryBudget } from "./retry.ts";

/** What all calls of one connector share, whichever of its specs they are made through. */
export interface SharedLimits {
  /** Calls in flight and calls a second, shared by the tenants. */
  readonly limits: ConnectorLimits;
  readonly retryBudget: RetryBudget;
}

/**
 * The limits of a boundary's connectors, by id: a connector has one spec for each tool and each
 * run, and what it can bear does not grow with their number. Specs of one id that state other
 * limits have limits of their own.
 */
export function createSharedLimits(): (
  id: string,
  settings: ConnectorLimitSettings,
) => SharedLimits {
  const known = new Map<string, SharedLimits>();
  return (id, settings) => {
    const { maxConcurrent, maxConcurrentPerTenant, ratePerSecond } = settings;
    const key = JSON.stringify([id, maxConcurrent, maxConcurrentPerTenant, ratePerSecond]);
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = { limits: new ConnectorLimits(settings), retryBudget: new RetryBudget() };
    known.set(key, made);
    return made;
  };
}
