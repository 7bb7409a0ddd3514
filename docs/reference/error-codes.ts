import { isName, isSign, partsOf, type Token, tokensOf } from "./tokens.ts";

/** One source: its path below `src`, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** A stable code, and what the sources say where they make an error with it. */
export interface ErrorCode {
  readonly code: string;
  /** Folders below `src` in which it is made. */
  readonly rooms: readonly string[];
  readonly messages: readonly string[];
  readonly hints: readonly string[];
}

/** A place that makes an error. */
interface Sighting {
  readonly code: string;
  readonly path: string;
  readonly message?: string;
  readonly hints: readonly string[];
}

/** A function of the sources that makes a code from one of its parameters. */
interface Helper {
  readonly name: string;
  /** What stands before the parameter in the code: `policy.`. */
  readonly prefix: string;
  readonly codeAt: number;
  /** The parameter named `hint`; -1 where there is none. */
  readonly hintAt: number;
}

const errorCode = /^[a-z]+\.[a-z][a-z0-9_]*$/;

/**
 * Every stable code in the sources: what is passed to the errors' constructors, by hand or through
 * a helper, and what stands in tables under a name such as `code`.
 * @param kinds the boundary's codes without `boundary.`
 * @throws Error for a constructor whose code cannot be read off the text
 */
export function collectErrorCodes(
  sources: readonly Source[],
  kinds: readonly string[],
): readonly ErrorCode[] {
  const files = sources.map(({ path, text }) => ({ path, tokens: tokensOf(text) }));
  const helpers = files.flatMap(({ tokens }) => helpersIn(tokens));
  const made = files.flatMap(({ path, tokens }) => constructed(path, tokens, kinds));
  const rooms = new Set(made.map(({ code }) => code.split(".")[0]));
  const isCode = (text: string): boolean =>
    errorCode.test(text) && rooms.has(text.split(".")[0] ?? "");
  const passed = files.flatMap(({ path, tokens }) => [
    ...passedOn(path, tokens, isCode, kinds),
    ...throughHelpers(path, tokens, helpers),
  ]);
  const none = kinds.map((kind): Sighting => ({ code: `boundary.${kind}`, path: "", hints: [] }));
  return merge([...made, ...passed, ...none]);
}

/** `new Agent33Error(code, message, { hint })`, and the same with `BoundaryError`. */
function constructed(
  path: string,
  tokens: readonly Token[],
  kinds: readonly string[],
): readonly Sighting[] {
  return tokens.flatMap((token, at): readonly Sighting[] => {
    if (!isName(token, "new") || !isSign(tokens[at + 2], "(")) return [];
    const name = tokens[at + 1]?.value;
    if (name !== "Agent33Error" && name !== "BoundaryError") return [];
    const [code = [], message = [], options = []] = partsOf(tokens, at + 2);
    const said = { path, ...messageOf(message), hints: hintsIn(options) };
    if (name === "Agent33Error")
      return codesOf(code, tokens, path).map((known) => ({ code: known, ...said }));
    const texts = code.filter(({ kind, value }) => kind === "text" && kinds.includes(value));
    return texts.map(({ value }) => ({ code: `boundary.${value}`, ...said }));
  });
}

/** The codes that an argument stands for; none where it was made elsewhere and is only carried. */
function codesOf(
  argument: readonly Token[],
  tokens: readonly Token[],
  path: string,
): readonly string[] {
  const [first] = argument;
  if (first?.kind === "text" && argument.length === 1) {
    const [hole] = first.holes;
    if (hole === undefined) return [first.value];
    return membersOf(hole, tokens).map((member) => first.value.replace("…", member));
  }
  if (/^(?:code|.*Code)$/.test(argument.at(-1)?.value ?? "")) return [];
  const text = argument.map(({ value }) => value).join("");
  throw new Error(`${path}: the code "${text}" cannot be read off the text.`);
}

/** The members of the union that a parameter or a named type is declared as. */
function membersOf(name: string, tokens: readonly Token[]): readonly string[] {
  for (const [at, token] of tokens.entries()) {
    if (!isName(token, name)) continue;
    const declared = isSign(tokens[at + 1], ":") || isSign(tokens[at + 1], "=");
    if (!declared) continue;
    const members = unionAt(tokens, at + 2);
    if (members.length > 0) return members;
    const type = tokens[at + 2];
    if (type?.kind === "name" && /^[A-Z]/.test(type.value)) return membersOf(type.value, tokens);
  }
  throw new Error(`There is no union of texts for "${name}".`);
}

function unionAt(tokens: readonly Token[], from: number): readonly string[] {
  const members: string[] = [];
  for (const token of tokens.slice(from)) {
    if (token.kind === "text") members.push(token.value);
    else if (!isSign(token, "|")) break;
  }
  return members;
}

/** Codes as a first argument of any function, and in tables. */
function passedOn(
  path: string,
  tokens: readonly Token[],
  isCode: (text: string) => boolean,
  kinds: readonly string[],
): readonly Sighting[] {
  const knowsBoundary = tokens.some((token) => isName(token, "BoundaryError"));
  return tokens.flatMap((token, at): readonly Sighting[] => {
    if (token.kind !== "text") return [];
    const [key, mark] = [tokens[at - 2], tokens[at - 1]];
    if (isSign(mark, "(") && key?.kind === "name" && isCode(token.value)) {
      const [, message = []] = partsOf(tokens, at - 1);
      const argument = isSign(tokens[at + 1], ",") && key.value !== "Agent33Error";
      return argument ? [{ code: token.value, path, ...messageOf(message), hints: [] }] : [];
    }
    if (!isSign(mark, ":") || !/^(?:kind|code|\w+Code)$/.test(key?.value ?? "")) return [];
    const row = rowFrom(tokens, at);
    if (isName(key, "kind")) {
      // A row of a connector's own table of foreign errors.
      if (!knowsBoundary || !row.keys.includes("says") || !kinds.includes(token.value)) return [];
      return [{ code: `boundary.${token.value}`, path, hints: row.hints }];
    }
    const inTable = isName(key, "code")
      ? row.keys.includes("hint")
      : /\w+Code$/.test(key?.value ?? "");
    return inTable && isCode(token.value) ? [{ code: token.value, path, ...row }] : [];
  });
}

function helpersIn(tokens: readonly Token[]): readonly Helper[] {
  return tokens.flatMap((token, at): readonly Helper[] => {
    const [name, open] = [tokens[at + 1], tokens[at + 2]];
    if (!isName(token, "function") || name === undefined || !isSign(open, "(")) return [];
    const names = partsOf(tokens, at + 2).map(([first]) => first?.value ?? "");
    const end = tokens.findIndex((later, place) => place > at && isName(later, "function"));
    const body = tokens.slice(at, end === -1 ? undefined : end);
    const made = body.findIndex((inside) => isName(inside, "Agent33Error"));
    const code = body.slice(made).find(({ kind }) => kind === "text");
    const codeAt = names.indexOf(code?.holes[0] ?? "");
    if (made === -1 || code === undefined || codeAt === -1 || !/^[a-z]+\.…$/.test(code.value))
      return [];
    const prefix = code.value.slice(0, -1);
    return [{ name: name.value, prefix, codeAt, hintAt: names.indexOf("hint") }];
  });
}

function throughHelpers(
  path: string,
  tokens: readonly Token[],
  helpers: readonly Helper[],
): readonly Sighting[] {
  return tokens.flatMap((token, at): readonly Sighting[] => {
    const helper = helpers.find(({ name }) => isName(token, name));
    if (helper === undefined || !isSign(tokens[at + 1], "(")) return [];
    const given = partsOf(tokens, at + 1);
    const code = given[helper.codeAt];
    const [only] = code ?? [];
    if (code?.length !== 1 || only?.kind !== "text") return [];
    const hint = helper.hintAt === -1 ? [] : (given[helper.hintAt] ?? []);
    return [{ code: `${helper.prefix}${only.value}`, path, hints: sentencesIn(hint) }];
  });
}

function messageOf(argument: readonly Token[]): { readonly message?: string } {
  const [first] = argument;
  return first?.kind === "text" && argument.length === 1 ? { message: first.value } : {};
}

/** The literal hints of an options object. */
function hintsIn(options: readonly Token[]): readonly string[] {
  return isSign(options[0], "{") ? rowOf(partsOf(options, 0)).hints : [];
}

interface Row {
  readonly keys: readonly string[];
  readonly message?: string;
  readonly hints: readonly string[];
}

/** What is left of the object that a place lies in. */
function rowFrom(tokens: readonly Token[], at: number): Row {
  // Nothing is skipped: what is handed over begins with the value and takes the bracket's place.
  return rowOf(partsOf(tokens, at));
}

function rowOf(properties: readonly (readonly Token[])[]): Row {
  const valueOf = (name: string): readonly Token[] => {
    const found = properties.find(([key, colon]) => isName(key, name) && isSign(colon, ":"));
    return found?.slice(2) ?? [];
  };
  const keys = properties.flatMap(([key]) => (key?.kind === "name" ? [key.value] : []));
  return { keys, ...messageOf(valueOf("what")), hints: sentencesIn(valueOf("hint")) };
}

/** Texts with more than one word: a hint is a sentence, what it is chosen by is not. */
function sentencesIn(expression: readonly Token[]): readonly string[] {
  return expression.flatMap(({ kind, value }) =>
    kind === "text" && value.includes(" ") ? [value] : [],
  );
}

function merge(sightings: readonly Sighting[]): readonly ErrorCode[] {
  const byCode = Map.groupBy(sightings, ({ code }) => code);
  const sorted = [...byCode].sort(([one], [other]) => (one < other ? -1 : 1));
  return sorted.map(([code, places]) => ({
    code,
    rooms: unique(places.map(({ path }) => path.split("/").slice(0, -1).join("/") || path)),
    messages: unique(places.flatMap(({ message }) => message ?? [])),
    hints: unique(places.flatMap(({ hints }) => hints)),
  }));
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].filter((text) => text !== "").sort();
}
