import { agentRun } from "./agents/loop.ts";
import { replayRun } from "./agents/replay/workflow.ts";
import { toAgent33Error } from "./base/errors.ts";
import { createBoundary } from "./boundary/boundary.ts";
import { createBudgetLedger } from "./boundary/budget.ts";
import { createEgress } from "./boundary/egress/fetch.ts";
import type { TenantRecords } from "./boundary/ports.ts";
import type { Config } from "./config/config.ts";
import { lockPath } from "./config/lock.ts";
import type { EntryPoint } from "./config/schema.ts";
import { providerKeys } from "./config/secrets.ts";
import { createSqliteDurable } from "./durable/sqlite.ts";
import type { RunEvent } from "./events/event.ts";
import { closeAll } from "./engine/close-all.ts";
import { agentPlaces } from "./engine/agents.ts";
import type { Engine } from "./engine/engine.ts";
import type { Host } from "./engine/host.ts";
import { createAudit } from "./engine/audit.ts";
import { ownerGone, ownerName } from "./engine/owner.ts";
import { createApprovals } from "./engine/approvals.ts";
import { createConfinements } from "./engine/confined-servers.ts";
import { configuredConnectors } from "./engine/connectors.ts";
import { openEmbedding } from "./engine/embeddings.ts";
import { createEscalation } from "./engine/escalation.ts";
import { explainRoute } from "./engine/explain-route.ts";
import { jobsOnDemand } from "./engine/jobs-on-demand.ts";
import { createInventory } from "./engine/inventory.ts";
import { createBudgetNews } from "./engine/budget-news.ts";
import { openStanding } from "./engine/budgets.ts";
import { lineageOfCall, lineageOfRun } from "./engine/lineage.ts";
import { createLiveText } from "./engine/live-text.ts";
import { createPolicies } from "./engine/policies.ts";
import { applyEgressGuard } from "./engine/grants.ts";
import { createLearning } from "./engine/learning.ts";
import { createMcpAdmin } from "./engine/mcp-admin.ts";
import { createModels } from "./engine/models.ts";
import { createWatching } from "./engine/watching.ts";
import { createSkillMatching } from "./engine/skill-matching.ts";
import { modelOpeners } from "./engine/model-source.ts";
import { type ConfiguredStore, openConfigured, openTeamStore } from "./engine/open-store.ts";
import type { ReplayParts } from "./engine/create-replay.ts";
import { isTrialRun } from "./engine/run-spec.ts";
import { trialAgents } from "./engine/trial-agent.ts";
import { recordedRuns } from "./engine/recorded-runs.ts";
import { untoldRecoveries } from "./engine/recovery-news.ts";
import { runHosting } from "./engine/run-hosting.ts";
import type { LiveRuns } from "./engine/live-runs.ts";
import { agentPorts, createRuns } from "./engine/runs.ts";
import { withStoredSecrets } from "./engine/secrets/stored.ts";
import { secretRedactor } from "./engine/redactor.ts";
import { createProcesses } from "./sandbox/process.ts";
import { skillPaths } from "./engine/skills.ts";
import { storeOf } from "./engine/tenant-store.ts";
import { openUpToDate } from "./engine/open-up-to-date.ts";
import type { UpgradeReport } from "./engine/store-upgrade.ts";

/**
 * The one place where parts are joined.
 * @param configured the settings' store, where it is open already; the engine closes it
 * @param entryPoint whose policy holds for calls outside of runs
 * @throws Agent33Error `store.*` when the data folder cannot be used, `policy.*` for bad packs
 */
export function createEngine(
  config: Config,
  machine: Host,
  configured?: ConfiguredStore,
  entryPoint: EntryPoint = "cli",
): Engine {
  const { settings } = config;
  const stored = withStoredSecrets(config, machine);
  const redactor = secretRedactor(settings, stored.host.env);
  stored.conceal(redactor);
  const host: Host = { ...stored.host, warn: (message) => machine.warn(redactor.text(message)) };
  const { clock, random, ids } = host;
  const policies = createPolicies({
    config,
    host,
    onSwap: () => boundary.swapPolicy(ownPolicy()),
  });
  /** For calls of the engine itself. */
  const ownPolicy = () =>
    policies.policyFor(policies.selection(), { entryPoint, tenant: settings.tenant });
  const keys = () => providerKeys(host.env);
  applyEgressGuard(settings);

  const {
    dataDir,
    store: opened,
    backups,
    checks,
  } = configured ?? openConfigured(config, host, (found) => learning.observeDamage(found));
  const approvals = createApprovals({
    config,
    host,
    dataDir,
    redactor,
    storeOf: (tenant) => opened.tenant(tenant),
    audit: () => audit,
    boundary: () => boundary,
    transaction: (work) => store.transactions.transaction(work),
    send: (...message) => durable.send(...message),
  });
  const store = storeOf(opened, settings.tenant);
  const egress = createEgress({ clock });
  const processes = createProcesses(clock);
  const confinements = createConfinements({
    settings,
    host,
    processes,
    hidden: () => [
      dataDir,
      lockPath(config, host.cwd),
      ...policies.places(),
      ...agentPlaces(config, host.cwd),
      ...skillPaths(settings, host),
    ],
  });
  const owner = ownerName(host);
  const live: LiveRuns = { sessions: new Map(), watchers: new Map(), environments: new Map() };
  const budgetNews = createBudgetNews({
    host,
    live,
    transactions: store.transactions,
    keysOf: (tenant) => opened.tenant(tenant).idempotency,
    runLog: store.runLog,
  });
  const budgets = createBudgetLedger(clock, budgetNews.ofRun);
  const standing = openStanding(settings, clock, opened, budgetNews.standing);
  const learning = createLearning({
    settings: settings.learning,
    tenant: settings.tenant,
    host,
    store,
    redactor,
    openShared: (url) => openTeamStore(url, host),
  });
  const audit = createAudit({ opened, tenant: settings.tenant, dataDir, host, redactor });
  const records = new Map<string, TenantRecords>();
  const recordsOf = (tenant: string): TenantRecords => {
    const { idempotency, limitUses } = opened.tenant(tenant);
    const asked = approvals.storeOf(tenant);
    return { approvals: asked, idempotency, limitUses, audit: audit.sink(tenant) };
  };
  const approvalTtlMs = settings.approvals.ttlMinutes * 60_000;
  const boundary = createBoundary({
    clock,
    random,
    ids,
    policy: ownPolicy(),
    budgets,
    standing,
    records: (tenant) => {
      const known = records.get(tenant) ?? recordsOf(tenant);
      records.set(tenant, known);
      return known;
    },
    approvalTtlMs,
    onBreakerOpen: learning.observeBreaker,
    breakerStore: store.breakers,
    onBreakerTrouble: (error) =>
      host.warn(`breakers: ${toAgent33Error(error).message} Calls go on; it is tried again.`),
    hands: { fetch: egress.fetch, connect: egress.connect, spawn: processes.spawn },
  });

  const connectors = configuredConnectors(settings, host, redactor);
  const openers = modelOpeners({
    settings,
    cwd: host.cwd,
    key: (provider) => keys().find((key) => key.provider === provider)?.value,
    log: async (prefix) => store.runLog.read(store.runs.find(prefix).id),
  });
  const tell = (runId: string, event: RunEvent): void => {
    for (const watcher of live.watchers.get(runId) ?? []) watcher(event);
  };
  const liveText = createLiveText(redactor, (event) => tell(event.runId, event));
  store.onAppend((events) => {
    for (const { type, runId } of events) {
      if (type === "turn.completed" || type === "turn.failed") liveText.flush(runId);
      if (type === "run.finished" || type === "run.parked") learning.observeRun(runId);
    }
  });
  const escalation = createEscalation({
    store,
    host,
    dataDir,
    redactor,
    policies,
    standing,
    start: (runId, horizon, leaveMs) =>
      durable.start(workflow, runId, { horizon, approvalTtlMs }, { leaveMs }),
  });
  const embedding = () => openEmbedding({ settings, host, boundary, keys });
  const ports = agentPorts(store, host, live, redactor, budgets, escalation);
  const hosting = runHosting({
    store,
    host,
    redactor,
    budgets,
    approvalTtlMs,
    live,
    durable: { sent: (...topic) => durable.sent(...topic) },
    session: {
      host,
      settings,
      dataDir,
      lockFile: lockPath(config, host.cwd),
      boundary,
      policies,
      processes,
      environments: live.environments,
      get connectors() {
        return connectors();
      },
      confinements,
      ...openers,
      redactor,
      embedding: settings.embeddings.model === undefined ? undefined : embedding,
      personFor: approvals.personFor,
      approvalsOf: (tenant) => opened.tenant(tenant).approvals,
      read: ports.log.read,
      live: (runId, event) => {
        const told = { ...event, runId, at: clock.now() };
        if (told.type === "tool.progress") {
          tell(runId, { ...told, message: redactor.text(told.message) });
        } else liveText.add(told);
      },
    },
  });
  const workflow = { ...agentRun(ports), ...hosting };
  const replayWorkflow = { ...replayRun(ports), ...hosting };
  const durable = createSqliteDurable({
    transactions: store.transactions,
    clock,
    owner,
    ownerGone,
    workflows: [workflow, replayWorkflow],
    // Other tenants of the store have workers of their own, and a trial's run only its trial.
    isOurs: (runId) => {
      const run = store.runs.get(runId);
      return run !== undefined && !isTrialRun(run.spec);
    },
    log: (message, thrown) => {
      const error = toAgent33Error(thrown);
      host.warn(`runs: ${message}: ${error.code}: ${error.message}`);
    },
  });
  const creating: ReplayParts = {
    host,
    config,
    store,
    durable,
    workflow,
    replayWorkflow,
    dataDir,
    redactor,
    policies,
    checkModel: async (spec) => {
      const { info } = await openers.model(spec);
      await openers.fallbacks(spec);
      return info;
    },
  };
  const runs = recordedRuns(createRuns(creating, live), audit, () => telemetry.check());
  const trialAgent = trialAgents({ ...creating, owner, ownerGone, runs, live });

  const inventory = createInventory({
    settings,
    host,
    dataDir,
    redactor,
    boundary,
    processes,
    connectors,
    confinements,
    embedding,
    model: openers.model,
    policy: ownPolicy,
    audit: store.audit,
  });

  const mcp = createMcpAdmin({
    config,
    host,
    boundary,
    policy: ownPolicy,
    confinements,
    dataDir,
    redactor,
  });
  const { telemetry, alerts, metrics, retention } = createWatching({
    settings,
    opened,
    dataDir,
    host,
    audit,
    connectors,
    boundary: () => boundary,
    principal: { tenant: settings.tenant, user: settings.user },
  });
  policies.follow();
  for (const report of untoldRecoveries(dataDir)) learning.observeRecovery(report);

  return {
    mcp,
    reloadPolicy: policies.reload,
    runs,
    trialAgent,
    conceal: redactor.registered,
    keepsOut: redactor.register,
    dataDir,
    store,
    learning,
    audit,
    lineage: {
      ofCall: (prefix) => lineageOfCall(prefix, { store, learning }),
      ofRun: (prefix) => lineageOfRun(prefix, { store, learning }),
    },
    boundary,
    metrics,
    alerts,
    telemetry,
    retention,
    inventory,
    models: createModels({
      settings,
      host,
      boundary,
      policy: ownPolicy,
      redactor,
      keys,
      model: openers.model,
    }),
    skills: createSkillMatching({
      config,
      host,
      boundary,
      dataDir,
      policy: ownPolicy,
      model: openers.model,
      embedding: settings.embeddings.model === undefined ? undefined : embedding,
    }),
    processes,
    jobs: jobsOnDemand({ host, processes, dataDir, trialAgent, recordTrial: learning.recordTrial }),
    explainRoute: (request) =>
      explainRoute(request, { host, config, store, openModel: openers.model }),
    onBudget: budgetNews.listen,
    rememberApproval: approvals.remember,
    decideApproval: async (...decision) => approvals.decide(...decision),
    answerQuestion: async (...answer) => approvals.answer(...answer),
    close: () =>
      closeAll([
        () => backups.close(),
        () => checks.close(),
        () => retention.schedule.close(),
        () => policies.close(),
        () => alerts.close(),
        () => boundary.close(),
        // Before the runs that wait for its answers are let go.
        () => approvals.close(),
        () => durable.close(),
        // The last of what happened is handed over while there are still calls.
        () => telemetry.close(),
        () => processes.killAll(),
        () => egress.close(),
        () => learning.close(),
        () => metrics.close(),
        () => standing?.close(),
        () => audit.close(),
        () => store.backend.close(),
      ]),
  };
}

/**
 * Opens the engine over a store that may be of an earlier AGENT-33: it is brought up to date first,
 * after a verified backup. One that is damaged is recovered first, where the settings say so.
 * @param onUpgrade told what was done, where anything was
 * @throws Agent33Error as {@link createEngine}, and `store.*`
 */
export function openEngine(
  config: Config,
  host: Host,
  onUpgrade?: (report: UpgradeReport) => void,
): Promise<Engine> {
  return openUpToDate(config, host, () => createEngine(config, host), onUpgrade);
}

export type { Engine } from "./engine/engine.ts";
export * from "./engine/face.ts";
