import { toAgent33Error } from "../../base/errors.ts";
import type { AuditSink, ClosedCall } from "../ports.ts";
import type { CallRecord } from "../types.ts";

/** Where one tenant's records are written. */
export interface AuditTarget {
  /** Committed when it returns. */
  readonly now: Pick<AuditSink, "open" | "close">;
  /** Committed when its promise resolves; many are committed together. */
  readonly later: AuditTogether;
}

/** Records whose writers can wait: committed when the promise resolves, many of them together. */
export interface AuditTogether {
  open(record: CallRecord): Promise<void>;
  close(record: CallRecord): Promise<void>;
}

export interface AuditWriterOptions {
  readonly targetOf: (tenant: string) => AuditTarget;
  /** Told that a tenant has records that are not in its chain, or that wait to be written. */
  readonly onRecord: (tenant: string) => void;
  /** Told what went wrong where no call can be told. One line. */
  readonly warn: (message: string) => void;
}

/**
 * The way of records into the audit. What is opened before it is sent is committed at once, and its
 * end as well: those calls can change something. Reads are written together off their path.
 */
export interface AuditWriter {
  sink(tenant: string): Required<AuditSink>;
  /** The same for acts that come side by side, and share a wait for the disk. */
  together(tenant: string): AuditTogether;
  /** Writes what waits. Never fails: what could not be written waits on. */
  flush(): Promise<void>;
  /** Records of reads that wait to be written. */
  readonly waiting: number;
}

/** As many are written without waiting for the time to be over. */
const largeBatch = 256;
/**
 * As many may wait while the store cannot be written. From then on a read is recorded at once like
 * any other call, and fails where that fails.
 */
const mostWaiting = 4096;

interface Waiting {
  readonly tenant: string;
  readonly call: ClosedCall;
}

export function createAuditWriter(options: AuditWriterOptions): AuditWriter {
  const { targetOf, onRecord, warn } = options;
  let waiting: Waiting[] = [];
  let flushing: Promise<void> | undefined;
  let failing = false;

  const write = async (): Promise<void> => {
    const batch = [...waiting];
    const ended = await Promise.allSettled(
      batch.map(({ tenant, call }) => targetOf(tenant).later.close(call.record())),
    );
    const left = batch.filter((_, index) => ended[index]?.status === "rejected");
    // Others have come in the meantime, behind those.
    waiting = [...left, ...waiting.slice(batch.length)];
    const failed = ended.find((one) => one.status === "rejected");
    if (failed === undefined) {
      failing = false;
      return;
    }
    if (!failing) {
      const { code, message } = toAgent33Error(failed.reason);
      warn(`The audit of ${left.length} reads could not be written yet: ${code}: ${message}`);
    }
    failing = true;
  };

  const flush = async (): Promise<void> => {
    // What came after a write began is not in it.
    await flushing;
    if (waiting.length === 0) return;
    flushing ??= write().finally(() => {
      flushing = undefined;
    });
    await flushing;
  };

  const soon = (tenant: string, call: ClosedCall): void => {
    if (waiting.length >= mostWaiting) targetOf(tenant).now.close(call.record());
    else waiting.push({ tenant, call });
    onRecord(tenant);
    if (waiting.length >= largeBatch && flushing === undefined && !failing) void flush();
  };

  return {
    sink: (tenant) => ({
      open: (record) => {
        targetOf(tenant).now.open(record);
        onRecord(tenant);
      },
      close: (record) => {
        targetOf(tenant).now.close(record);
        onRecord(tenant);
      },
      closeSoon: (call) => soon(tenant, call),
    }),
    together: (tenant) => ({
      open: async (record) => {
        await targetOf(tenant).later.open(record);
        onRecord(tenant);
      },
      close: async (record) => {
        await targetOf(tenant).later.close(record);
        onRecord(tenant);
      },
    }),
    flush,
    get waiting() {
      return waiting.length;
    },
  };
}
