import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { toAgent33Error } from "../../../src/base/errors.ts";
import { uuidv7Source } from "../../../src/base/ids.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { newRun } from "../../../src/store/store.fixture.ts";
import { openStore } from "../../../src/store/store.ts";

function mount(...words: readonly string[]): void {
  const { status, stderr } = spawnSync("mount", words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`mount ${words.join(" ")}: ${stderr}`);
}

/** A store on a file system that is read-only when it is opened, and then is not any more. */
export async function readOnlyRound(
  folder: string,
): Promise<{ readonly line: string; readonly faults: readonly string[] }> {
  mkdirSync(folder);
  mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", folder);
  try {
    const ids = uuidv7Source(systemClock, systemRandom);
    const open = () => openStore({ dataDir: join(folder, "data"), clock: systemClock, ids });
    const made = open();
    made.tenant("heavy").runs.create(newRun("run"));
    made.close();
    mount("-o", "remount,ro", folder);
    let code = "nothing";
    try {
      open().close();
    } catch (error) {
      code = toAgent33Error(error).code;
    }
    mount("-o", "remount,rw", folder);
    const again = open();
    const runs = again.tenant("heavy").runs.list().items.length;
    again.close();
    const faults = code === "store.readonly" && runs === 1 ? [] : [`${code}, ${runs} runs`];
    return { line: `a read-only file system refuses the opening with ${code}`, faults };
  } finally {
    spawnSync("umount", [folder]);
  }
}
