import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { egressGuardFile } from "../../../src/boundary/egress/guard.ts";
import { probes } from "./all.ts";
import type { Probe, ProbeReport } from "./probe.ts";

const program = fileURLToPath(new URL("probe-main.ts", import.meta.url));
/** Probes that one child tries, one after the other: most of the time goes into starting it. */
const perChild = 12;

/** Tries every probe in a child process that has the guard, and gives what came of each by name. */
export async function runProbes(): Promise<ReadonlyMap<string, ProbeReport>> {
  const found = new Map<string, ProbeReport>();
  const waiting = childGroups();
  const takeTurns = async (): Promise<void> => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      for (const line of await tryIn(group)) {
        const { name, ...report } = JSON.parse(line) as ProbeReport & { readonly name: string };
        found.set(name, report);
      }
    }
  };
  await Promise.all([takeTurns(), takeTurns()]);
  return found;
}

/** Probes with options of their own get a child of their own. */
function childGroups(): (readonly Probe[])[] {
  const plain = probes.filter((probe) => probe.flags === undefined);
  const groups = Array.from({ length: Math.ceil(plain.length / perChild) }, (_, index) =>
    plain.slice(index * perChild, (index + 1) * perChild),
  );
  return [...groups, ...probes.filter((probe) => probe.flags !== undefined).map((one) => [one])];
}

async function tryIn(group: readonly Probe[]): Promise<readonly string[]> {
  const flags = group.flatMap((probe) => probe.flags ?? []);
  const names = group.map((probe) => probe.name);
  const child = spawn(
    process.execPath,
    [...flags, "--require", egressGuardFile, program, ...names],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return output
    .trim()
    .split("\n")
    .filter((line) => line !== "");
}

/** What each probe must come to, as a table. */
export function matrixTable(reports: ReadonlyMap<string, ProbeReport>): string {
  const rows = probes.map(({ name, because = "" }) => {
    const { outside = "?", inside = "?" } = reports.get(name) ?? {};
    return `| ${name} | ${outside} | ${inside} | ${because} |`;
  });
  return [
    "| way out | outside of a call | inside | why |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
