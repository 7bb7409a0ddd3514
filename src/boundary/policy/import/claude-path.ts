import { err, ok, type Result } from "../../../base/result.ts";
import type { DecisionEffect } from "../../types.ts";
import type { Refusal } from "./imported-pack.ts";

/**
 * What stands in the brackets of `Read(…)` and `Edit(…)`, as a condition: a line of a `.gitignore` in
 * the folder of the project, which is the workspace here.
 * Source: https://code.claude.com/docs/en/permissions, gitignore(5).
 */
export function pathCondition(text: string, effect: DecisionEffect): Result<string, Refusal> {
  const why = unsaid(text);
  if (why !== undefined) {
    return err({
      message: `the specifier "${text}" cannot be said: ${why}`,
      hint: "Write it by folders and *, or take the rule out.",
    });
  }
  const bare = text.replace(/^\.\//, "");
  // Whether ./name is any file of that name or only the one here is read differently: the narrower
  // one is allowed, the wider one denied.
  const isNarrow = effect === "allow" && bare !== text && !bare.includes("/");
  return ok(`args.path.pathLike(${JSON.stringify(isNarrow ? `/${bare}` : bare)})`);
}

function unsaid(text: string): string | undefined {
  if (text.startsWith("//") || text.startsWith("~")) {
    return "the workspace tools know paths below the workspace, and reach no others.";
  }
  if (text.startsWith("!")) return "packs have no exceptions within a rule.";
  if (/[?[\]\\]/.test(text)) return "paths know * and **, not ?, classes and backslashes.";
  const names = text.replace(/^\.?\//, "").split("/");
  if (names.some((name) => name === ".." || name === ".")) return "it leads up or nowhere.";
  return names.every((name) => name === "") ? "it names no file." : undefined;
}
