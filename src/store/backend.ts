import type { Program } from "./program.ts";
import type { TenantStore } from "./repositories/index.ts";

/** What is told when writers wait long for what another process holds. */
export interface BusyNotice {
  /** Milliseconds that writers of this process have waited so far. */
  readonly waitedMs: number;
  /** Writers of this process that wait. */
  readonly waiting: number;
  /** `waiting`: still; `gone on`: the lock came free; `given up`: they were refused. */
  readonly state: "waiting" | "gone on" | "given up";
}

/** Runs a reading program on whole tables. */
export type ReadTables = <T>(make: () => Program<T>) => Promise<T>;

/** The contract that every place to keep a store in fulfils; `conformance/` is its suite. */
export interface Backend {
  readonly kind: "memory" | "sqlite" | "postgres";
  /** Where it is, for people; never with a password. */
  readonly place: string;
  /**
   * The rows of one tenant. All that is kept is reached through here.
   * @throws Agent33Error `store.bad_tenant`
   */
  tenant(tenant: string): TenantStore;
  /** Whole tables, for moving and checking a store. Nothing that answers a user may use it. */
  readonly tables: {
    readonly read: ReadTables;
    /**
     * Gives a function one state of the store to read, however long it takes and whatever is
     * written meanwhile.
     */
    inOneState<T>(work: (read: ReadTables) => Promise<T>): Promise<T>;
    /** One transaction. */
    write<T>(make: () => Program<T>): Promise<T>;
  };
  /** The schema version that the store is at. */
  schemaVersion(): Promise<number>;
  close(): Promise<void>;
}
