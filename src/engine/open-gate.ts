import { dirname, resolve } from "node:path";
import { gateNamed, readGates, tasksOfGate } from "../evaluation/gates/gates-file.ts";
import type { Gate } from "../evaluation/gates/gates-form.ts";
import { type GoldenTask, loadGolden } from "../evaluation/gates/golden-tasks.ts";
import { type OpenSurface, openSurface, surfaceFile } from "./capability-surface.ts";
import type { Host } from "./host.ts";

/** A gate of a file, with its golden tasks as they are on the disk now. */
export interface OpenGate {
  /** The gates file, as an absolute path. */
  readonly file: string;
  readonly name: string;
  readonly gate: Gate;
  readonly golden: readonly GoldenTask[];
  /** Where it asks for a capability surface. */
  readonly surface?: OpenSurface;
}

/**
 * Opens a gate.
 * @param file from where the host is
 * @throws Agent33Error `evaluation.gates_*`, `evaluation.unknown_gate`, `evaluation.duplicate_task`,
 * `evaluation.task_*`, `evaluation.surface_*`
 */
export async function openGate(
  host: Pick<Host, "cwd">,
  file: string,
  name: string,
): Promise<OpenGate> {
  const path = resolve(host.cwd, file);
  const gates = readGates(path);
  const gate = gateNamed(gates, name);
  // Before hours of trials: what cannot be read is told now.
  const surface =
    gate.surface === undefined
      ? undefined
      : openSurface({ cwd: dirname(path) }, gate.surface === true ? surfaceFile : gate.surface);
  return {
    file: path,
    name,
    gate,
    golden: await loadGolden(tasksOfGate(gates, gate), dirname(path)),
    ...(surface === undefined ? {} : { surface }),
  };
}
