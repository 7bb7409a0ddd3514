import type { Store } from "../store/store.ts";
import type { SyncTenantStore } from "../store/repositories/index.ts";

/** The store as an engine uses it: the rows of its own tenant. */
export interface EngineStore
  extends SyncTenantStore,
    Pick<Store, "backend" | "dataDir" | "onAppend" | "transactions"> {}

/** A store's rows of one tenant, with what all tenants share. */
export function storeOf(store: Store, tenant: string): EngineStore {
  const { backend, dataDir, onAppend, transactions } = store;
  return { ...store.tenant(tenant), backend, dataDir, onAppend, transactions };
}
