import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isMap, parseDocument, stringify } from "yaml";
import { Agent33Error, messageOf } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";

/** A settings file as it would be, and what would be new in it. */
export interface SettingsDraft {
  readonly file: string;
  readonly text: string;
  /** As YAML, with the section above it. */
  readonly added: string;
}

/**
 * A settings file with more entries in one of its tables; comments and all else stay as they are.
 * Nothing is written.
 * @throws Agent33Error `config.name_in_use`, `config.malformed`, `config.unreadable`
 */
export function draftSettings(
  file: string,
  section: "connectors" | "mcpServers",
  entries: Readonly<Record<string, JsonObject>>,
): SettingsDraft {
  const document = parseDocument(readIfThere(file));
  const [problem] = document.errors;
  if (problem !== undefined || (document.contents !== null && !isMap(document.contents))) {
    throw new Agent33Error(
      "config.malformed",
      `${file}: ${problem?.message ?? "it holds no table of settings."}`,
      { hint: "Mend the YAML.", cause: problem },
    );
  }
  if (!isMap(document.get(section))) document.set(section, document.createNode({}));
  for (const [name, entry] of Object.entries(entries)) {
    // One name for both: the names of their tools begin with it.
    const table = (["connectors", "mcpServers"] as const).find((one) =>
      document.hasIn([one, name]),
    );
    if (table !== undefined) {
      throw new Agent33Error(
        "config.name_in_use",
        `${file} has "${name}" under ${table} already.`,
        {
          hint: "Choose another name, or take the other entry out first.",
        },
      );
    }
    document.setIn([section, name], document.createNode(entry));
  }
  return { file, text: String(document), added: stringify({ [section]: entries }) };
}

/** @throws Agent33Error `config.unwritable` */
export function writeSettings({ file, text }: SettingsDraft): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new Agent33Error("config.unwritable", `${file} cannot be written: ${messageOf(cause)}`, {
      hint: "Check who may write there, or put the lines in by hand.",
      cause,
    });
  }
}

function readIfThere(file: string): string {
  if (!existsSync(file)) return "";
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Agent33Error(
      "config.unreadable",
      `The settings file ${file} cannot be read: ${messageOf(cause)}`,
      { hint: "Check the path given with --config.", cause },
    );
  }
}
