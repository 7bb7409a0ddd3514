import { globMatcher } from "../../../base/glob.ts";
import { keeping } from "../kept.ts";
import { err, ok, type Result } from "../../../base/result.ts";

/**
 * Whether a relative path fits a pattern as lines of a `.gitignore` are read (gitignore(5)): `*`
 * within a name, `**` for any folders, a pattern without a slash in it at any depth, one that fits a
 * folder for all that is in it. There are no negations, classes and `?`. `.` and `..` in the path
 * are resolved; one that is absolute or leads out has no answer.
 */
export function pathLike(path: string, pattern: string): Result<boolean, string> {
  const names = namesOf(path);
  return names === undefined
    ? err("it is no path below its folder")
    : ok(matcherOf(pattern)(names));
}

function namesOf(path: string): readonly string[] | undefined {
  if (path.startsWith("/")) return undefined;
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) return undefined;
  }
  return names;
}

type PathMatcher = (names: readonly string[]) => boolean;

const matcherOf = keeping<PathMatcher>((pattern) => {
  const isFolder = pattern.endsWith("/");
  const bare = isFolder ? pattern.slice(0, -1) : pattern;
  const parts = bare.replace(/^\//, "").split("/");
  const steps = (bare.includes("/") ? parts : ["**", ...parts]).map((part) =>
    part === "**" ? part : globMatcher([part]),
  );
  return (names) => {
    const ends = endsOf(steps, names);
    // What fits a folder fits all that is in it.
    return [...ends].some((end) => end > 0 && (end < names.length || !isFolder));
  };
});

type Step = "**" | ((name: string) => boolean);

/** After how many of the names the steps can be through. */
function endsOf(steps: readonly Step[], names: readonly string[]): ReadonlySet<number> {
  let places = new Set([0]);
  for (const [index, step] of steps.entries()) {
    const next = new Set<number>();
    if (step === "**") {
      // At the end it stands for something, elsewhere also for nothing.
      const least = Math.min(...places) + (index === steps.length - 1 ? 1 : 0);
      for (let to = least; to <= names.length; to += 1) next.add(to);
    } else {
      for (const place of places) {
        const name = names[place];
        if (name !== undefined && step(name)) next.add(place + 1);
      }
    }
    places = next;
  }
  return places;
}
