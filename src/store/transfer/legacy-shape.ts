import type { Shape } from "./json-resume.ts";

/** The lists and the map of the Python engine's state. */
export const signalList = "signals";
export const intakeList = "generated_intakes";
export const linkMap = "signal_intake_map";

/** What every record of a list has, wherever in a damaged document it is found. */
const idNames = new Map([
  ["signal_id", signalList],
  ["intake_id", intakeList],
]);

export const legacyShape: Shape = {
  lists: [signalList, intakeList],
  maps: [linkMap],
  listOf: (record) => {
    if (typeof record !== "object" || record === null) return undefined;
    for (const [name, list] of idNames) if (Object.hasOwn(record, name)) return list;
    return undefined;
  },
  mapOf: (key, value) =>
    key.startsWith("LS-") && typeof value === "string" && value.startsWith("RI-")
      ? linkMap
      : undefined,
};
