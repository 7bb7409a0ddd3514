import type { EventOf } from "../events/event.ts";
import { oneLine, type Style } from "./output.ts";
import { counted } from "./text.ts";

type Matched = Pick<EventOf<"skills.matched">, "chosen" | "searched" | "by" | "skills" | "notices">;

/** What matching chose of a run's skills, and why; one line each. */
export function matchLines(match: Matched, style: Style, width: number): readonly string[] {
  const { chosen, searched, by, skills, notices } = match;
  const found = `${counted(searched, "skill")} by ${by.join(" and ")}`;
  return [
    style.dim(`skills that fit the task, of ${found}: ${chosen.join(", ") || "none"}`),
    ...skills.map((skill) => style.dim(`  ${oneLine(matchedText(skill), width)}`)),
    ...notices.map((notice) => style.yellow(`note: ${oneLine(notice, 300)}`)),
  ];
}

/** One skill with its place, and what became of it. */
function matchedText({ name, place, kept, fell }: Matched["skills"][number]): string {
  const what = fell === undefined ? "chosen" : `${fell.stage}: ${fell.reason.replaceAll("_", " ")}`;
  const why = fell?.why ?? kept ?? "";
  return `${place}. ${name}  ${what}${why === "" ? "" : ` · ${why}`}`;
}
