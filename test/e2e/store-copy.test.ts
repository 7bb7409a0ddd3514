import { linkSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { copyStore } from "../../src/store/transfer/copy.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";
import { describePostgres, freshStore, parts } from "../support/postgres-tests.ts";

const open = (dataDir: string): Store => openStore({ ...parts, dataDir });

/** A folder with a store in it, with as many signals. */
async function storeIn(folder: string, signals: number): Promise<string> {
  const { backend, close } = open(folder);
  for (let index = 0; index < signals; index += 1) {
    await backend.tenant("local").signals.record(
      {
        type: "bug",
        severity: "high",
        summary: `${"x".repeat(index + 1)} stops half-way`,
        details: "",
        source: "export",
        context: {},
      },
      { dedupeWindowMs: 0 },
    );
  }
  close();
  return folder;
}

const copy = (cwd: string, ...words: readonly string[]) =>
  runInProcess(["store", "copy", ...words], cwd);

describe("a copy that goes on into a target that was used meanwhile", () => {
  test("keeps what is newer there, exits with 1 and says what to do", async () => {
    const cwd = freshFolder();
    await storeIn(join(cwd, "from"), 4);
    const [from, to] = [open(join(cwd, "from")), open(join(cwd, "to"))];
    const onProgress = ({ phase }: { readonly phase: string }): void => {
      if (phase === "check runs") throw new Error("killed");
    };
    const stores = { from: from.backend, to: to.backend };
    await expect(copyStore({ ...stores, clock: parts.clock, onProgress })).rejects.toThrow();
    const { items } = await to.backend.tenant("local").signals.list();
    for (const { id } of items.slice(0, 2)) {
      await to.backend.tenant("local").signals.transition(id, "resolved", "ann", "mended");
    }
    from.close();
    to.close();
    const told = await copy(cwd, "from", "to", "--json");
    expect(told).toMatchObject({ code: 1, stderr: "" });
    expect(JSON.parse(told.stdout)).toMatchObject({
      equal: false,
      kept: [{ table: "signals", newer: 2, undecided: 0 }],
    });
    const shown = await copy(cwd, "from", "to");
    expect(shown.code).toBe(1);
    expect(shown.stdout).toMatch(
      /2 rows are newer in the target and stay as they are: signals 2\.\nIf the target was used since/,
    );
    const after = open(join(cwd, "to"));
    const page = await after.backend.tenant("local").signals.list({ state: "resolved" });
    expect(page.items).toHaveLength(2);
    after.close();
  });
});

describe("a store is not copied into itself", () => {
  const same = expect.objectContaining({ code: "store.same_store" });
  const refused = async (cwd: string, from: string, to: string): Promise<void> => {
    const { code, stdout, stderr } = await copy(cwd, from, to, "--json");
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect((JSON.parse(stderr) as { error: unknown }).error).toEqual(same);
  };

  test("by its path, another path to it, a symbolic link or a hard link", async () => {
    const cwd = freshFolder();
    await storeIn(join(cwd, "one"), 1);
    symlinkSync(join(cwd, "one"), join(cwd, "linked"));
    mkdirSync(join(cwd, "hard"));
    linkSync(join(cwd, "one/agent33.db"), join(cwd, "hard/agent33.db"));
    for (const to of ["one", "./one/", join(cwd, "one"), "one/agent33.db", "linked"]) {
      await refused(cwd, "one", to);
    }
    await refused(cwd, "one", "hard");
    const native = new DatabaseSync(join(cwd, "one/agent33.db"));
    expect(native.prepare("SELECT count(*) AS n FROM transfers").get()).toEqual({ n: 0 });
    native.close();
  });

  describePostgres("in PostgreSQL", "shared", (server) => {
    test("by its address or another address of it", async () => {
      const cwd = freshFolder();
      const url = await freshStore(server());
      await refused(cwd, url, url);
      await refused(cwd, url, `${url}${url.includes("?") ? "&" : "?"}application_name=other`);
      const other = await freshStore(server());
      expect(await copy(cwd, url, other)).toMatchObject({ code: 0 });
    });
  });
});
