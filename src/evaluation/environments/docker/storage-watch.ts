import type { Clock } from "../../../base/clock.ts";
import { Agent33Error } from "../../../base/errors.ts";
import type { DockerCli } from "./docker-cli.ts";

const lookEveryMs = 5_000;
const bytesOfMb = 1024 * 1024;

export interface StorageWatch {
  readonly id: string;
  readonly limitMb: number;
  readonly cli: DockerCli;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onExceeded: (error: Agent33Error) => Promise<void>;
}

/**
 * Looks every few seconds at what a container has written, until the signal aborts or it is too much,
 * which is told once. Docker's own limit exists on some file systems only.
 */
export async function watchStorage(watch: StorageWatch): Promise<void> {
  const { id, limitMb, cli, clock, signal, onExceeded } = watch;
  const args = ["container", "inspect", "--size", "--format", "{{.SizeRw}}", id];
  while (!signal.aborted) {
    await clock.sleep(lookEveryMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    const { end, stdout } = await cli.run(args, { signal });
    // What cannot be looked at now may be at the next look; the command that needs it will say.
    if (end.kind !== "exited" || end.status.code !== 0) continue;
    const usedMb = Number(stdout.trim()) / bytesOfMb;
    if (!(usedMb > limitMb)) continue;
    await onExceeded(
      new Agent33Error(
        "evaluation.storage_exceeded",
        `The trial was ended, because it took ${Math.round(usedMb)} MB of ${Math.round(limitMb)} MB.`,
        { hint: "Raise [environment].storage_mb, or see what fills the disk." },
      ),
    );
    return;
  }
}
