import { pathToFileURL } from "node:url";
import type { JsonObject } from "../../../base/json.ts";
import type { LintReport } from "./lint.ts";

/** What made a report, for programs that collect reports of several. */
export interface ToolName {
  readonly name: string;
  readonly version: string;
}

/**
 * A lint report as SARIF 2.1.0, the form in which code hosts and editors take findings
 * (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).
 */
export function sarifReport({ problems }: LintReport, tool: ToolName): JsonObject {
  const ids = [...new Set(problems.map(({ code }) => code))].sort();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { ...tool, rules: ids.map((id) => ({ id })) } },
        columnKind: "utf16CodeUnits",
        results: problems.map(({ severity, code, message, hint, at }) => ({
          ruleId: code,
          ruleIndex: ids.indexOf(code),
          level: severity,
          message: { text: hint === "" ? message : `${message} ${hint}` },
          ...(at === undefined
            ? {}
            : {
                locations: [
                  {
                    physicalLocation: {
                      artifactLocation: { uri: pathToFileURL(at.file).href },
                      region: { startLine: at.line, startColumn: at.column },
                    },
                  },
                ],
              }),
        })),
      },
    ],
  };
}
