/**
 * Waits `ms` milliseconds by blocking this thread: SQLite's interface is synchronous on purpose,
 * so that no other code runs inside a transaction.
 */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
