import { readFileSync } from "node:fs";
import { z } from "zod";
import { Agent33Error, messageOf } from "../base/errors.ts";
import { blockingOf, type GateVerdict, gateVerdictSchema } from "../evaluation/gates/verdict.ts";
import { verdictProblems } from "./gate-verdict.ts";
import { countsSchema } from "../evaluation/groups/run-group.ts";
import { type Changes, changesSchema } from "./changes.ts";
import { riskOf } from "./risk.ts";
import type { Scope } from "./scope.ts";
import { type SealKeys, type Sealed, sealedSchema, sealProblems } from "../base/seal.ts";
import { type ReleaseSettings, riskLevels } from "./settings.ts";
import type { Snapshot } from "./snapshot.ts";

const text = z.string();
const hash = text.regex(/^[0-9a-f]{40,64}$/);
const list = z.array(text);
const lines = z.int().nonnegative();

const evidenceSchema = z.strictObject({
  group: text,
  command: list,
  commit: hash,
  /** Digest of the snapshot that it is from. */
  snapshot: text,
  counts: countsSchema,
  durationMs: z.number(),
  ctrfDigest: text.nullable(),
});
export type Evidence = Readonly<z.output<typeof evidenceSchema>>;

const packetSchema = z.strictObject({
  format: z.literal("agent33-packet/1"),
  madeAt: z.int(),
  base: text,
  from: hash,
  head: hash,
  tree: hash,
  commits: z.array(z.strictObject({ commit: hash, subject: text })),
  files: z.array(
    z.strictObject({
      path: text,
      was: text.exactOptional(),
      added: lines,
      removed: lines,
      owners: list,
    }),
  ),
  areas: z.array(z.strictObject({ area: text, files: lines, owners: list })),
  /** What it does within files of policy, dependencies and schemas. */
  changes: changesSchema,
  risk: z.strictObject({
    level: z.enum(riskLevels),
    findings: z.array(
      z.strictObject({ rule: text, level: z.enum(riskLevels), why: text, paths: list }),
    ),
  }),
  evidence: z.array(evidenceSchema),
  gate: z
    .strictObject({
      gate: text,
      /** The gates file, from the repository's top folder; null where it was in no checkout. */
      file: text.nullable(),
      outcome: gateVerdictSchema.shape.outcome,
      /** The checks that block. */
      reasons: list,
      /** Digest of the verdict that it is from. */
      verdict: text,
    })
    .nullable(),
  checklist: z.array(z.strictObject({ item: text, done: z.boolean() })),
  /** Why it does not stand for its change; none where it does. */
  problems: list,
});
/** What a reviewer needs to know of a change, made by a machine. */
export type Packet = Readonly<z.output<typeof packetSchema>>;
/** The form of `packet.json`. */
export const sealedPacket = sealedSchema(packetSchema);

export interface PacketParts {
  readonly scope: Scope;
  readonly changes: Changes;
  readonly settings: ReleaseSettings;
  readonly keys: SealKeys;
  /** The latest first. */
  readonly snapshots: readonly Sealed<Snapshot>[];
  readonly gate: Sealed<GateVerdict> | undefined;
  readonly now: number;
}

/** Makes the packet of a change. What is missing or does not fit is a problem in it. */
export function packetOf(parts: PacketParts): Packet {
  const { scope, changes, settings, keys, snapshots, gate, now } = parts;
  const problems = new Set<string>();
  const usable = snapshots.filter((sealed) => {
    const wrong = snapshotProblems(sealed, scope.head, keys);
    for (const problem of wrong) problems.add(problem);
    return wrong.length === 0;
  });
  const evidence = (settings.packet.groups ?? Object.keys(settings.groups)).flatMap((name) => {
    const found = evidenceOf(name, usable);
    for (const problem of found.problems) problems.add(problem);
    return found.evidence === undefined ? [] : [found.evidence];
  });
  const asked = { head: scope.head, wanted: settings.packet.gate, keys };
  for (const problem of gateProblems(gate, asked)) problems.add(problem);
  const risk = riskOf(scope.files, changes, settings.risk);
  const owned = scope.files.every(({ owners }) => owners.length > 0);
  return packetSchema.parse({
    format: "agent33-packet/1",
    madeAt: now,
    ...scope,
    changes,
    risk,
    evidence,
    gate: gate === undefined ? null : gatePart(gate),
    checklist: [
      { item: "Every group has passed at this commit", done: problems.size === 0 },
      { item: "Every file has an owner", done: owned },
      ...risk.findings
        .filter(({ level }) => level !== "low")
        .map(({ rule, why }) => ({ item: `A person has looked at ${rule}: ${why}`, done: false })),
    ],
    problems: [...problems],
  });
}

function snapshotProblems(
  sealed: Sealed<Snapshot>,
  head: string,
  keys: SealKeys,
): readonly string[] {
  const { commit, dirty } = sealed.body;
  const what = `the snapshot ${sealed.digest.slice(0, 12)}`;
  return [
    ...sealProblems(what, sealed, keys),
    ...(commit === head ? [] : [`${what} is of another commit (${commit.slice(0, 12)})`]),
    ...(dirty.length === 0
      ? []
      : [`${what} was taken with ${dirty.length} changed files (${dirty.slice(0, 3).join(", ")})`]),
  ];
}

function evidenceOf(
  group: string,
  snapshots: readonly Sealed<Snapshot>[],
): { readonly evidence?: Evidence; readonly problems: readonly string[] } {
  for (const { body, digest } of snapshots) {
    const found = body.groups.find(({ name }) => name === group);
    if (found === undefined) continue;
    const { command, counts, durationMs, ctrfDigest, problems } = found;
    const { commit } = body;
    return {
      evidence: { group, command, commit, snapshot: digest, counts, durationMs, ctrfDigest },
      problems: problems.map((problem) => `${group}: ${problem}`),
    };
  }
  return { problems: [`${group}: there is no usable snapshot of it at this commit`] };
}

function gateProblems(
  gate: Sealed<GateVerdict> | undefined,
  asked: Parameters<typeof verdictProblems>[1],
): readonly string[] {
  if (gate !== undefined) return verdictProblems(gate, asked);
  return asked.wanted === undefined ? [] : [`the gate ${asked.wanted} has no verdict`];
}

/** What a packet tells of a verdict. */
export function gatePart({ body, digest }: Sealed<GateVerdict>): NonNullable<Packet["gate"]> {
  const { gate, outcome, checkout } = body;
  return {
    gate,
    file: checkout?.file ?? null,
    outcome,
    reasons: [...blockingOf(body)],
    verdict: digest,
  };
}

/** @throws Agent33Error `release.bad_packet` */
export function readPacket(file: string): Sealed<Packet> {
  try {
    return sealedPacket.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new Agent33Error(
      "release.bad_packet",
      `The packet ${file} cannot be read: ${faultOf(cause)}`,
      { hint: "Make it again: agent33 release packet create.", cause },
    );
  }
}

function faultOf(cause: unknown): string {
  const [issue] = cause instanceof z.ZodError ? cause.issues : [];
  return issue === undefined
    ? messageOf(cause)
    : `${issue.path.map(String).join(".")}: ${issue.message}`;
}
