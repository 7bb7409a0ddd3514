import { tmpdir } from "node:os";
import { resolve } from "node:path";
import type { z } from "zod";
import type { JsonValue } from "../base/json.ts";
import { isJsonObject, toJsonValue } from "../base/json.ts";
import type { Config } from "../config/config.ts";
import { givenFolder } from "../engine/given-files.ts";
import type { Host } from "../engine/host.ts";

/**
 * The same without places of this machine: what stood in its folders stands in none. Whoever asks
 * from elsewhere can do nothing with these, and is not to learn how the machine is laid out.
 * @param others more places, absolute
 */
export function placeless<T extends JsonValue>(
  value: T,
  { cwd, env }: Pick<Host, "cwd" | "env">,
  others: readonly string[] = [],
): T {
  const home = env["HOME"] ?? env["USERPROFILE"] ?? "";
  const given = new RegExp(`${RegExp.escape(givenFolder)}[^/\\\\\\s]+[/\\\\]`, "g");
  const staged = new RegExp(
    `${RegExp.escape(tmpdir())}[/\\\\]agent33-\\w+-[^/\\\\\\s]+[/\\\\](?:\\d+[/\\\\])?`,
    "g",
  );
  // A place within another one comes first, else only the outer one would be taken out.
  const places = [...others, cwd, home]
    .filter((place) => place.length > 1)
    .toSorted((one, other) => other.length - one.length);
  const inText = (text: string): string =>
    places.reduce(
      (shown, place) => shown.replaceAll(`${place}/`, "").replaceAll(place, "."),
      text.replaceAll(given, "").replaceAll(staged, ""),
    );
  const inValue = (part: JsonValue): JsonValue => {
    if (typeof part === "string") return inText(part);
    if (Array.isArray(part)) return part.map((item: JsonValue) => inValue(item));
    if (!isJsonObject(part)) return part;
    return Object.fromEntries(
      Object.entries(part).map(([name, member]) => [name, inValue(member)]),
    );
  };
  return inValue(value) as T;
}

/**
 * What the engine made as an answer of this form, without places of this machine. That it has the
 * form is seen where answers are held against their schemas.
 */
export function shownAs<S extends z.ZodType>(
  _form: S,
  value: unknown,
  host: Pick<Host, "cwd" | "env">,
  others: readonly string[] = [],
): z.input<S> {
  return placeless(toJsonValue(value), host, others) as z.input<S>;
}

/** The folders that the settings name, which may lie anywhere. */
export function settingsPlaces(
  { settings }: Pick<Config, "settings">,
  { cwd }: Pick<Host, "cwd">,
): readonly string[] {
  const { data, backup, journal, serve } = settings;
  const { tasks, jobs } = serve.evaluations;
  const served = [...serve.workspaces, ...Object.values(tasks), jobs, serve.releases];
  const named = [data, backup.folder, journal.folder, ...served];
  return named.flatMap((place) => (place === undefined ? [] : [resolve(cwd, place)]));
}
