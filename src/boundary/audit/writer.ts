import { toAgent33Error } from "../../base/errors.ts";
import type { AuditSink } from "../ports.ts";
import type { CallRecord } from "../types.ts";

/** Where one tenant's records are written. */
export interface AuditTarget {
  /** Committed when it returns. */
  readonly now: AuditSink;
  /** Committed when its promise resolves; many are committed together. */
  readonly later: { close(record: CallRecord): Promise<void> };
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
  sink(tenant: string): AuditSink;
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
  readonly record: CallRecord;
}

export function createAuditWriter(options: AuditWriterOptions): AuditWriter {
  const { targetOf, onRecord, warn } = options;
  let waiting: Waiting[] = [];
  let flushing: Promise<void> | undefined;
  let failing = false;

  const write = async (): Promise<void> => {
    const batch = [...waiting];
    const ended = await Promise.allSettled(
      batch.map(({ tenant, record }) => targetOf(tenant).later.close(record)),
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

  return {
    sink: (tenant) => ({
      open: (record) => {
        targetOf(tenant).now.open(record);
        onRecord(tenant);
      },
      close: (record) => {
        if (!isRepeatableRead(record) || waiting.length >= mostWaiting) {
          targetOf(tenant).now.close(record);
          onRecord(tenant);
          return;
        }
        waiting.push({ tenant, record });
        onRecord(tenant);
        if (waiting.length >= largeBatch && flushing === undefined && !failing) void flush();
      },
    }),
    flush,
    get waiting() {
      return waiting.length;
    },
  };
}

/** The calls that the chain does not open before it sends them. */
function isRepeatableRead({ effect, repeat }: CallRecord): boolean {
  return effect === "read" && repeat !== "once";
}
