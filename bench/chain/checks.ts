import { Agent33Error } from "../../src/base/errors.ts";
import { systemClock } from "../../src/base/clock.ts";
import { egressGuardState } from "../../src/boundary/egress/guard.ts";
import type { Chain, Contender, Feature } from "./contender.ts";
import {
  type Ask,
  ask,
  ClientError,
  forbiddenHost,
  type Handler,
  hastySettings,
  noop,
  ServerError,
  type Settings,
} from "./workload.ts";

const patienceMs = 2_000;

/** Builds a chain over the handler, uses it, closes it. */
type Trial = <T>(
  handler: Handler,
  use: (chain: Chain) => Promise<T>,
  settings?: Settings,
) => Promise<T>;

/** Proves one feature; false when the contender only claims it. */
type Check = (trial: Trial) => Promise<boolean>;

/** A handler that fails with the given error on its first calls, and counts. */
function failing(
  makeError: () => Error,
  times: number,
): Handler & { readonly reached: () => number } {
  let reached = 0;
  const handler: Handler = (input) => {
    reached += 1;
    return reached <= times ? Promise.reject(makeError()) : noop(input, { signal: neverAborted });
  };
  return Object.assign(handler, { reached: () => reached });
}

const neverAborted = new AbortController().signal;
const serverError = (): Error => new ServerError("503");

/** Whether the promise fails within the time in which every time limit of the checks is over. */
async function fails(promise: Promise<unknown>): Promise<boolean> {
  const settled = new AbortController();
  const late = systemClock.sleep(patienceMs, settled.signal).then(
    () => false,
    () => true,
  );
  const failed = promise.then(
    () => false,
    () => true,
  );
  try {
    return await Promise.race([failed, late]);
  } finally {
    settled.abort();
  }
}

const hang: Handler = () => new Promise<Ask>(() => undefined);

async function countSeen(trial: Trial, count: (chain: Chain) => Promise<number> | number) {
  return trial(noop, async (chain) => {
    const before = await count(chain);
    await chain.call(ask);
    return (await count(chain)) - before === 1;
  });
}

const checks: Readonly<Partial<Record<Feature, Check>>> = {
  retry: async (trial) => {
    const flaky = failing(serverError, 1);
    const refusing = failing(() => new ClientError("404"), 1);
    await trial(flaky, (chain) => chain.call(ask));
    const refused = await trial(refusing, (chain) => fails(chain.call(ask)));
    return flaky.reached() === 2 && refused && refusing.reached() === 1;
  },
  timeout: (trial) => trial(hang, (chain) => fails(chain.call(ask))),
  totalTime: (trial) => {
    const settings = { ...hastySettings, attemptMs: 2 * patienceMs, totalMs: 20 };
    return trial(hang, (chain) => fails(chain.call(ask)), settings);
  },
  cancel: async (trial) => {
    const signals: AbortSignal[] = [];
    const listening: Handler = (input, attempt) => {
      signals.push(attempt.signal);
      return hang(input, attempt);
    };
    await trial(listening, (chain) => fails(chain.call(ask)));
    return signals.length > 0 && signals.every((signal) => signal.aborted);
  },
  breaker: async (trial) => {
    const down = failing(serverError, Number.POSITIVE_INFINITY);
    return trial(down, async (chain) => {
      for (let call = 0; call < 20; call += 1) await fails(chain.call(ask));
      const reached = down.reached();
      return (await fails(chain.call(ask))) && down.reached() === reached && reached < 20;
    });
  },
  bulkhead: async (trial) => {
    let inside = 0;
    const crowded: Handler = (input, attempt) => {
      inside += 1;
      return hang(input, attempt);
    };
    return trial(crowded, async (chain) => {
      const limit = hastySettings.maxConcurrent;
      const calls = Array.from({ length: limit + 1 }, () => fails(chain.call(ask)));
      await systemClock.sleep(1);
      const atOnce = inside;
      await Promise.all(calls);
      return atOnce === limit;
    });
  },
  policy: async (trial) => {
    const reached = failing(serverError, 0);
    const input = { ...ask, host: forbiddenHost };
    return trial(
      reached,
      async (chain) => (await fails(chain.call(input))) && reached.reached() === 0,
    );
  },
  budget: (trial) => countSeen(trial, (chain) => chain.seen?.budgetCalls() ?? 0),
  audit: (trial) => countSeen(trial, async (chain) => (await chain.seen?.records()) ?? 0),
  guard: async (trial) => {
    let state = "not asked";
    const asking: Handler = (input, attempt) => {
      state = egressGuardState();
      return noop(input, attempt);
    };
    await trial(asking, (chain) => chain.call(ask));
    return state === "on";
  },
  key: (trial) => countSeen(trial, (chain) => chain.seen?.keys() ?? 0),
};

/**
 * Uses every feature that a contender claims and a check knows, so that no chain is timed that
 * does less than it says.
 * @throws Agent33Error `bench.unfair` for the first claim that does not hold
 */
export async function checkContender(contender: Contender): Promise<void> {
  const trial: Trial = async (handler, use, settings = hastySettings) => {
    const chain = contender.build(handler, settings);
    try {
      return await use(chain);
    } finally {
      chain.close?.();
    }
  };
  if ((await trial(noop, (chain) => chain.call(ask))) !== ask) {
    throw unfair(contender, "does not hand over the handler's answer");
  }
  for (const feature of contender.does) {
    const check = checks[feature];
    if (check === undefined) continue;
    const what = `does not do "${feature}" as it claims`;
    const holds = await check(trial).catch((cause: unknown) => {
      throw unfair(contender, what, cause);
    });
    if (!holds) throw unfair(contender, what);
  }
}

function unfair(contender: Contender, what: string, cause?: unknown): Agent33Error {
  return new Agent33Error("bench.unfair", `${contender.name} ${what}.`, {
    hint: "Correct how it is built, or take the claim away: its figures would mislead.",
    ...(cause === undefined ? {} : { cause }),
  });
}
