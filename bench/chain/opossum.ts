import CircuitBreaker from "opossum";
import { systemClock } from "../../src/base/clock.ts";
import type { Chain, Contender } from "./contender.ts";
import {
  type Ask,
  breakerSettings,
  ClientError,
  demandAllowed,
  type Handler,
  ServerError,
  type Settings,
} from "./workload.ts";

/** Without the percentiles and snapshots that it gathers by default: nobody reads them here. */
function breakerOver(handler: Handler, settings: Settings): CircuitBreaker<[Ask], Ask> {
  const { signal } = new AbortController();
  return new CircuitBreaker((input: Ask) => handler(input, { signal }), {
    timeout: settings.attemptMs,
    capacity: settings.maxConcurrent,
    volumeThreshold: breakerSettings.minimumAttempts,
    errorThresholdPercentage: breakerSettings.failureRate * 100,
    resetTimeout: breakerSettings.cooldownMs,
    errorFilter: (error) => error instanceof ClientError,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
  });
}

function isFailure(error: unknown): boolean {
  if (error instanceof ServerError) return true;
  return error instanceof Error && "code" in error && error.code === "ETIMEDOUT";
}

async function retrying(
  breaker: CircuitBreaker<[Ask], Ask>,
  { maxAttempts, retryDelayMs, random }: Settings,
  input: Ask,
): Promise<Ask> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await breaker.fire(input);
    } catch (error) {
      if (attempt >= maxAttempts || !isFailure(error)) throw error;
      await systemClock.sleep(random.next() * retryDelayMs * 2 ** (attempt - 1));
    }
  }
}

function build(handler: Handler, settings: Settings, demand: (input: Ask) => void): Chain {
  const breaker = breakerOver(handler, settings);
  return {
    call: async (input) => {
      demand(input);
      return retrying(breaker, settings, input);
    },
    close: () => breaker.shutdown(),
  };
}

const basics = ["retry", "timeout", "breaker", "bulkhead"] as const;

/** opossum 10, which has no retries of its own, in the loop that one writes around it. */
export const opossumContenders: readonly Contender[] = [
  {
    name: "opossum 10: breaker with timeout, retry loop",
    does: basics,
    build: (handler, settings) => build(handler, settings, () => undefined),
  },
  {
    name: "opossum 10 behind our policy",
    does: [...basics, "policy"],
    build: (handler, settings) => build(handler, settings, demandAllowed),
  },
];
