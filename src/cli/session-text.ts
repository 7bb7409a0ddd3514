import type { EventOf } from "../events/event.ts";

/** What a session has, in one line. */
export function sessionText(event: EventOf<"session.opened">): string {
  const { tools, skills, toFind = 0 } = event;
  const counts = new Map<string, number>();
  for (const { source } of tools) counts.set(source, (counts.get(source) ?? 0) + 1);
  const sources = [...counts].map(([source, number]) => `${source} ${number}`).join(", ") || "none";
  const hidden = toFind === 0 ? "" : `, ${toFind} of them to be found first`;
  const names = skills.map(({ name }) => name).join(", ") || "none";
  return `tools ${tools.length} (${sources})${hidden} · skills ${names}`;
}
