import { resolve } from "node:path";
import { agentRun, approvalTopic } from "./agents/loop.ts";
import { createRedactor, type Redactor } from "./base/redact.ts";
import { type Boundary, createBoundary } from "./boundary/boundary.ts";
import { createBudgetLedger } from "./boundary/budget.ts";
import { createEgress } from "./boundary/egress/fetch.ts";
import type { TenantRecords } from "./boundary/ports.ts";
import type { CallRecord } from "./boundary/types.ts";
import type { Config } from "./config/config.ts";
import { passwordsIn, providerKeys } from "./config/secrets.ts";
import { createSqliteDurable } from "./durable/sqlite.ts";
import type { RunEvent } from "./events/event.ts";
import type { Host } from "./engine/host.ts";
import { type DoctorFinding, examine } from "./engine/doctor.ts";
import { ownerGone, ownerName } from "./engine/owner.ts";
import { createApprovalWebhook } from "./engine/approval-webhook.ts";
import { createLiveText } from "./engine/live-text.ts";
import { compileSelection } from "./engine/policy.ts";
import { applyEgressGuard, openGranted } from "./engine/grants.ts";
import { createLearning, type Learning } from "./engine/learning.ts";
import { openModel } from "./engine/model-source.ts";
import type { RunSpec } from "./engine/run-spec.ts";
import { agentPorts, createRuns, type LiveRuns, type Runs } from "./engine/runs.ts";
import { createProcesses, type Processes } from "./sandbox/process.ts";
import { type EngineStore, storeOf } from "./engine/tenant-store.ts";
import { needsUpgrade, upgradeConfigured, type UpgradeReport } from "./engine/store-upgrade.ts";
import type { SyncTenantStore } from "./store/repositories/index.ts";
import { openStore } from "./store/store.ts";

/** The engine: everything wired, nothing running yet. */
export interface Engine {
  readonly runs: Runs;
  /** The rows of the settings' tenant. */
  readonly store: EngineStore;
  readonly learning: Learning;
  readonly boundary: Boundary;
  readonly processes: Processes;
  /** Answers a question and tells the run that waits for it. */
  decideApproval(
    prefix: string,
    decision: "approved" | "denied",
  ): Promise<{ readonly id: string; readonly runId: string | null }>;
  readonly dataDir: string;
  /** Ends children, connections and the store. The engine cannot be used afterwards. */
  close(): Promise<void>;
}

const busyWords = {
  waiting: "another process holds the store; writers wait",
  "gone on": "writers go on",
  "given up": "writers gave up",
} as const;

/** Variables and flags whose values are secrets, by their names. */
const secretName = /key|token|secret|passw|credential/i;

/**
 * The one place where parts are joined.
 * @throws Agent33Error `store.*` when the data folder cannot be used, `policy.*` for bad packs
 */
export function createEngine(config: Config, host: Host): Engine {
  const { settings } = config;
  const { clock, random, ids } = host;
  const policy = compileSelection(settings.policy, host.cwd);
  const keys = providerKeys(host.env);
  const redactor = createRedactor();
  for (const { variable, value } of keys)
    if (value !== undefined) redactor.register(variable, value);
  for (const server of Object.values(settings.mcpServers)) {
    for (const [name, value] of Object.entries(server.env)) {
      if (secretName.test(name)) redactor.register(name, value);
    }
  }

  const { store: shared } = settings.learning;
  const password = host.env["PGPASSWORD"] ?? "";
  if (password !== "") redactor.register("PGPASSWORD", password);
  if (shared !== undefined) {
    for (const password of passwordsIn(shared)) redactor.register("learning.store", password);
  }

  applyEgressGuard(settings);

  const { webhook } = settings.approvals;
  if (webhook !== undefined) {
    redactor.register(webhook.secretVariable, host.env[webhook.secretVariable] ?? "");
  }
  const principal = { tenant: settings.tenant, user: settings.user };
  const told =
    webhook === undefined
      ? undefined
      : createApprovalWebhook({
          ...webhook,
          host,
          principal,
          boundary: () => boundary,
          decide: async (question, decision, by) =>
            decide(opened.tenant(question.tenant), question, decision, by),
        });

  const dataDir = resolve(host.cwd, settings.data);
  const opened = openStore({
    dataDir,
    clock,
    ids,
    synchronous: settings.store.synchronous,
    onBusy: ({ waitedMs, waiting, state }) =>
      host.warn(`store.busy: ${busyWords[state]} after ${waitedMs} ms (${waiting} writers).`),
  });
  const store = storeOf(opened, settings.tenant);
  const egress = createEgress({ clock });
  const processes = createProcesses(clock);
  const budgets = createBudgetLedger(clock);
  const learning = createLearning({
    settings: settings.learning,
    tenant: settings.tenant,
    host,
    store,
    redactor,
    openShared: (url) => openGranted({ url, clock, ids, random }),
  });
  const records = new Map<string, TenantRecords>();
  const recordsOf = (
    tenant: string,
    { approvals, audit, idempotency }: SyncTenantStore,
  ): TenantRecords => ({
    approvals: {
      ...approvals,
      request: (asked) => {
        const question = { ...asked, summary: redactor.text(asked.summary) };
        const { id, state } = approvals.request(question);
        if (state === "pending") told?.tell({ ...question, id, tenant });
        return { id, state };
      },
    },
    idempotency,
    audit: {
      open: (record) => audit.open(hideError(record, redactor)),
      close: (record) => audit.close(hideError(record, redactor)),
    },
  });
  const boundary = createBoundary({
    clock,
    random,
    ids,
    policy,
    budgets,
    records: (tenant) => {
      const known = records.get(tenant) ?? recordsOf(tenant, opened.tenant(tenant));
      records.set(tenant, known);
      return known;
    },
    approvalTtlMs: settings.approvals.ttlMinutes * 60_000,
    onBreakerOpen: learning.observeBreaker,
    hands: { fetch: egress.fetch, spawn: processes.spawn },
  });

  const live: LiveRuns = { sessions: new Map(), watchers: new Map() };
  const workflow = agentRun(agentPorts(store, host, live, redactor));
  const durable = createSqliteDurable({
    transactions: store.transactions,
    clock,
    owner: ownerName(host),
    ownerGone,
    workflows: [workflow],
  });
  const modelFor = (spec: Pick<RunSpec, "model" | "baseUrl">) =>
    openModel(
      {
        spec: spec.model,
        baseUrl: spec.baseUrl ?? undefined,
        acceptsEffort: settings.acceptsEffort,
        cwd: host.cwd,
      },
      {
        key: (provider) => keys.find((key) => key.provider === provider)?.value,
        log: async (prefix) => store.runLog.read(store.runs.find(prefix).id),
      },
    );
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
  const runs = createRuns(
    {
      host,
      config,
      store,
      durable,
      workflow,
      budgets,
      dataDir,
      redactor,
      policy: () => `${policy.packs.join("+")}@${policy.version.slice(0, 8)}`,
      checkModel: async (spec) => {
        await modelFor(spec);
      },
      session: {
        host,
        settings,
        dataDir,
        boundary,
        processes,
        model: modelFor,
        redactor,
        live: (runId, event) => {
          const told = { ...event, runId, at: clock.now() };
          if (told.type === "tool.progress") {
            tell(runId, { ...told, message: redactor.text(told.message) });
          } else liveText.add(told);
        },
      },
    },
    live,
  );

  const decide = (
    { approvals }: SyncTenantStore,
    { id, runId }: { readonly id: string; readonly runId?: string | null },
    decision: "approved" | "denied",
    by: string,
  ): void =>
    store.transactions.transaction(() => {
      approvals.decide(id, decision, by, clock.now());
      if (runId !== undefined && runId !== null) {
        durable.send(runId, approvalTopic(id), { decision }, `${id}:${decision}`);
      }
    });

  return {
    runs,
    dataDir,
    store,
    learning,
    boundary,
    processes,
    decideApproval: async (prefix, decision) => {
      const question = store.approvals.find(prefix);
      decide(store, question, decision, settings.user);
      return { id: question.id, runId: question.runId };
    },
    close: async () => {
      await durable.close();
      await told?.close();
      await processes.killAll();
      await egress.close();
      await learning.close();
      await store.backend.close();
    },
  };
}

/**
 * Opens the engine over a store that may be of an earlier AGENT-33: it is brought up to date first,
 * after a verified backup.
 * @param onUpgrade told what was done, where anything was
 * @throws Agent33Error as {@link createEngine}, and `store.*`
 */
export async function openEngine(
  config: Config,
  host: Host,
  onUpgrade?: (report: UpgradeReport) => void,
): Promise<Engine> {
  if (needsUpgrade(config, host)) onUpgrade?.(await upgradeConfigured(config, host));
  return createEngine(config, host);
}

/** An audit record whose error says no secrets; all else in it is facts and digests. */
function hideError(record: CallRecord, redactor: Redactor): CallRecord {
  return record.error === undefined ? record : { ...record, error: redactor.value(record.error) };
}

/** What works on this machine; an engine that cannot be opened is one of the findings. */
export function examineMachine(
  config: Config,
  host: Host,
  open: () => Engine,
): Promise<readonly DoctorFinding[]> {
  return examine(config, host, () => {
    const engine = open();
    return { parts: engine, close: engine.close };
  });
}

export { explainPolicy, type PolicyQuestion } from "./engine/policy.ts";
export {
  copyPlaces,
  type CopyReport,
  exportPlace,
  type ExportReport,
  moveIn,
  type MoveInReport,
  type StoreStatus,
  storeStatus,
} from "./engine/store-admin.ts";
export { upgradeConfigured, type UpgradeReport } from "./engine/store-upgrade.ts";
export { applyEgressGuard } from "./engine/grants.ts";
export { thisHost } from "./engine/host.ts";
export { installEgressGuard } from "./boundary/egress/guard.ts";
export type { Boundary } from "./boundary/boundary.ts";
export { BoundaryError, isBoundaryError } from "./boundary/errors.ts";
export type {
  CallContext,
  CallFacts,
  CallOptions,
  CallOutcome,
  CallRecord,
  Connector,
  ConnectorSpec,
} from "./boundary/types.ts";
