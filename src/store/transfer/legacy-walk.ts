import type { Clock } from "../../base/clock.ts";
import { readLegacyIntake } from "../../learning/legacy-intake.ts";
import { readLegacySignal } from "../../learning/legacy-signal.ts";
import type { LegacyRead, LegacyRecord } from "../../learning/legacy-fields.ts";
import type { ByteSource } from "./byte-source.ts";
import { type ScanEvent, scanRecords } from "./json-scanner.ts";
import type { Item } from "./legacy-batch.ts";
import { intakeList, legacyShape, linkMap, signalList } from "./legacy-shape.ts";
import { hasProtoKey, protoKeyReason } from "./proto-key.ts";
import { keptBytes } from "./quarantine.ts";
import type { SetAside } from "./report.ts";
import { createSeenIds, type SeenIds } from "./seen-ids.ts";

/** The Python engine's state as the items that it is made of. */
export interface LegacyWalk {
  /** Intakes, and everything that cannot be read. */
  intakes(): AsyncGenerator<Item>;
  /** Signals, each with its intake. After {@link intakes}. */
  signals(): AsyncGenerator<Item>;
  /** Links to signals that the source does not have. After {@link signals}. */
  danglingLinks(): Iterable<SetAside>;
  /** Whether the source ends before its document does. After a walk. */
  readonly truncated: boolean;
}

export interface WalkOptions {
  readonly source: ByteSource;
  readonly clock: Clock;
  /** Whose the records are that name no tenant, or `default`. */
  readonly tenant: string;
}

const marks = ["intake_id", signalList, intakeList, linkMap].map((name) =>
  Buffer.from(`"${name}"`),
);

/** A record among the signals that is nothing else, which only the walk for signals looks into. */
function isPlainSignal(list: string, bytes: Uint8Array): boolean {
  if (list !== signalList) return false;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return !marks.some((mark) => view.includes(mark));
}

/** The name that the engine gave its tenant where there was only one. */
const pythonTenant = "default";

export function walkLegacy({ source, clock, tenant: ownTenant }: WalkOptions): LegacyWalk {
  const intakes = createSeenIds();
  const signals = createSeenIds();
  /** The intake of a signal, by the signal's id. The engine held these in memory as well. */
  const links = new Map<string, string>();
  const now = clock.now();
  let truncated = false;

  const tenantOf = (tenant: string | undefined): string =>
    tenant === undefined || tenant === pythonTenant ? ownTenant : tenant;
  const found = ({ offset, end }: ScanEvent, bytes: Uint8Array, tenant?: string) => ({
    place: `byte ${offset}`,
    end,
    tenant: tenantOf(tenant),
    bytes: bytes.subarray(0, keptBytes),
  });
  /** What is made of a record: itself, or why it is set aside. */
  const recordItem = <T>(
    event: ScanEvent & { readonly kind: "record" },
    read: LegacyRead<LegacyRecord<T>>,
    seen: SeenIds,
    of: "signals" | "intakes",
    make: (record: LegacyRecord<T>) => Item,
  ): Item => {
    const problems = [
      ...(hasProtoKey(event.value) ? [protoKeyReason] : []),
      ...(read.ok ? [] : read.problems),
    ];
    if (!read.ok || problems.length > 0) {
      const at = found(event, event.bytes, tenantIn(event.value));
      return { ...at, kind: "bad", reason: problems.join("; ") };
    }
    const { id, tenant } = read.value;
    const how = seen.add(id, event.bytes);
    if (how === "same") return { ...found(event, event.bytes, tenant), kind: "repeated", of };
    if (how === "new") return make(read.value);
    const reason = `${id} is there before with other content`;
    return { ...found(event, event.bytes, tenant), kind: "bad", reason };
  };
  const damaged = (event: ScanEvent & { readonly kind: "damage" }): Item => ({
    ...found(event, event.bytes),
    kind: "bad",
    reason: event.reason,
  });
  const link = (event: ScanEvent & { readonly kind: "entry" }): Item | undefined => {
    if (typeof event.value === "string") {
      links.set(event.key, event.value);
      return undefined;
    }
    const bytes = Buffer.from(JSON.stringify({ [event.key]: event.value }));
    return { ...found(event, bytes), kind: "bad", reason: `not the id of an intake in ${linkMap}` };
  };

  return {
    async *intakes() {
      for await (const event of scanRecords(source, legacyShape, isPlainSignal)) {
        if (event.kind === "damage") {
          if (event.list !== signalList) yield damaged(event);
        } else if (event.kind === "entry") {
          const item = link(event);
          if (item !== undefined) yield item;
        } else if (event.kind === "end") {
          truncated = event.truncated;
        } else if (event.list === intakeList) {
          const read = readLegacyIntake(event.value, now);
          yield recordItem(
            event,
            read,
            intakes,
            "intakes",
            ({ id, tenant, record, naive, link }) => {
              if (link !== undefined && !links.has(link)) links.set(link, id);
              return { ...found(event, event.bytes, tenant), kind: "intakes", record, naive };
            },
          );
        }
      }
    },
    async *signals() {
      for await (const event of scanRecords(source, legacyShape)) {
        if (event.kind === "damage" && event.list === signalList) yield damaged(event);
        if (event.kind !== "record" || event.list !== signalList) continue;
        const read = readLegacySignal(event.value);
        yield recordItem(event, read, signals, "signals", ({ id, tenant, record, naive }) => {
          const intakeId = record.intakeId ?? links.get(id) ?? null;
          const hasIntake = intakeId !== null && intakes.has(intakeId);
          const at = found(event, event.bytes, tenant);
          return { ...at, kind: "signals", record: { ...record, intakeId }, naive, hasIntake };
        });
      }
    },
    *danglingLinks() {
      for (const [signal, intake] of links) {
        if (signals.has(signal)) continue;
        yield {
          place: `${linkMap} ${signal}`,
          reason: `${intake} is of a signal that is not there`,
        };
      }
    },
    get truncated() {
      return truncated;
    },
  };
}

/** The tenant that a record names that is no whole record. */
function tenantIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("tenant_id" in value)) return undefined;
  const { tenant_id: tenant } = value;
  return typeof tenant === "string" && tenant.isWellFormed() && /^[^\0]{1,200}$/.test(tenant)
    ? tenant
    : undefined;
}
