import { z } from "zod";
import { sealedPacket } from "../release/packet.ts";
import type { Kept } from "../release/records.ts";
import { riskLevels } from "../release/settings.ts";
import { countsSchema, sealedSnapshot } from "../release/snapshot.ts";
import { moment } from "./input.ts";

const count = z.int().nonnegative();

/** Sealed evidence as it is kept. */
export const packetSchemas = {
  snapshot: sealedSnapshot.meta({ id: "ReleaseSnapshot" }),
  packet: sealedPacket.meta({ id: "ReleasePacket" }),
};

export const snapshotSummary = z
  .strictObject({
    id: z.string(),
    commit: z.string(),
    takenAt: moment,
    clean: z.boolean().describe("whether all files were as in the commit"),
    signed: z.boolean(),
    groups: z.array(
      z.strictObject({ name: z.string(), counts: countsSchema, problems: z.array(z.string()) }),
    ),
  })
  .meta({ id: "ReleaseSnapshotSummary" });

export const packetSummary = z
  .strictObject({
    id: z.string(),
    head: z.string(),
    base: z.string(),
    madeAt: moment,
    commits: count,
    files: count,
    risk: z.enum(riskLevels),
    gate: z.string().nullable().describe("what the gate said; null where none was asked"),
    signed: z.boolean(),
    problems: z.array(z.string()).describe("why it does not stand"),
  })
  .meta({ id: "ReleasePacketSummary" });

export const standingSchema = z
  .strictObject({
    ok: z.boolean(),
    problems: z.array(z.string()),
    signature: z
      .enum(["held", "no_key"])
      .describe("`no_key`: the settings name no key to hold it to"),
    head: z.string().nullable().describe("what is checked out in the server's folder"),
    notChecked: z.array(z.string()),
  })
  .meta({ id: "ReleaseStanding" });

type Snapshot = z.output<typeof sealedSnapshot>["body"];
type Packet = z.output<typeof sealedPacket>["body"];

export function snapshotSummaryView({ id, sealed: { body, signature } }: Kept<Snapshot>) {
  const { commit, takenAt, dirty, groups } = body;
  return {
    id,
    commit,
    takenAt,
    clean: dirty.length === 0,
    signed: signature !== undefined,
    groups: groups.map(({ name, counts, problems }) => ({ name, counts, problems })),
  };
}

export function packetSummaryView({ id, sealed: { body, signature } }: Kept<Packet>) {
  const { head, base, madeAt, commits, files, risk, gate, problems } = body;
  return {
    id,
    head,
    base,
    madeAt,
    commits: commits.length,
    files: files.length,
    risk: risk.level,
    gate: gate === null ? null : `${gate.gate}: ${gate.outcome}`,
    signed: signature !== undefined,
    problems,
  };
}
