import type { DeclaredRunner } from "../commands/declared.ts";
import { judgeProbe, type ProbeFindings } from "./judge-probe.ts";
import { folderWord, type Probe } from "./surface-form.ts";
import type { ProbeVerdict, SurfaceReport } from "./surface-report.ts";

/** What probes are run with. */
export interface ProbeParts {
  readonly declared: DeclaredRunner;
  /** Makes an empty folder for one probe. */
  readonly scratch: () => Promise<{
    readonly path: string;
    readonly remove: () => Promise<void>;
  }>;
}

/** Which probes are run, and how. */
export interface ProbeRun {
  /** Absolute; where the file is, and where commands are started. */
  readonly root: string;
  readonly probes: readonly Probe[];
  readonly mode: SurfaceReport["mode"];
  /** How many at once. */
  readonly parallel: number;
  readonly signal?: AbortSignal;
  readonly onEnd?: (verdict: ProbeVerdict) => void;
}

/** Runs probes, each in a folder of its own. @returns in the order of the probes */
export async function runProbes(
  parts: ProbeParts,
  run: ProbeRun,
): Promise<readonly ProbeVerdict[]> {
  const verdicts = new Map<Probe, ProbeVerdict>();
  const waiting = [...run.probes];
  const work = async (): Promise<void> => {
    for (let probe = waiting.shift(); probe !== undefined; probe = waiting.shift()) {
      const verdict = await runProbe(parts, run, probe);
      verdicts.set(probe, verdict);
      run.onEnd?.(verdict);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, run.parallel) }, work));
  return run.probes.flatMap((probe) => verdicts.get(probe) ?? []);
}

async function runProbe(
  { declared, scratch }: ProbeParts,
  { root, mode, signal }: ProbeRun,
  probe: Probe,
): Promise<ProbeVerdict> {
  const { id, promise, owner } = probe;
  const verdict = (durationMs: number, problems: readonly string[], output: string) => {
    const outcome = problems.length === 0 ? ("met" as const) : ("missed" as const);
    return { id, promise, owner, outcome, durationMs, problems: [...problems], output };
  };
  if (mode === "sabotaged" && probe.sabotage === undefined) {
    return verdict(0, ["it says no sabotage, so that nobody knows whether it can fail"], "");
  }
  const folder = await scratch();
  try {
    const [program, ...words] = [...probe.run, ...(mode === "sabotaged" ? [probe.sabotage] : [])]
      .flat()
      .map((word) => (word ?? "").replaceAll(folderWord, folder.path));
    const result = await declared([program ?? "", ...words], {
      cwd: root,
      env: {},
      timeoutMs: probe.timeout_seconds * 1_000,
      ...(signal === undefined ? {} : { signal }),
    });
    const found = judgeProbe(probe, result, folder.path);
    const problems = mode === "promised" ? promisedProblems(found) : sabotageProblems(found);
    return verdict(
      Math.round(result.durationMs),
      problems,
      problems.length === 0 ? "" : result.output,
    );
  } finally {
    await folder.remove();
  }
}

const promisedProblems = ({ end, unreadable, missed }: ProbeFindings): readonly string[] => [
  ...end,
  ...unreadable,
  ...missed,
];

/** A probe that broke down by itself has not shown that it sees what was spoilt. */
function sabotageProblems({ end, unreadable, missed }: ProbeFindings): readonly string[] {
  if (unreadable.length > 0 || (missed.length === 0 && end.length > 0)) {
    return [...end, ...unreadable, "so that it did not get as far as to see what was spoilt"];
  }
  return missed.length > 0 ? [] : ["it sees all that is expected though it was sabotaged"];
}
