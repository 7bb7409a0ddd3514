import { Agent33Error, messageOf } from "../base/errors.ts";
import { repeatedName } from "../base/repeated-name.ts";
import { type InputProblem, invalidRequest } from "./input.ts";

/**
 * The value of a request's body.
 * @param mostLevels arrays and objects within one another
 * @throws Agent33Error `api.not_json`, `api.too_deep`, `api.invalid_request`
 */
export function parseBody(text: string, mostLevels: number): unknown {
  checkDepth(text, mostLevels);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Agent33Error("api.not_json", `The body is not JSON: ${messageOf(cause)}`, {
      hint: "Send one JSON value as application/json.",
      cause,
    });
  }
  const twice = repeatedName(text);
  if (twice !== undefined) {
    const what = `the name ${JSON.stringify(twice)} stands twice in one object`;
    throw invalidRequest([{ where: "body", what }]);
  }
  const problem = unsafePart(value, "body");
  if (problem !== undefined) throw invalidRequest([problem]);
  return value;
}

/** Looked at before it is parsed, so that no depth costs more than its text. */
function checkDepth(text: string, mostLevels: number): void {
  let level = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === backslash) at += 1;
      else if (code === quote) inString = false;
    } else if (code === quote) inString = true;
    else if (code === openBracket || code === openBrace) {
      level += 1;
      if (level > mostLevels) throw tooDeep(mostLevels);
    } else if (code === closeBracket || code === closeBrace) level -= 1;
  }
}

const [quote, backslash] = [0x22, 0x5c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

function tooDeep(mostLevels: number): Agent33Error {
  return new Agent33Error(
    "api.too_deep",
    `The body has more than ${mostLevels} levels of arrays and objects.`,
    { hint: "Send flatter data, or raise serve.maxDepth.", details: { mostLevels } },
  );
}

/** What JSON allows and no part of the engine should have to bear. */
function unsafePart(value: unknown, where: string): InputProblem | undefined {
  if (typeof value === "string") return unsafeText(value, where);
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const found = unsafePart(item, `${where}.${index}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  for (const [name, member] of Object.entries(value)) {
    if (name === "__proto__" || (name === "constructor" && hasPrototype(member))) {
      return { where, what: `the name ${JSON.stringify(name)} is not taken` };
    }
    const found = unsafeText(name, where) ?? unsafePart(member, `${where}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function hasPrototype(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "prototype");
}

/** Text that not every store can hold. */
export function unsafeText(text: string, where: string): InputProblem | undefined {
  if (!text.isWellFormed()) return { where, what: "half of a surrogate pair is no text" };
  if (text.includes("\0")) return { where, what: "the character NUL is not taken" };
  return undefined;
}
