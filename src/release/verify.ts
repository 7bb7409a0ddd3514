import { canonicalJson, toJsonValue } from "../base/json.ts";
import type { Host } from "../engine/host.ts";
import type { GateVerdict } from "../evaluation/gates/verdict.ts";
import { changesOf } from "./changes.ts";
import { commitOf, type Git } from "./git.ts";
import { verdictProblems } from "./gate-verdict.ts";
import { countsText, runGroup } from "../evaluation/groups/run-group.ts";
import { type Evidence, gatePart, type Packet } from "./packet.ts";
import { riskOf } from "./risk.ts";
import { scopeOf } from "./scope.ts";
import { type SealKeys, type Sealed, sealProblems } from "../base/seal.ts";
import type { ReleaseSettings } from "./settings.ts";
import type { Snapshot } from "./snapshot.ts";
import { inWorktree } from "./worktree.ts";

export interface VerifyRequest {
  readonly packet: Sealed<Packet>;
  /** What the packet must be of: `HEAD` by default. */
  readonly head: string;
  readonly settings: ReleaseSettings;
  readonly keys: SealKeys;
  /** Those that are kept here, to compare with; they need not be. */
  readonly snapshots: readonly Sealed<Snapshot>[];
  /** The gate's verdict, to compare with; it need not be. */
  readonly gate?: Sealed<GateVerdict> | undefined;
  /** Whether the groups are run again, in a fresh checkout. */
  readonly rerun: boolean;
}

/**
 * Whether a packet stands: it is sealed, of the head, its scope and risk are what git says now, its
 * evidence is what the snapshots say, and running the groups again comes to the same counts.
 * @returns why it does not stand; nothing where it does
 */
export async function verifyPacket(
  git: Git,
  host: Host,
  request: VerifyRequest,
): Promise<readonly string[]> {
  const { packet, keys, settings } = request;
  const { body } = packet;
  const broken = sealProblems("the packet", packet, keys);
  const head = await commitOf(git, request.head);
  if (body.head !== head) {
    return [
      ...broken,
      `the packet is stale: it is of ${body.head.slice(0, 12)}, and ${request.head} is ${head.slice(0, 12)}`,
    ];
  }
  const problems = [...broken, ...body.problems, ...(await scopeProblems(git, body, settings))];
  problems.push(...evidenceProblems(body, settings, request.snapshots));
  problems.push(...gateProblems(body, request));
  if (!request.rerun || problems.length > 0) return problems;
  const { prepare } = settings;
  return inWorktree(git, host, { commit: head, prepare }, async (worktree) => {
    const found: string[] = [];
    for (const evidence of body.evidence)
      found.push(...(await again(worktree, evidence, settings)));
    return found;
  });
}

async function scopeProblems(
  git: Git,
  body: Packet,
  settings: ReleaseSettings,
): Promise<readonly string[]> {
  const scope = await scopeOf(git, body.base, body.head);
  if (scope.from !== body.from) {
    return [
      `the packet is stale: the change now leaves ${body.base} at ${scope.from.slice(0, 12)}`,
    ];
  }
  const changes = await changesOf(git, scope);
  const now = { ...scope, changes, risk: riskOf(scope.files, changes, settings.risk) };
  const fields = ["tree", "commits", "files", "areas", "changes", "risk"] as const;
  const changed = fields.filter(
    (field) => canonicalJson(toJsonValue(now[field])) !== canonicalJson(toJsonValue(body[field])),
  );
  return changed.map((field) => `the packet's ${field} is not what git and the rules say`);
}

/**
 * Where a packet's evidence is missing, of another commit, or other than the snapshots say.
 * @param snapshots those that are kept; what they lack is not missed
 */
export function evidenceProblems(
  { evidence, head }: Packet,
  settings: Pick<ReleaseSettings, "packet" | "groups">,
  snapshots: readonly Sealed<Snapshot>[],
): readonly string[] {
  const wanted = settings.packet.groups ?? Object.keys(settings.groups);
  const missing = wanted
    .filter((name) => !evidence.some(({ group }) => group === name))
    .map((name) => `${name}: the packet has no evidence of it`);
  const wrong = evidence.flatMap((one) => {
    if (one.commit !== head) {
      return [`${one.group}: its evidence is of another commit (${one.commit.slice(0, 12)})`];
    }
    const snapshot = snapshots.find(({ digest }) => digest === one.snapshot);
    const found = snapshot?.body.groups.find(({ name }) => name === one.group);
    if (snapshot === undefined || found === undefined) return [];
    const same =
      canonicalJson([found.counts, found.ctrfDigest]) ===
      canonicalJson([one.counts, one.ctrfDigest]);
    return same ? [] : [`${one.group}: its evidence is not what the snapshot says`];
  });
  return [...missing, ...wrong];
}

/** What a packet says of its gate, held to the settings and, where it is here, to the verdict. */
function gateProblems(
  { gate: told, head }: Packet,
  { settings, keys, gate: verdict }: VerifyRequest,
): readonly string[] {
  const wanted = settings.packet.gate;
  if (verdict !== undefined) {
    const same = canonicalJson(told) === canonicalJson(gatePart(verdict));
    return [
      ...(same ? [] : ["the packet's gate is not what the verdict says"]),
      ...verdictProblems(verdict, { head, wanted, keys }),
    ];
  }
  if (wanted !== undefined && told?.gate !== wanted) return [`the gate ${wanted} has no verdict`];
  return told?.outcome === "failed" ? [`the gate ${told.gate} says no`] : [];
}

async function again(
  worktree: Git,
  { group: name, counts }: Evidence,
  settings: ReleaseSettings,
): Promise<readonly string[]> {
  const group = Object.hasOwn(settings.groups, name) ? settings.groups[name] : undefined;
  if (group === undefined) return [`${name}: there is no such group any more`];
  const { recorded } = await runGroup(worktree.commands, worktree.folder, name, group);
  if (canonicalJson(recorded.counts) !== canonicalJson(counts)) {
    return [
      `${name}: the packet says ${countsText(counts)}; run again it is ${countsText(recorded.counts)}`,
    ];
  }
  return recorded.problems.map((problem) => `${name}, run again: ${problem}`);
}
