import { Agent33Error } from "../../base/errors.ts";
import { err, type Result } from "../../base/result.ts";
import type { SandboxProbe } from "../../sandbox/probe.ts";
import type { Tool } from "../../tools/tool.ts";

/**
 * The tool that runs shell commands. It is offered only inside a sandbox, and the part that runs
 * commands inside one does not exist yet: so far the answer is always a refusal that says why.
 */
export function shellTool(probe: SandboxProbe): Result<Tool> {
  if (!probe.available) {
    return err(
      new Agent33Error(
        "shell.sandbox_unavailable",
        `There is no shell tool, because commands cannot be sandboxed here. ${probe.reason}`,
        { hint: probe.hint },
      ),
    );
  }
  return err(
    new Agent33Error(
      "shell.not_supported",
      `There is no shell tool in this version of AGENT-33, although bubblewrap ${probe.version} could sandbox it.`,
      { hint: "Use MCP servers or workspace tools instead." },
    ),
  );
}
