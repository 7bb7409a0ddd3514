import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Agent33Error } from "../base/errors.ts";

/** How often somebody may ask. */
export interface RateLimits {
  /** Counts a request of a caller. @throws Agent33Error `api.rate_limited` */
  request(caller: string): Promise<void>;
  /** Refuses an address that has proved nothing too often. @throws Agent33Error `api.rate_limited` */
  mayProve(address: string): Promise<void>;
  /** Counts a proof that was none. */
  failed(address: string): Promise<void>;
}

const minute = 60;

/**
 * Counts in this process. Several processes each allow that much.
 * @param perMinute requests of one key a minute
 * @param failuresPerMinute wrong keys from one address a minute
 */
export function createRateLimits({
  perMinute,
  failuresPerMinute,
}: {
  readonly perMinute: number;
  readonly failuresPerMinute: number;
}): RateLimits {
  const requests = new RateLimiterMemory({ points: perMinute, duration: minute });
  const failures = new RateLimiterMemory({ points: failuresPerMinute, duration: minute });
  return {
    request: async (caller) => {
      try {
        await requests.consume(caller);
      } catch (thrown) {
        if (!(thrown instanceof RateLimiterRes)) throw thrown;
        throw tooOften(`more than ${perMinute} requests a minute`, thrown.msBeforeNext);
      }
    },
    mayProve: async (address) => {
      const found = await failures.get(address);
      if (found === null || found.consumedPoints < failuresPerMinute) return;
      throw tooOften(`${failuresPerMinute} keys that do not hold in a minute`, found.msBeforeNext);
    },
    failed: async (address) => {
      await failures.penalty(address);
    },
  };
}

function tooOften(what: string, waitMs: number): Agent33Error {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return new Agent33Error("api.rate_limited", `There were ${what}.`, {
    hint: `Ask again in ${retryAfterSeconds} seconds.`,
    retryable: true,
    details: { retryAfterSeconds },
  });
}
