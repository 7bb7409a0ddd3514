import { join } from "node:path";
import type { Random } from "../../../src/base/random.ts";
import { DiskImage, type Cut } from "../../support/disk/image.ts";
import { type DiskOperation, readTrace } from "../../support/disk/trace.ts";
import { oneOf } from "../store-bench.ts";
import type { Story } from "./story.ts";

/** A disk as a cut of the power left it. */
export interface CutState {
  /** How many operations came before. */
  readonly after: number;
  readonly cut: Cut;
  /** The folder that has it. */
  readonly folder: string;
  /** The lines that the programs had said. */
  readonly said: ReadonlySet<string>;
  /** Those that were said before the last flush of the journal. */
  readonly promised: ReadonlySet<string>;
}

const shares = [0, 0.5, 0.9, 1] as const;

function cutOf(random: Random): Cut {
  return {
    share: oneOf(random, shares),
    names: oneOf(random, ["first", "any"]),
    namesShare: oneOf(random, shares),
  };
}

export interface CutOptions {
  readonly story: Story;
  readonly random: Random;
  readonly states: number;
  readonly into: string;
  /** The planted fault: no folder is ever flushed. */
  readonly ignoresFolders?: boolean;
}

/**
 * Cuts the power at moments of a story, one after the other, half of them right after something was
 * acknowledged.
 * @throws Error where something has passed the trace by
 */
export async function eachCut(
  { story, random, states, into, ignoresFolders = false }: CutOptions,
  look: (state: CutState) => Promise<void>,
): Promise<void> {
  const operations = readTrace(story.trace);
  const image = new DiskImage(story.before, { random, ignoresFolders });
  const moments = momentsOf(operations, random, states);
  const said = new Set<string>();
  let promised: ReadonlySet<string> = new Set();
  const segments = new Set<number>();
  const folder = join(into, "state");
  for (const [index, operation] of operations.entries()) {
    image.apply(operation);
    const { kind, file, path, bytes } = operation;
    if (kind === "said") for (const line of linesOf(bytes)) said.add(line);
    if (kind === "create" && path.endsWith(".jsonl")) segments.add(file);
    if (kind === "sync" && segments.has(file)) promised = new Set(said);
    for (let times = moments.get(index) ?? 0; times > 0; times -= 1) {
      const cut = cutOf(random);
      image.cutInto(folder, random, cut);
      await look({ after: index + 1, cut, folder, said, promised });
    }
  }
  const passedBy = image.differences(story.disk);
  if (passedBy.length > 0) throw new Error(`Not in the trace: ${passedBy.join(", ")}`);
}

/** How often to cut after which operation. */
function momentsOf(
  operations: readonly DiskOperation[],
  random: Random,
  states: number,
): ReadonlyMap<number, number> {
  const told = operations.flatMap(({ kind }, index) => (kind === "said" ? [index] : []));
  const moments = new Map<number, number>();
  for (let number = 0; number < states; number += 1) {
    const drawn = Math.floor(random.next() * operations.length);
    const moment =
      told.length > 0 && random.next() < 0.5 ? (told[drawn % told.length] ?? drawn) : drawn;
    moments.set(moment, (moments.get(moment) ?? 0) + 1);
  }
  return moments;
}

function linesOf(bytes: Buffer): readonly string[] {
  return bytes
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
}
