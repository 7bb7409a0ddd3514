import {
  bulkhead,
  circuitBreaker,
  CountBreaker,
  ExponentialBackoff,
  handleWhen,
  type IPolicy,
  fullJitterGenerator,
  retry,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
  wrap,
} from "cockatiel";
import type { Contender } from "./contender.ts";
import {
  type Ask,
  breakerSettings,
  demandAllowed,
  type Handler,
  ServerError,
  type Settings,
} from "./workload.ts";

const isFailure = (error: unknown): boolean =>
  error instanceof ServerError || error instanceof TaskCancelledError;

/**
 * Does not wait for a handler that ignores its signal, and leaves the signal alone after success:
 * aborting it, its default, makes an error object for each call, and the others do not do it.
 */
const atOnce = { strategy: TimeoutStrategy.Aggressive, abortOnReturn: false };

function attempts(settings: Settings, limit = timeout(settings.attemptMs, atOnce)): IPolicy {
  const failures = handleWhen(isFailure);
  return wrap(
    retry(failures, {
      maxAttempts: settings.maxAttempts - 1,
      backoff: new ExponentialBackoff({
        initialDelay: settings.retryDelayMs,
        maxDelay: 20_000,
        generator: fullJitterGenerator,
      }),
    }),
    circuitBreaker(failures, {
      halfOpenAfter: breakerSettings.cooldownMs,
      halfOpenSampling: { calls: breakerSettings.probes, threshold: 0 },
      breaker: new CountBreaker({
        threshold: breakerSettings.failureRate,
        size: breakerSettings.window,
        minimumNumberOfCalls: breakerSettings.minimumAttempts,
      }),
    }),
    limit,
  );
}

function everything(settings: Settings): IPolicy {
  return wrap(
    timeout(settings.totalMs, atOnce),
    bulkhead(settings.maxConcurrent, 0),
    attempts(settings),
  );
}

function run(policy: IPolicy, handler: Handler, input: Ask): Promise<Ask> {
  return policy.execute((attempt) => handler(input, attempt));
}

const basics = ["retry", "timeout", "breaker", "cancel"] as const;

/** cockatiel 4, its policies wrapped once; the handler is a closure a call, as its API asks. */
export const cockatielContenders: readonly Contender[] = [
  {
    name: "cockatiel 4 as it comes: retry, breaker, timeout",
    does: basics,
    build: (handler, settings) => {
      const policy = attempts(settings, timeout(settings.attemptMs, TimeoutStrategy.Aggressive));
      return { call: (input) => run(policy, handler, input) };
    },
  },
  {
    name: "cockatiel 4: retry, breaker, timeout",
    does: basics,
    build: (handler, settings) => {
      const policy = attempts(settings);
      return { call: (input) => run(policy, handler, input) };
    },
  },
  {
    name: "cockatiel 4 behind our policy",
    does: [...basics, "policy"],
    build: (handler, settings) => {
      const policy = attempts(settings);
      return {
        call: async (input) => {
          demandAllowed(input);
          return run(policy, handler, input);
        },
      };
    },
  },
  {
    name: "cockatiel 4, all it has, behind our policy",
    does: [...basics, "totalTime", "bulkhead", "policy"],
    build: (handler, settings) => {
      const policy = everything(settings);
      return {
        call: async (input) => {
          demandAllowed(input);
          return run(policy, handler, input);
        },
      };
    },
  },
];
