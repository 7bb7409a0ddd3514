import { globMatcher } from "../base/glob.ts";

/** Who owns a path; nobody where no line of the file fits. */
export type OwnersOf = (path: string) => readonly string[];

/** Where GitHub looks for the file, in its order. */
export const codeownersPlaces = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"] as const;

/**
 * Reads a CODEOWNERS file: the last line that fits decides, and one without owners takes them away
 * (docs.github.com, "About code owners"). Patterns are those of gitignore without `!` and ranges.
 */
export function codeowners(text: string): OwnersOf {
  const lines = text.split("\n").flatMap((line) => {
    const words = line
      .replace(/(?:^|\s)#.*$/, "")
      .trim()
      .split(/\s+/);
    const [pattern = "", ...owners] = words;
    return pattern === "" ? [] : [{ fits: patternOf(pattern), owners }];
  });
  return (path) => lines.findLast(({ fits }) => fits(path))?.owners ?? [];
}

function patternOf(pattern: string): (path: string) => boolean {
  const bare = pattern.replace(/^\//, "").replace(/\/$/, "");
  const anchored = pattern.startsWith("/") || bare.includes("/");
  const folderOnly = pattern.endsWith("/");
  const expression = bare
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((piece) => {
      if (piece === "**/") return "(?:.*/)?";
      if (piece === "**") return ".*";
      if (piece === "*") return "[^/]*";
      return piece === "?" ? "[^/]" : piece.replace(/[.+^${}()|[\]\\]/g, "\\$&");
    })
    .join("");
  // `docs/*` is what stands in docs itself; `docs` and `docs/` are all below it.
  const end = folderOnly ? "/.*" : bare.endsWith("*") ? "" : "(?:/.*)?";
  const fits = new RegExp(`^${anchored ? "" : "(?:.*/)?"}${expression}${end}$`);
  if (pattern === "*") return globMatcher(["*"]);
  return (path) => fits.test(path);
}
