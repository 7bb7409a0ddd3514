import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { checkAfterCut } from "../heavy/power-cut/check.ts";
import { eachCut } from "../heavy/power-cut/cuts.ts";
import { writerStory } from "../heavy/power-cut/story.ts";
import { compileCache } from "../heavy/store-child.ts";
import { compileLibrary } from "../support/disk/library.ts";
import { grantTests } from "../support/egress.ts";

grantTests("compiles a library and starts writing processes", { spawn: true });

test("a cut of the power takes no acknowledged write, whatever of the rest it leaves", async () => {
  const folder = mkdtempSync(join(tmpdir(), "agent33-power-cut-"));
  try {
    const random = seededRandom(1);
    const library = compileLibrary(folder);
    const story = await writerStory({ library, folder: join(folder, "story"), random });
    expect(story.faults).toEqual([]);
    let acknowledged = 0;
    await eachCut({ story, random, states: 5, into: folder }, async (state) => {
      const { faults } = await checkAfterCut(join(state.folder, story.dataDir), state.said);
      expect(faults).toEqual([]);
      acknowledged += state.said.size;
    });
    expect(acknowledged).toBeGreaterThan(0);
  } finally {
    rmSync(compileCache, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
