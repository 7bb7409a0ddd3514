import { constants } from "node:os";
import type { SandboxResult } from "../../sandbox/sandbox.ts";
import type { ToolOutput } from "../../tools/tool.ts";

/** What the signals that a limit sends mean. */
const limitSignals: Readonly<Record<string, string>> = {
  SIGXCPU: "it used up its processor time",
  SIGXFSZ: "a file grew beyond the limit",
  SIGKILL: "it was killed, perhaps for its memory",
};

/**
 * A command's end as the model reads it: how it ended, then what it wrote. A command that fails is
 * an error of the tool, whose text is the answer.
 */
export function renderResult(result: SandboxResult, timeoutSeconds: number): ToolOutput {
  const parts = [
    `${ending(result, timeoutSeconds)} (${(result.durationMs / 1_000).toFixed(1)} s)`,
    ...part("stdout", result.stdout),
    ...part("stderr", result.stderr),
    ...(result.stdout === "" && result.stderr === "" ? ["It wrote nothing."] : []),
    ...(result.truncated
      ? ["Output is left out where the text says so. Write it to a file to see more of it."]
      : []),
  ];
  return {
    content: parts.join("\n"),
    isError: result.timedOut || result.exitCode !== 0,
    structured: {
      exitCode: result.exitCode,
      timedOut: result.timedOut,
      truncated: result.truncated,
      durationMs: Math.round(result.durationMs),
    },
  };
}

function ending({ exitCode, signal, timedOut }: SandboxResult, timeoutSeconds: number): string {
  if (timedOut) {
    return `Ended after ${timeoutSeconds} s, its time limit, with all that it had started. Give a longer timeout_seconds if it needs more`;
  }
  if (exitCode === null) return `Ended from outside by ${signal ?? "a signal"}`;
  const name = signalOf(exitCode);
  if (name === undefined) return `Exit code ${exitCode}`;
  const meaning = limitSignals[name];
  return `Exit code ${exitCode}, as after ${name}${meaning === undefined ? "" : `: ${meaning}`}`;
}

/** Shells and bubblewrap report a signal as 128 and its number. */
function signalOf(exitCode: number): string | undefined {
  const number = exitCode - 128;
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

function part(name: string, text: string): readonly string[] {
  return text === "" ? [] : [`--- ${name}`, text.replace(/\n$/, "")];
}
