import type { CliContext } from "./context.ts";
import { oneLine } from "./output.ts";

/** How far something long is. */
interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total?: number;
}

const everyMs = 200;

/**
 * Shows progress on one line of a terminal, and nothing where nobody watches. `end` clears the line.
 */
export function progressOn(context: CliContext): {
  readonly show: (progress: Progress) => void;
  readonly end: () => void;
} {
  const { clock } = context.host;
  let last = Number.NEGATIVE_INFINITY;
  let shown = false;
  return {
    show: ({ phase, done, total }) => {
      if (!context.colours || clock.monotonic() - last < everyMs) return;
      last = clock.monotonic();
      shown = true;
      const share =
        total === undefined || total === 0 ? "" : ` ${Math.floor((100 * done) / total)} %`;
      const count = done.toLocaleString("en-US");
      context.writeError(
        `\r\u001b[K${oneLine(`${phase}${share} (${count})`, context.columns - 1)}`,
      );
    },
    end: () => {
      if (shown) context.writeError("\r\u001b[K");
    },
  };
}

/** Runs something long with its progress shown. */
export async function withProgress<T>(
  context: CliContext,
  work: (show: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  const progress = progressOn(context);
  try {
    return await work(progress.show);
  } finally {
    progress.end();
  }
}
