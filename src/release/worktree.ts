import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent33Error } from "../base/errors.ts";
import type { Host } from "../engine/host.ts";
import { type Git, gitIn } from "./git.ts";
import type { ReleaseSettings } from "./settings.ts";

const prepareMs = 30 * 60_000;

/**
 * Checks a commit out into a fresh folder, makes it ready, and takes it away again.
 * @throws Agent33Error `release.prepare_failed`, `release.git_failed`, what `use` throws
 */
export async function inWorktree<T>(
  git: Git,
  host: Host,
  { commit, prepare }: { readonly commit: string; readonly prepare: ReleaseSettings["prepare"] },
  use: (worktree: Git) => Promise<T>,
): Promise<T> {
  const parent = mkdtempSync(join(tmpdir(), "agent33-release-"));
  const folder = join(parent, "checkout");
  try {
    await git.run("worktree", "add", "--detach", "--quiet", folder, commit);
    for (const command of prepare) {
      const { end, output } = await git.commands.declared(command, {
        cwd: folder,
        env: {},
        timeoutMs: prepareMs,
      });
      if (end.kind === "exited" && end.status.code === 0) continue;
      throw new Agent33Error(
        "release.prepare_failed",
        `${command.join(" ")} failed in a fresh checkout of ${commit.slice(0, 12)}: ${output.slice(-500)}`,
        { hint: "Run it by hand in a fresh clone." },
      );
    }
    return await use(gitIn(host, folder));
  } finally {
    await git.ask("worktree", "remove", "--force", "--force", folder);
    rmSync(parent, { recursive: true, force: true });
    await git.ask("worktree", "prune");
  }
}
