import { Agent33Error } from "../base/errors.ts";
import { isJsonObject, type JsonObject } from "../base/json.ts";
import { suggestName } from "../base/nearest.ts";
import { attempt } from "../base/result.ts";

/** Wrong words on the command line; the program exits with 64. */
export function usageError(message: string, hint: string): Agent33Error {
  return new Agent33Error("cli.usage", message, { hint });
}

/** Collects an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** A parser for an option that takes a whole number above 0. */
export function wholeNumber(
  flag: string,
  most = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text.trim()) && value > 0 && value <= most) return value;
    const upTo = most === Number.MAX_SAFE_INTEGER ? "" : ` and up to ${most}`;
    throw usageError(
      `${flag} takes a whole number above 0${upTo}, not "${text}".`,
      `For example ${flag} 20`,
    );
  };
}

/** A parser for a place in a list, counted from 0. */
export function placeNumber(what: string): (text: string) => number {
  return (text) => {
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw usageError(`${what} is a whole number from 0, not "${text}".`, "The first is 0.");
  };
}

/** A parser for an option that takes a number within bounds. */
export function numberWithin(flag: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= least && value <= most) return value;
    throw usageError(
      `${flag} takes a number from ${least} to ${most}, not "${text}".`,
      `For example ${flag} ${(least + most) / 2}`,
    );
  };
}

/** A parser for an option that takes one word of a list. */
export function oneWord<const Word extends string>(
  flag: string,
  known: readonly Word[],
): (text: string) => Word {
  return (text) => {
    const found = known.find((word) => word === text);
    if (found !== undefined) return found;
    throw usageError(`${flag} does not know "${text}".`, suggestName(text, known));
  };
}

/** A parser for an option that must say something. */
export function someText(flag: string): (text: string) => string {
  return (text) => {
    if (text.trim() !== "") return text;
    throw usageError(`${flag} is empty.`, `Put the text in quotes: ${flag} "…"`);
  };
}

/**
 * A parser for an option that is given several times, each with a name and a value.
 * @param example one of them: `IM-01=12`
 */
export function namedValue(
  flag: string,
  example: string,
): (text: string, earlier?: readonly NamedValue[]) => readonly NamedValue[] {
  return (text, earlier = []) => {
    const at = text.indexOf("=");
    const name = text.slice(0, Math.max(0, at)).trim();
    if (name === "") {
      throw usageError(`${flag} takes a name and a value, not "${text}".`, `${flag} ${example}`);
    }
    if (earlier.some((one) => one.name === name)) {
      throw usageError(`${flag} names "${name}" twice.`, "Give each name once.");
    }
    return [...earlier, { name, value: text.slice(at + 1) }];
  };
}

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** A parser for an option that takes a JSON object. */
export function jsonObject(flag: string): (text: string) => JsonObject {
  return (text) => {
    const parsed = attempt((): unknown => JSON.parse(text));
    if (parsed.ok && isJsonObject(parsed.value)) return parsed.value;
    throw usageError(`${flag} takes a JSON object, not ${text}`, `${flag} '{"path":"a.txt"}'`);
  };
}

/** A word as a POSIX shell reads it, for commands to be pasted. */
export function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A parser for an option that takes a length of time, as 30s, 10m, 2h or 1d. Milliseconds. */
export function duration(flag: string): (text: string) => number {
  return (text) => {
    const found = /^([1-9]\d{0,5})([smhd])$/.exec(text.trim());
    const unit = (["s", "m", "h", "d"] as const).find((one) => one === found?.[2]);
    if (unit !== undefined) return Number(found?.[1]) * unitsMs[unit];
    throw usageError(
      `${flag} takes a time, not "${text}".`,
      `Write it as ${flag} 30s, 10m, 2h or 1d.`,
    );
  };
}
