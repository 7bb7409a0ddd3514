import { resolve } from "node:path";
import { Agent33Error } from "../base/errors.ts";
import type { Redactor } from "../base/redact.ts";
import { createChainer } from "../boundary/audit/chainer.ts";
import { type AuditExportReport, exportAudit } from "../boundary/audit/export.ts";
import { openExportedAudit } from "../boundary/audit/exported-audit.ts";
import type { AuditVerdict } from "../boundary/audit/findings.ts";
import { headPath, readHeads } from "../boundary/audit/head-file.ts";
import { findKey, readPublicKeyFile, takeKey } from "../boundary/audit/key-file.ts";
import { type PublicKeys, readPublicKey } from "../boundary/audit/signing.ts";
import { storedAudit } from "../boundary/audit/stored-audit.ts";
import { type Anchors, verifyAudit } from "../boundary/audit/verify.ts";
import { type AuditTogether, createAuditWriter } from "../boundary/audit/writer.ts";
import type { AuditSink } from "../boundary/ports.ts";
import type { CallRecord } from "../boundary/types.ts";
import type { Store } from "../store/store.ts";
import { writeNewFile } from "../store/transfer/export-file.ts";
import type { Host } from "./host.ts";

/** What an audit is checked against besides itself. */
export interface AuditCheckRequest {
  /** Places noted elsewhere: `POSITION:HASH`, or a file with a copy of the head file. */
  readonly heads?: readonly string[];
  /** Files with public keys whose signatures are believed as well. */
  readonly keys?: readonly string[];
}

/** A verdict, and the key that the data folder or the file has. */
export interface AuditCheck extends AuditVerdict {
  readonly keyId: string | null;
  /** In PEM, to be kept elsewhere. */
  readonly publicKey: string | null;
}

/** The record of every call: written, linked, signed, checked. */
export interface Audit {
  /** Where the calls of a tenant are recorded. */
  sink(tenant: string): AuditSink;
  /** The same for who can wait: what comes side by side shares a wait for the disk. */
  together(tenant: string): AuditTogether;
  /** Writes down what waits to be: reads of the last second. */
  flush(): Promise<void>;
  /**
   * The same, and links it, so that who reads the chain finds all that was called before this.
   * @param tenants whose calls are linked too that other processes left without a link
   */
  settle(tenants: readonly string[]): Promise<void>;
  /** Goes through the whole audit and finds what is not what it was. Changes nothing. */
  check(request?: AuditCheckRequest): Promise<AuditCheck>;
  /** Writes the whole audit so that it can be checked alone. */
  exportTo(write: (text: string) => Promise<void>): Promise<AuditExportReport>;
  close(): Promise<void>;
}

export interface AuditParts {
  readonly opened: Store;
  /** The settings' tenant, whose audit is checked and exported. */
  readonly tenant: string;
  readonly dataDir: string;
  readonly host: Host;
  readonly redactor: Redactor;
}

/** Reads wait this long to be written, and records to be linked. */
const everyMs = 1000;
/** What a large audit of before needs longer for is linked next time. */
const linkingMs = 500;
const linkingAtEndMs = 2000;

export function createAudit(parts: AuditParts): Audit {
  const { opened, tenant: own, dataDir, host, redactor } = parts;
  const chainOf = (tenant: string) => opened.backend.tenant(tenant).auditChain;
  const chainer = createChainer({
    chainOf,
    key: () => takeKey(dataDir),
    path: headPath(dataDir),
    clock: host.clock,
    warn: host.warn,
  });
  const unlinked = new Set<string>();
  /** Tenants that this process has recorded calls of: it signs the end of their chains. */
  const recorded = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let closed = false;

  const writer = createAuditWriter({
    targetOf: (tenant) => ({
      now: opened.tenant(tenant).audit,
      later: opened.backend.tenant(tenant).audit,
    }),
    onRecord: (tenant) => {
      unlinked.add(tenant);
      recorded.add(tenant);
      later();
    },
    warn: host.warn,
  });

  const linkAll = async (forMs: number, ending: boolean): Promise<void> => {
    await writer.flush();
    // At the end also those whose calls are linked already, maybe by another process.
    const tenants = [...(ending ? recorded : unlinked)];
    unlinked.clear();
    for (const tenant of tenants) await chainer.link(tenant, { forMs, ending });
  };
  /** One timer, set when there is something to do; it keeps no process alive. */
  const later = (): void => {
    if (timer !== undefined || closed) return;
    timer = setTimeout(() => {
      working = linkAll(linkingMs, false).finally(() => {
        timer = undefined;
        if (unlinked.size > 0 || writer.waiting > 0) later();
      });
    }, everyMs).unref();
  };

  return {
    sink: (tenant) => {
      const sink = writer.sink(tenant);
      return {
        open: (record) => sink.open(hideError(record, redactor)),
        close: (record) => sink.close(hideError(record, redactor)),
        closeSoon: (call) => sink.closeSoon({ record: () => hideError(call.record(), redactor) }),
      };
    },
    together: (tenant) => {
      const { open, close } = writer.together(tenant);
      return {
        open: (record) => open(hideError(record, redactor)),
        close: (record) => close(hideError(record, redactor)),
      };
    },
    flush: writer.flush,
    settle: async (tenants) => {
      await working;
      for (const tenant of tenants) unlinked.add(tenant);
      await linkAll(Number.POSITIVE_INFINITY, false);
    },
    check: async (request = {}) => {
      const key = findKey(dataDir);
      const mine = key === undefined ? [] : [readPublicKey(key.publicPem)];
      const head = readHeads(headPath(dataDir)).get(own);
      const keys = new Map([...mine, ...givenKeys(request, host)]);
      const anchors = { keys, places: givenPlaces(request, own, host) };
      const verdict = await verifyAudit(storedAudit(own, chainOf(own), head), anchors);
      return { ...verdict, keyId: key?.keyId ?? null, publicKey: key?.publicPem ?? null };
    },
    exportTo: async (write) => {
      await writer.flush();
      unlinked.delete(own);
      await chainer.link(own, { forMs: Number.POSITIVE_INFINITY, ending: true });
      const head = readHeads(headPath(dataDir)).get(own);
      const source = storedAudit(own, chainOf(own), head);
      return exportAudit({ source, key: takeKey(dataDir), clock: host.clock, write });
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await working;
      await linkAll(linkingAtEndMs, true);
      if (writer.waiting > 0) {
        host.warn(`The audit of ${writer.waiting} reads is lost: the store could not be written.`);
      }
    },
  };
}

/**
 * Checks an exported audit by itself. The signatures of the keys that the file brings are believed
 * unless others are given: whoever made the file anew made new keys as well.
 * @throws Agent33Error `audit.bad_export`, `audit.bad_key`, `audit.bad_head`
 */
export async function checkAuditFile(
  path: string,
  request: AuditCheckRequest,
  host: Host,
): Promise<AuditCheck> {
  const file = await openExportedAudit(resolve(host.cwd, path));
  try {
    const given = new Map(givenKeys(request, host));
    const keys = given.size > 0 ? given : file.keys;
    const places = givenPlaces(request, file.source.tenant, host);
    const verdict = await verifyAudit(file.source, { keys, places });
    const [first] = file.keys;
    const publicKey = first?.[1].export({ type: "spki", format: "pem" }).toString() ?? null;
    return { ...verdict, keyId: first?.[0] ?? null, publicKey };
  } finally {
    await file.close();
  }
}

/** @throws Agent33Error `store.export_failed`, `audit.*`, `store.*` */
export async function exportAuditTo(
  audit: Audit,
  file: string,
  host: Host,
): Promise<AuditExportReport & { readonly path: string }> {
  const path = resolve(host.cwd, file);
  const report = await writeNewFile(path, host.ids(), (write) => audit.exportTo(write));
  return { ...report, path };
}

function givenKeys({ keys = [] }: AuditCheckRequest, host: Host): PublicKeys {
  return new Map(keys.map((path) => readPublicKeyFile(resolve(host.cwd, path))));
}

/** @throws Agent33Error `audit.bad_head` */
function givenPlaces(
  { heads = [] }: AuditCheckRequest,
  tenant: string,
  host: Host,
): Anchors["places"] {
  return heads.map((text) => {
    const [, position, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? [];
    if (position !== undefined && hash !== undefined) return { position: Number(position), hash };
    const head = readHeads(resolve(host.cwd, text)).get(tenant);
    if (head !== undefined) return head;
    throw new Agent33Error(
      "audit.bad_head",
      `"${text}" is neither POSITION:HASH nor a file with a head of tenant ${tenant}.`,
      {
        hint: "Give what `agent33 audit verify` printed as the end, or a copy of audit-head.json.",
      },
    );
  });
}

/** A record whose error says no secrets; all else in it is facts and digests. */
function hideError(record: CallRecord, redactor: Redactor): CallRecord {
  return record.error === undefined ? record : { ...record, error: redactor.value(record.error) };
}
