import { tmpdir } from "node:os";
import type { z } from "zod";
import type { JsonValue } from "../base/json.ts";
import { isJsonObject, toJsonValue } from "../base/json.ts";
import { givenFolder } from "../engine/given-files.ts";
import type { Host } from "../engine/host.ts";

/**
 * The same without places of this machine: what stood in its folders stands in none. Whoever asks
 * from elsewhere can do nothing with these, and is not to learn how the machine is laid out.
 */
export function placeless<T extends JsonValue>(
  value: T,
  { cwd, env }: Pick<Host, "cwd" | "env">,
): T {
  const home = env["HOME"] ?? env["USERPROFILE"] ?? "";
  const given = new RegExp(`${RegExp.escape(givenFolder)}[^/\\\\\\s]+[/\\\\]`, "g");
  const staged = new RegExp(
    `${RegExp.escape(tmpdir())}[/\\\\]agent33-\\w+-[^/\\\\\\s]+[/\\\\](?:\\d+[/\\\\])?`,
    "g",
  );
  const places = [cwd, home].filter((place) => place.length > 1);
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
): z.input<S> {
  return placeless(toJsonValue(value), host) as z.input<S>;
}
