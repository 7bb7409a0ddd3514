import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Agent33Error, messageOf } from "../../base/errors.ts";
import type { Host } from "../host.ts";

/** Behind a variable's name: its value is in the file that is named. The form of container images. */
const ending = "__FILE";
/** More than any key or certificate has, in bytes. */
const mostBytes = 65_536;

/**
 * What the environment gives by files: `NAME__FILE` names the file that holds the value of `NAME`.
 * One line end at its end is not part of it.
 * @throws Agent33Error `secrets.bad_file` where a file cannot be read, is too long or is empty, or where
 * the variable stands there too
 */
export function secretsInFiles({
  env,
  cwd,
}: Pick<Host, "env" | "cwd">): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [variable, path = ""] of Object.entries(env)) {
    const name = variable.slice(0, -ending.length);
    if (!variable.endsWith(ending) || name === "" || path.trim() === "") continue;
    if ((env[name] ?? "").trim() !== "") {
      throw badFile(`${name} and ${variable} are both set.`, "Leave one of them away.");
    }
    found.set(name, valueIn(variable, resolve(cwd, path)));
  }
  return found;
}

function valueIn(variable: string, path: string): string {
  let value: string;
  try {
    const { size } = statSync(path);
    if (size > mostBytes) {
      throw badFile(
        `The file ${path} that ${variable} names has ${size} bytes.`,
        `A secret has at most ${mostBytes}: name the file that holds it alone.`,
      );
    }
    value = readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    if (cause instanceof Agent33Error) throw cause;
    throw badFile(
      `The file ${path} that ${variable} names cannot be read: ${messageOf(cause)}.`,
      "Name a file that whoever runs agent33 can read, or leave the variable away.",
      cause,
    );
  }
  if (value.trim() !== "") return value;
  throw badFile(`The file ${path} that ${variable} names is empty.`, "Write the secret into it.");
}

function badFile(message: string, hint: string, cause?: unknown): Agent33Error {
  return new Agent33Error("secrets.bad_file", message, { hint, cause });
}
