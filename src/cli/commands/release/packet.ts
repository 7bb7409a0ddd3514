import { join, resolve } from "node:path";
import type { Command } from "commander";
import { makeFolder, putFile } from "../../../base/disk.ts";
import { attempt } from "../../../base/result.ts";
import { seal, type Sealed } from "../../../base/seal.ts";
import { changesOf } from "../../../release/changes.ts";
import { type Git, gitIn, topOf } from "../../../release/git.ts";
import { readGateVerdict } from "../../../release/gate-verdict.ts";
import { packetOf, readPacket } from "../../../release/packet.ts";
import { packetMarkdown } from "../../../release/packet-text.ts";
import { scopeOf } from "../../../release/scope.ts";
import { sealKeys } from "../../../release/seal.ts";
import { readReleaseSettings } from "../../../release/settings.ts";
import {
  evidenceFolder,
  readSnapshot,
  type Snapshot,
  snapshotsOf,
} from "../../../release/snapshot.ts";
import { verifyPacket } from "../../../release/verify.ts";
import { type CliContext, outputOf } from "../../context.ts";
import { exitCodes } from "../../exit-codes.ts";
import { oneLine } from "../../output.ts";

interface CreateOptions {
  readonly base: string;
  readonly snapshot?: readonly string[];
  readonly snapshots?: string;
  readonly gate?: string;
  readonly output?: string;
  readonly json?: boolean;
}

interface VerifyOptions {
  readonly head: string;
  readonly gate?: string;
  readonly snapshots?: string;
  /** Set to false by `--no-rerun`. */
  readonly rerun: boolean;
  readonly json?: boolean;
}

export function packetCommand(release: Command, context: CliContext): void {
  const packet = release
    .command("packet")
    .description("what a reviewer needs to know of a change, made and checked by machines");
  packet
    .command("create")
    .description("write the packet of the commit that is checked out, as JSON and Markdown")
    .option("--base <branch>", "branch that the change is for", "main")
    .option("--snapshot <file...>", "evidence; default: all snapshots of this commit")
    .option("--snapshots <folder>", "where they are; default: agent33/snapshots in git's folder")
    .option("--gate <file>", "a gate's verdict: verdict-GATE.json, as gate run keeps it")
    .option("--output <folder>", "default: agent33/packets in git's folder")
    .option("--json", "results as JSON for programs")
    .action((options: CreateOptions) => create(context, options));
  packet
    .command("verify")
    .description("whether a packet stands: the head's, unedited, and the same when run again")
    .argument("<file>", "packet.json")
    .option("--head <revision>", "what it must be of", "HEAD")
    .option("--snapshots <folder>", "where they are; default: agent33/snapshots in git's folder")
    .option("--gate <file>", "the gate's verdict, to compare with")
    .option("--no-rerun", "do not run the groups again")
    .option("--json", "results as JSON for programs")
    .action((file: string, options: VerifyOptions) => verify(context, file, options));
}

async function create(context: CliContext, options: CreateOptions): Promise<void> {
  const { host } = context;
  const output = outputOf(context, options);
  const git = await topOf(gitIn(host), host);
  const settings = readReleaseSettings(git.folder);
  const keys = sealKeys(settings, git.folder);
  const scope = await scopeOf(git, options.base, "HEAD");
  const named = options.snapshot?.map((file) => resolve(host.cwd, file));
  const folder = await snapshotFolder(git, context, options.snapshots);
  const snapshots = (named ?? snapshotsOf(folder, scope.head)).map(readSnapshot);
  const gate = verdictIn(context, options.gate);
  const changes = await changesOf(git, scope);
  const body = packetOf({ scope, changes, settings, keys, snapshots, gate, now: host.clock.now() });
  const sealed = seal(body, keys);
  const into =
    options.output === undefined
      ? join(await evidenceFolder(git), "packets", scope.head.slice(0, 12))
      : resolve(host.cwd, options.output);
  makeFolder(into);
  const mark = String(host.pid);
  putFile(join(into, "packet.json"), `${JSON.stringify(sealed, null, 2)}\n`, mark);
  putFile(join(into, "packet.md"), packetMarkdown(sealed), mark);
  const file = join(into, "packet.json");
  output.out(
    output.json
      ? JSON.stringify({ file, ...sealed })
      : [verdictText(body.problems), `risk ${body.risk.level}: ${file}`].join("\n"),
  );
  if (body.problems.length > 0) context.exit(exitCodes.refuted);
}

async function verify(context: CliContext, file: string, options: VerifyOptions): Promise<void> {
  const { host } = context;
  const output = outputOf(context, options);
  const packet = readPacket(resolve(host.cwd, file));
  const git = await topOf(gitIn(host), host);
  const settings = readReleaseSettings(git.folder);
  const folder = await snapshotFolder(git, context, options.snapshots);
  const problems = await verifyPacket(git, host, {
    packet,
    head: options.head,
    settings,
    keys: sealKeys(settings, git.folder),
    snapshots: readable(snapshotsOf(folder, packet.body.head)),
    gate: verdictIn(context, options.gate),
    rerun: options.rerun,
  });
  output.out(
    output.json ? JSON.stringify({ ok: problems.length === 0, problems }) : verdictText(problems),
  );
  if (problems.length > 0) context.exit(exitCodes.refuted);
}

function verdictIn(
  { host }: CliContext,
  file: string | undefined,
): ReturnType<typeof readGateVerdict> | undefined {
  return file === undefined ? undefined : readGateVerdict(resolve(host.cwd, file));
}

async function snapshotFolder(
  git: Git,
  { host }: CliContext,
  given: string | undefined,
): Promise<string> {
  return given === undefined
    ? join(await evidenceFolder(git), "snapshots")
    : resolve(host.cwd, given);
}

/** What is kept here only helps to say more: the packet's own digest and the new run decide. */
function readable(files: readonly string[]): readonly Sealed<Snapshot>[] {
  return files.flatMap((file) => {
    const read = attempt(() => readSnapshot(file));
    return read.ok ? [read.value] : [];
  });
}

function verdictText(problems: readonly string[]): string {
  if (problems.length === 0) return "pass: the packet stands";
  return [
    "REFUSED: the packet does not stand",
    ...problems.map((one) => `  ${oneLine(one, 500)}`),
  ].join("\n");
}
