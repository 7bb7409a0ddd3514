import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { runProbes } from "../evaluation/surface/run-probes.ts";
import { probesNamed, readSurface, surfaceFile } from "../evaluation/surface/surface-file.ts";
import type { Surface } from "../evaluation/surface/surface-form.ts";
import {
  ctrfSurface,
  markdownSurface,
  type ProbeVerdict,
  type SurfaceReport,
} from "../evaluation/surface/surface-report.ts";
import type { Host } from "./host.ts";
import { releaseCommands } from "./release-commands.ts";

export { surfaceFile };
export type { ProbeVerdict, SurfaceReport };

/** A surface file as it is on the disk now. */
export interface OpenSurface {
  /** Absolute. */
  readonly path: string;
  readonly surface: Surface;
}

/** How its probes are run. */
export interface SurfaceRun {
  /** Probes' ids; none stands for all. */
  readonly names?: readonly string[];
  readonly mode?: SurfaceReport["mode"];
  /** How many at once. */
  readonly parallel?: number;
  readonly signal?: AbortSignal;
  readonly onEnd?: (verdict: ProbeVerdict) => void;
}

/** Each probe starts processes of its own, and is to be no slower for its neighbours. */
export const usualParallel = 2;

/**
 * Opens a surface file.
 * @param file from where the host is
 * @throws Agent33Error `evaluation.surface_unreadable`, `evaluation.surface_malformed`
 */
export function openSurface(host: Pick<Host, "cwd">, file: string): OpenSurface {
  const path = resolve(host.cwd, file);
  return { path, surface: readSurface(path) };
}

/**
 * Runs the probes of a surface as declared commands are run: started by the sandbox's room, with an
 * environment of their own, each with an empty folder.
 * @throws Agent33Error `evaluation.unknown_probe`
 */
export async function runSurface(
  host: Pick<Host, "clock" | "env" | "nodePath">,
  { path, surface }: OpenSurface,
  run: SurfaceRun = {},
): Promise<SurfaceReport> {
  const { names = [], mode = "promised", parallel = usualParallel, signal, onEnd } = run;
  const probes = probesNamed(surface, names);
  const { declared } = releaseCommands(host);
  const startedAt = host.clock.now();
  const began = host.clock.monotonic();
  const verdicts = await runProbes(
    { declared, scratch },
    {
      root: dirname(path),
      probes,
      mode,
      parallel,
      ...(signal === undefined ? {} : { signal }),
      ...(onEnd === undefined ? {} : { onEnd }),
    },
  );
  return {
    format: "agent33-surface/1",
    file: path,
    mode,
    outcome: verdicts.every(({ outcome }) => outcome === "met") ? "passed" : "failed",
    startedAt,
    durationMs: Math.round(host.clock.monotonic() - began),
    probes: [...verdicts],
    notRun: surface.probes.filter((probe) => !probes.includes(probe)).map(({ id }) => id),
  };
}

async function scratch() {
  const path = await mkdtemp(join(tmpdir(), "agent33-probe-"));
  // What still runs in the background may write a last file while the folder is emptied.
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** The forms of a gate's verdict and of a surface's report. */
export type VerdictFormat = "markdown" | "json" | "ctrf";

/** A report in one of its forms. */
export function renderSurface(report: SurfaceReport, format: VerdictFormat): string {
  switch (format) {
    case "markdown":
      return markdownSurface(report);
    case "ctrf":
      return `${JSON.stringify(ctrfSurface(report), null, 2)}\n`;
    case "json":
      return `${JSON.stringify(report, null, 2)}\n`;
  }
}
