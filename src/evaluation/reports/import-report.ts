import { ctrfReport } from "../../base/ctrf.ts";
import type { JsonObject } from "../../base/json.ts";
import { readTrajectory, type Trajectory } from "../trajectories/atif.ts";
import { importCtrf } from "./ctrf-import.ts";
import { type ImportedReport, importMalformed } from "./imported.ts";
import { importJunit } from "./junit-import.ts";

/** What a file of another program turned out to be. */
export type Imported =
  | { readonly kind: "ctrf" | "junit"; readonly report: ImportedReport }
  | { readonly kind: "atif"; readonly trajectory: Trajectory };

/**
 * Reads a report or a trajectory, whichever of the known formats it is in.
 * @param path for messages
 * @throws Agent33Error `evaluation.import_malformed`, `evaluation.trajectory_malformed`
 */
export function importReport(text: string, path: string): Imported {
  const content = text.replace(/^\uFEFF/, "");
  if (content.trimStart().startsWith("<")) {
    return { kind: "junit", report: importJunit(content, path) };
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw importMalformed(path, "it is neither XML nor JSON", cause);
  }
  if (typeof value === "object" && value !== null && "schema_version" in value) {
    return { kind: "atif", trajectory: readTrajectory(value, path) };
  }
  return { kind: "ctrf", report: importCtrf(value, path) };
}

/** The report as CTRF that holds to its schema. */
export function strictReport({ notices, ...report }: ImportedReport): JsonObject {
  return ctrfReport(
    notices.length === 0 ? report : { ...report, extra: { "agent33.notices": [...notices] } },
  );
}
