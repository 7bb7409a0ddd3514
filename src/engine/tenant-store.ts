import type { StoredEvent } from "../events/event.ts";
import type { Store } from "../store/store.ts";
import type { SyncTenantStore } from "../store/repositories/index.ts";

/** The store as an engine uses it: the rows of its own tenant. */
export interface EngineStore
  extends SyncTenantStore,
    Pick<Store, "backend" | "dataDir" | "transactions"> {
  /** As the store's own, of this tenant's events only. */
  onAppend(listener: (events: readonly StoredEvent[]) => void): () => void;
}

/** A store's rows of one tenant, with what all tenants share. */
export function storeOf(store: Store, tenant: string): EngineStore {
  const { backend, dataDir, transactions } = store;
  return {
    ...store.tenant(tenant),
    backend,
    dataDir,
    transactions,
    onAppend: (listener) =>
      store.onAppend((events, whose) => {
        if (whose === tenant) listener(events);
      }),
  };
}
