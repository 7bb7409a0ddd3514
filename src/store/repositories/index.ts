import {
  type AsyncFace,
  faceOf,
  type Program,
  type Repository,
  type SyncFace,
} from "../program.ts";
import { alertNoticesRepository } from "./alert-notices.ts";
import { alertSilencesRepository } from "./alert-silences.ts";
import { alertsRepository } from "./alerts.ts";
import { apiKeysRepository } from "./api-keys.ts";
import { approvalsRepository } from "./approvals.ts";
import { auditChainRepository } from "./audit-chain.ts";
import { auditRepository } from "./audit.ts";
import { breakersRepository } from "./breakers.ts";
import { budgetsRepository } from "./budgets.ts";
import { checklistsRepository } from "./checklists.ts";
import { checkTenant, type RepositoryContext } from "./context.ts";
import { idempotencyRepository } from "./idempotency.ts";
import { intakesRepository } from "./intakes.ts";
import { limitUsesRepository } from "./limit-uses.ts";
import { learnedRunsRepository } from "./learned-runs.ts";
import { learningOverviewRepository } from "./learning-overview.ts";
import { lessonsRepository } from "./lessons.ts";
import { metricsRepository } from "./metrics.ts";
import { refreshesRepository } from "./refreshes.ts";
import { routedRunsRepository } from "./routed-runs.ts";
import { runLogRepository } from "./run-log.ts";
import { runsRepository } from "./runs.ts";
import { signalCountsRepository } from "./signal-counts.ts";
import { signalsRepository } from "./signals.ts";

/** Everything that is kept for one tenant. There is no repository that is not for one. */
export function createRepositories(context: RepositoryContext) {
  return {
    runs: runsRepository(context),
    runLog: runLogRepository(context),
    routedRuns: routedRunsRepository(context),
    audit: auditRepository(context),
    auditChain: auditChainRepository(context),
    approvals: approvalsRepository(context),
    idempotency: idempotencyRepository(context),
    budgets: budgetsRepository(context),
    breakers: breakersRepository(context),
    limitUses: limitUsesRepository(context),
    signals: signalsRepository(context),
    signalCounts: signalCountsRepository(context),
    learnedRuns: learnedRunsRepository(context),
    intakes: intakesRepository(context),
    lessons: lessonsRepository(context),
    checklists: checklistsRepository(context),
    metrics: metricsRepository(context),
    refreshes: refreshesRepository(context),
    learningOverview: learningOverviewRepository(context),
    apiKeys: apiKeysRepository(context),
    alerts: alertsRepository(context),
    alertNotices: alertNoticesRepository(context),
    alertSilences: alertSilencesRepository(context),
  };
}

export type Repositories = ReturnType<typeof createRepositories>;

/** One tenant's rows, over promises: what every backend has. */
export type TenantStore = { readonly [K in keyof Repositories]: AsyncFace<Repositories[K]> };

/** One tenant's rows, where each function has committed when it returns: SQLite only. */
export type SyncTenantStore = { readonly [K in keyof Repositories]: SyncFace<Repositories[K]> };

type Run<R> = (kind: "read" | "write", make: () => Program<unknown>) => R;

function facesOf(context: RepositoryContext, run: Run<unknown>): unknown {
  checkTenant(context.tenant);
  const repositories: Readonly<Record<string, Repository>> = createRepositories(context);
  const faces = Object.entries(repositories).map(([name, one]) => [name, faceOf(one, run)]);
  return Object.fromEntries(faces);
}

/**
 * The repositories of one tenant, each function run by `run`.
 * @throws Agent33Error `store.bad_tenant`
 */
export function asyncRepositories(
  context: RepositoryContext,
  run: Run<Promise<unknown>>,
): TenantStore {
  return facesOf(context, run) as TenantStore;
}

/** The same where `run` answers at once. @throws Agent33Error `store.bad_tenant` */
export function syncRepositories(context: RepositoryContext, run: Run<unknown>): SyncTenantStore {
  return facesOf(context, run) as SyncTenantStore;
}
