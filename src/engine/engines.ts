import type { Config } from "../config/config.ts";
import { createEngine, type Engine } from "../engine.ts";
import { type Program, rows } from "../store/program.ts";
import { closeAll } from "./close-all.ts";
import type { Host } from "./host.ts";
import { type ConfiguredStore, openConfigured } from "./open-store.ts";
import type { ServedJobs } from "./served-jobs.ts";
import { createOperations, type Operations } from "./operations.ts";
import { openUpToDate } from "./open-up-to-date.ts";
import type { UpgradeReport } from "./store-upgrade.ts";

/**
 * One engine for each tenant, over one store. What an engine gives back is its tenant's alone, so
 * that whoever serves several tenants chooses once for each request and cannot forget it later.
 */
export interface Engines {
  /** That of the settings' tenant, which the installation belongs to. */
  readonly own: Engine;
  /** That of a tenant, made when it is first asked for. @throws Agent33Error `store.bad_tenant` */
  of(tenant: string): Engine;
  /** Those that have been asked for so far, the settings' own first. */
  all(): readonly Engine[];
  /** Tells of each engine, those that are there already too. */
  onEngine(listener: (engine: Engine) => void): void;
  /** Tenants that have runs which have not ended. */
  unfinished(): Promise<readonly string[]>;
  /** Long work that requests began. */
  readonly operations: Operations;
  /** Jobs of trials, of the settings' tenant; their program is loaded when it is first asked for. */
  jobs(): Promise<ServedJobs>;
  /** Closes all of them, and the store. @throws the first failure, after everything else */
  close(): Promise<void>;
}

/**
 * Opens the settings' store for many tenants.
 * @param onUpgrade as for `openEngine`
 * @throws Agent33Error as `openEngine`
 */
export async function openEngines(
  config: Config,
  host: Host,
  onUpgrade?: (report: UpgradeReport) => void,
): Promise<Engines> {
  const open = () => {
    const configured = openConfigured(config, host, (found) => first.learning.observeDamage(found));
    const first: Engine = createEngine(config, host, configured, "api");
    return { configured, own: first };
  };
  const { configured, own } = await openUpToDate(config, host, open, onUpgrade);
  const engines = new Map<string, Engine>([[config.settings.tenant, own]]);
  const listeners: ((engine: Engine) => void)[] = [];
  const operations = createOperations(host);
  let loading: Promise<ServedJobs> | undefined;
  const jobs = (): Promise<ServedJobs> =>
    (loading ??= import("./served-jobs.ts").then((room) =>
      room.createServedJobs(config, host, own),
    ));
  return {
    own,
    operations,
    jobs,
    of: (tenant) => {
      const known = engines.get(tenant);
      if (known !== undefined) return known;
      const made = createEngine(configFor(tenant, config), host, lent(configured), "api");
      engines.set(tenant, made);
      for (const listener of listeners) listener(made);
      return made;
    },
    all: () => [...engines.values()],
    onEngine: (listener) => {
      listeners.push(listener);
      for (const engine of engines.values()) listener(engine);
    },
    unfinished: () => configured.store.backend.tables.read(unfinishedTenants),
    close: () => {
      const others = [...engines.values()].filter((engine) => engine !== own);
      const engineEnds = [...others, own].map((engine) => () => engine.close());
      return closeAll([
        () => operations.close(),
        async () => (await loading)?.close(),
        ...engineEnds,
      ]);
    },
  };
}

/** The settings as a tenant has them. */
function configFor(tenant: string, config: Config): Config {
  return {
    ...config,
    settings: { ...config.settings, tenant },
    reload: () => configFor(tenant, config.reload()),
  };
}

/** A store that others close, with backups and checks that others make. */
function lent({ dataDir, store }: ConfiguredStore): ConfiguredStore {
  const nothing = async (): Promise<void> => undefined;
  const othersDo = { look: nothing, close: nothing };
  const backend = { ...store.backend, close: nothing };
  return { dataDir, store: { ...store, backend }, backups: othersDo, checks: othersDo };
}

function* unfinishedTenants(): Program<readonly string[]> {
  const found = yield* rows(
    `SELECT DISTINCT tenant FROM durable_runs JOIN runs ON runs.id = durable_runs.run_id
     WHERE durable_runs.state IN ('pending', 'running', 'waiting')`,
  );
  return found.map(({ tenant }) => String(tenant));
}
