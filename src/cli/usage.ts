import { Agent33Error } from "../base/errors.ts";

/** Wrong words on the command line; the program exits with 64. */
export function usageError(message: string, hint: string): Agent33Error {
  return new Agent33Error("cli.usage", message, { hint });
}

/** Collects an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** A parser for an option that takes a whole number above 0. */
export function wholeNumber(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text.trim()) && Number.isSafeInteger(value) && value > 0) return value;
    throw usageError(
      `${flag} takes a whole number above 0, not "${text}".`,
      `For example ${flag} 20`,
    );
  };
}
