/** A value that SQLite can hold. */
export type SqlValue = string | number | bigint | null | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** Statements inside one transaction, synchronous. */
export interface SqlSession {
  all(sql: string, ...parameters: readonly SqlValue[]): readonly SqlRow[];
  get(sql: string, ...parameters: readonly SqlValue[]): SqlRow | undefined;
  run(sql: string, ...parameters: readonly SqlValue[]): { readonly changes: number };
}

/**
 * Runs a function inside one write transaction, committed when it returns and rolled back when it
 * throws. A call inside a call joins the transaction that is open. No awaits inside.
 */
export interface TransactionRunner {
  transaction<T>(work: (sql: SqlSession) => T): T;
  /**
   * The same without waiting for another process's lock.
   * @throws Agent33Error a retryable one, at once, while another process writes
   */
  transactionNow<T>(work: (sql: SqlSession) => T): T;
  /** Reads that see one state of the store, without its write lock. */
  snapshot<T>(work: (sql: SqlSession) => T): T;
}
