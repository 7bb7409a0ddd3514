import type { ChainEntry } from "../ports.ts";
import { type CutPlace, saysCut } from "./cut.ts";
import { type AuditVerdict, createFindings, type Finding, nameOf, timeOf } from "./findings.ts";
import { type AuditRow, type Link, recordDigest } from "./link.ts";
import { createPlaces } from "./places.ts";
import { createSequence } from "./sequence.ts";
import type { PublicKeys, SignedPlace } from "./signing.ts";

/** One tenant's audit, wherever it comes from; each part is gone through once, in this order. */
export interface AuditSource {
  readonly tenant: string;
  /** The newest place that was signed outside of the store, if there is one. */
  readonly head: SignedPlace | undefined;
  readonly checkpoints: AsyncIterable<SignedPlace>;
  readonly entries: AsyncIterable<ChainEntry>;
  /** Records that no link is about. */
  readonly unlinked: AsyncIterable<{ readonly row: AuditRow; readonly unchained: boolean }>;
  /** Of a file, known once the rest was gone through: its signed end, and what cannot be read. */
  readonly ending?: () => {
    readonly end: SignedPlace | undefined;
    readonly unreadable: readonly Finding[];
  };
}

/** What a chain is held to besides itself. */
export interface Anchors {
  readonly keys: PublicKeys;
  /** Places that somebody noted elsewhere, and heads of which a copy was kept. */
  readonly places: readonly ({ readonly position: number; readonly hash: string } | SignedPlace)[];
}

/** Goes through an audit and finds every record and link that is not what it was. */
export async function verifyAudit(source: AuditSource, anchors: Anchors): Promise<AuditVerdict> {
  const findings = createFindings();
  const places = createPlaces(findings, anchors.keys);
  const sequence = createSequence(findings);
  let end: Link | undefined;
  let links = 0;
  let records = 0;
  let pending = 0;
  let cut: CutPlace | undefined;
  let cutIsRecorded = false;
  /** Calls of which a later link must come, because this one's record has given way to it. */
  const awaited = new Map<string, Link>();

  if (source.head !== undefined) places.head(source.head);
  for (const place of anchors.places) places.anchor(place);
  for await (const place of source.checkpoints) places.checkpoint(place);
  places.checkHead();
  for await (const entry of source.entries) {
    links += 1;
    const { link, superseded } = entry;
    if (links === 1) {
      cut = places.beginning(link);
      if (cut !== undefined) sequence.beginAfter(cut);
    }
    if (link.tenant !== source.tenant) findings.add(ofAnother(link));
    if (sequence.follow(link)) {
      places.link(link.position, link.hash);
      end = link;
    }
    awaited.delete(link.callId);
    if (superseded && link.state === "open") {
      awaited.set(link.callId, link);
      continue;
    }
    const wrong = superseded ? endedBefore(link) : faultOf(entry);
    if (wrong === undefined && cut !== undefined && saysCut(entry, cut)) cutIsRecorded = true;
    if (wrong === undefined) records += 1;
    else if (wrong === "pending") pending += 1;
    else findings.add(wrong);
  }
  if (links === 0) places.beginning(undefined);
  if (cut !== undefined && !cutIsRecorded) findings.add(notRecorded(cut));
  sequence.finish();
  places.finish(end?.position ?? 0);
  for (const link of awaited.values()) {
    const message = `The end of the call of ${nameOf(link)} is not there.`;
    findings.add({ kind: "removed", about: "link", ...placeOf(link), message });
  }
  for await (const { row, unchained } of source.unlinked) {
    if (unchained) pending += 1;
    else findings.add(notLinked(row));
  }
  if (source.head === undefined && links > 0) {
    const message =
      "There is no signed head of this chain: whether its end was cut off cannot be seen.";
    findings.add({ kind: "removed", about: "head", message });
  }
  const ending = source.ending?.();
  for (const finding of ending?.unreadable ?? []) findings.add(finding);
  if (ending !== undefined && links > 0) places.ending(ending.end, end);
  return {
    tenant: source.tenant,
    ok: findings.count() === 0,
    links,
    records,
    pending,
    checkpoints: places.count(),
    removedUpTo: cut?.position ?? 0,
    end: end === undefined ? null : { position: end.position, hash: end.hash },
    found: findings.count(),
    findings: findings.kept,
  };
}

/** A signed place is a good beginning only where the chain itself says that the rest was removed. */
function notRecorded({ position }: CutPlace): Finding {
  const message = `Links 1 to ${position} are not there, and no record of the audit says that they were removed.`;
  return { kind: "removed", about: "link", position: 1, message };
}

const placeOf = ({ position, callId }: Link) => ({ position, callId });

/** What is wrong with the record of the last link of its call. */
function faultOf({ link, row, unchained }: ChainEntry): Finding | "pending" | undefined {
  const at = { about: "record", ...placeOf(link) } as const;
  if (row === undefined) {
    return { kind: "removed", ...at, message: `The record of ${nameOf(link)} is not there.` };
  }
  const changed = (what: string): Finding => ({
    kind: "changed",
    ...at,
    message: `The record of ${nameOf(link)} ${what}.`,
  });
  // It has ended since, and is to be linked as it is now.
  if (link.state === "open" && row.state === "closed" && unchained) return "pending";
  if (row.state !== link.state) return changed(`is ${row.state}`);
  if (recordDigest(row) !== link.recordDigest) return changed("is not what was linked");
  return unchained ? changed("is marked as one that was never linked") : undefined;
}

function ofAnother(link: Link): Finding {
  const message = `${nameOf(link)} is of tenant ${link.tenant}.`;
  return { kind: "inserted", about: "link", ...placeOf(link), message };
}

function endedBefore(link: Link): Finding {
  const message = `After ${nameOf(link)}, which is the end of its call, another link is about it.`;
  return { kind: "inserted", about: "link", ...placeOf(link), message };
}

function notLinked({ callId, at }: AuditRow): Finding {
  const message = `The record of call ${callId} of ${timeOf(at)} is in no link of the chain.`;
  return { kind: "inserted", about: "record", callId, message };
}
