import { messageOf } from "../base/errors.ts";
import type { StandingReached } from "../boundary/standing-budgets.ts";
import type { BudgetReached } from "../boundary/thresholds.ts";
import type { EventOf, NewEvent, StoredEvent } from "../events/event.ts";
import type { TransactionRunner } from "../durable/ports.ts";
import type { SyncTenantStore } from "../store/repositories/index.ts";
import type { Host } from "./host.ts";
import type { LiveRuns } from "./live-runs.ts";

type News = Pick<EventOf<"budget.reached">, "budget" | "limit" | "percent" | "used" | "allowed">;

/** Told that a budget has come to a share of a limit, with the run whose call it was. */
export type BudgetListener = (news: News & { readonly runId: string | undefined }) => void;

export interface BudgetNewsParts {
  readonly host: Pick<Host, "clock" | "warn">;
  readonly live: Pick<LiveRuns, "sessions">;
  readonly transactions: TransactionRunner;
  /** The keys of a tenant: what is told once over all processes has one. */
  readonly keysOf: (tenant: string) => Pick<SyncTenantStore["idempotency"], "reserve">;
  readonly runLog: Pick<SyncTenantStore["runLog"], "append" | "read">;
}

/** Tells of budgets as they fill: in the log of the run whose call it was, and to who listens. */
export interface BudgetNews {
  readonly standing: (reached: StandingReached) => void;
  readonly ofRun: (reached: BudgetReached) => void;
  /** Returns what ends it. */
  listen(listener: BudgetListener): () => void;
}

export function createBudgetNews(parts: BudgetNewsParts): BudgetNews {
  const { host, live, transactions, keysOf, runLog } = parts;
  const listeners = new Set<BudgetListener>();

  /** @param first whether nobody was told yet; asked in the transaction that writes it down */
  const tell = (
    news: News,
    runId: string | undefined,
    agentPath: string | undefined,
    first: () => boolean,
  ): void => {
    const run = runId === undefined ? undefined : live.sessions.get(runId);
    const event: NewEvent = {
      type: "budget.reached",
      ...news,
      ...(agentPath === undefined ? {} : { agentPath }),
    };
    const write = (): boolean => {
      if (!first()) return false;
      if (run !== undefined && runId !== undefined) runLog.append(runId, [event]);
      return true;
    };
    try {
      const isNew = run === undefined ? transactions.transaction(write) : run.write(write);
      if (!isNew) return;
      // Who watches the run reads it there.
      if (run === undefined) host.warn(words(news));
      for (const listener of listeners) listener({ ...news, runId });
    } catch (error) {
      // What a call has come to does not hang on the news of it; it is told with the next call.
      host.warn(`${words(news)} This could not be written down: ${messageOf(error)}`);
    }
  };

  return {
    standing: ({ tenant, runId, ...news }) => {
      const key = `budget:${news.budget}:${news.limit}:${news.percent}`;
      tell(news, runId, undefined, () => {
        return keysOf(tenant).reserve(key, runId, host.clock.now()) === "fresh";
      });
    },
    ofRun: ({ budget, ...reached }) => {
      const [, runId = "", agentPath] = /^run:([^/]+)(?:\/(.+))?$/.exec(budget) ?? [];
      // The part for work is no budget of its own to anybody.
      if (runId === "" || budget.endsWith("/work")) return;
      const news = { budget: "run", ...reached };
      tell(news, runId, agentPath, () => !runLog.read(runId).some(isAlike(news, agentPath)));
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Whether an event tells the same of the same agent's limits: a run that is taken up tells it once. */
function isAlike(news: News, agentPath: string | undefined): (event: StoredEvent) => boolean {
  return (event) => {
    if (event.type !== "budget.reached") return false;
    const { budget, limit, percent } = event;
    const isSame = budget === news.budget && limit === news.limit && percent === news.percent;
    return isSame && event.agentPath === agentPath;
  };
}

function words({ budget, limit, percent, used, allowed }: News): string {
  return `budget ${budget} is at ${percent} %: ${limit} ${Math.round(used)} of ${allowed}.`;
}
