import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type CliResult, freshFolder, runInProcess } from "../support/cli.ts";

const agent33 = (cwd: string, ...words: readonly string[]): Promise<CliResult> =>
  runInProcess(words, cwd, { OPENAI_API_KEY: "a-key-of-this-machine" });

async function withCode(code: number, cwd: string, words: readonly string[]): Promise<string> {
  const result = await agent33(cwd, ...words);
  expect(result.stderr).toBe("");
  expect([words, result.code]).toEqual([words, code]);
  return result.stdout;
}

const ok = (cwd: string, ...words: readonly string[]) => withCode(0, cwd, words);
/** Something was set aside or is missing. */
const partly = (cwd: string, ...words: readonly string[]) => withCode(1, cwd, words);

async function json<T>(cwd: string, ...words: readonly string[]): Promise<T> {
  return JSON.parse(await ok(cwd, ...words, "--json")) as T;
}

/** What the Python engine keeps, with as many signals. */
function pythonState(
  signals: number,
  change: (records: Record<string, unknown>[]) => void,
): string {
  const records = Array.from({ length: signals }, (_, index) => ({
    signal_id: `LS-${index.toString(16).padStart(12, "0")}`,
    recorded_at: "2026-02-01T10:00:00+00:00",
    signal_type: "bug",
    severity: "high",
    tenant_id: "default",
    summary: `Export number ${index} stops half-way`,
    details: "The file ends after the header.",
    source: "support",
    context: { place: "export" },
    quality_score: 0.7,
    quality_label: "high",
    quality_reasons: ["well_formed_signal"],
    enrichment: {},
    intake_generated: false,
    related_intake_id: null,
  }));
  change(records);
  return JSON.stringify({ signals: records, generated_intakes: [], signal_intake_map: {} });
}

test("what the Python engine kept is taken over but for the one bad record", async () => {
  const folder = freshFolder();
  writeFileSync(
    join(folder, "state.json"),
    pythonState(50, (records) => {
      records[20] = { ...records[20], severity: "awful" };
    }),
  );
  const words = ["store", "migrate", "--from", "state.json"];
  expect(await partly(folder, ...words, "--dry-run")).toMatch(/signals +49 +49[\s\S]*dry run/);
  expect(existsSync(join(folder, ".agent33"))).toBe(false);
  expect(await partly(folder, ...words)).toMatch(
    /signals +49 +49 +0 +0[\s\S]*1 set aside in quarantine:\n {2}byte \d+: severity: "awful"/,
  );
  // What happened to a record since is newer than the file, and stays.
  const { items } = await json<{ items: { id: string }[] }>(folder, "learn", "list");
  const first = items[0]?.id ?? "";
  await ok(folder, "learn", "resolve", first, "--reason", "mended");
  expect(await partly(folder, ...words)).toMatch(/signals +49 +0 +49 +0[\s\S]*Nothing new came/);
  const shown = await json<{ state: string }>(folder, "learn", "show", first);
  expect(JSON.stringify(shown)).toContain('"resolved"');
});

describe("a file that is cut off", () => {
  test("between two records is said to be, and exits with 1 though all in it came", async () => {
    const cwd = freshFolder();
    const text = pythonState(20, () => undefined);
    const between = text.indexOf('{"signal_id"', Math.floor(text.length / 2));
    writeFileSync(join(cwd, "state.json"), text.slice(0, between));
    const words = ["store", "migrate", "--from", "state.json"];
    expect(await partly(cwd, ...words, "--dry-run")).toMatch(/cut off[\s\S]*Not all of it would/);
    expect(await partly(cwd, ...words)).toMatch(/cut off[\s\S]*Not all of it came/);
    const again = await partly(cwd, ...words, "--json");
    expect(JSON.parse(again)).toMatchObject({
      complete: false,
      report: { truncated: true, quarantined: { count: 0 } },
    });
    writeFileSync(join(cwd, "state.json"), text);
    expect(await json(cwd, ...words)).toMatchObject({
      complete: true,
      report: { truncated: false, signals: { read: 20 } },
    });
  });

  test("or damaged exits with 1 for an export too, and with 0 once all of it came", async () => {
    const cwd = freshFolder();
    writeFileSync(
      join(cwd, "state.json"),
      pythonState(20, () => undefined),
    );
    await ok(cwd, "store", "migrate", "--from", "state.json");
    await ok(cwd, "store", "export", "whole.jsonl");
    const text = readFileSync(join(cwd, "whole.jsonl"), "utf8");
    const lines = text.split("\n");
    const broken = {
      cut: lines.slice(0, 5).join("\n"),
      short: lines.toSpliced(3, 1).join("\n"),
      damaged: text.replace("half-way", "half-wax"),
    };
    for (const [name, content] of Object.entries(broken)) {
      writeFileSync(join(cwd, `${name}.jsonl`), content);
      const words = ["store", "migrate", "--from", `${name}.jsonl`, "--to", name];
      expect(JSON.parse(await partly(cwd, ...words, "--json"))).toMatchObject({ complete: false });
      expect(await partly(cwd, ...words)).toMatch(
        /(no end|has not all that was exported of: signals)[\s\S]*Not all of it came/,
      );
      expect(await ok(cwd, "store", "recount", name)).toContain("agree");
    }
    const whole = ["store", "migrate", "--from", "whole.jsonl", "--to", "whole"];
    expect(await ok(cwd, ...whole)).not.toContain("Not all");
    expect(await ok(cwd, ...whole)).not.toContain("Not all");
  });
});

describe("what was set aside", () => {
  test("is listed and shown, with its reason, origin and time, and without secrets", async () => {
    const cwd = freshFolder();
    const secret = `sk-${"a1B2".repeat(8)}`;
    writeFileSync(
      join(cwd, "state.json"),
      pythonState(6, (records) => {
        records[2] = { ...records[2], severity: "awful" };
        records[4] = {
          details: `${"x".repeat(170)} ${secret} a-key-of-this-machine`,
          signal_id: 5,
        };
      }),
    );
    const migrate = ["store", "migrate", "--from", "state.json", "--to", "there"];
    expect(await partly(cwd, ...migrate)).toContain("agent33 store quarantine list there");
    const words = ["store", "quarantine", "list", "there"];
    const page = await json<{ items: { id: number }[]; nextCursor: string }>(
      cwd,
      ...words,
      "--limit",
      "1",
    );
    expect(page).toEqual({
      items: [
        {
          id: 2,
          tenant: "default",
          origin: join(cwd, "state.json"),
          place: expect.stringMatching(/^byte \d+$/),
          reason: expect.stringContaining("signal_id"),
          at: expect.any(Number),
          begins: expect.stringContaining("xxx"),
        },
      ],
      nextCursor: "2",
    });
    const next = await json<unknown>(cwd, ...words, "--cursor", page.nextCursor);
    expect(next).toMatchObject({
      items: [{ id: 1, reason: expect.stringContaining("awful") }],
      nextCursor: null,
    });
    const listed = await ok(cwd, ...words, "--limit", "1");
    expect(listed).toMatch(/ID +AT \(UTC\) +FROM +PLACE +REASON +BEGINS\n2 +20\d\d-/);
    expect(listed).toContain("more: agent33 store quarantine list there --limit 1 --cursor 2");
    const shown = await ok(cwd, "store", "quarantine", "show", "2", "there");
    expect(shown).toMatch(/from +.*state\.json\nplace +byte \d+\nreason +[\s\S]*xxx \[secret:/);
    const all = [JSON.stringify(page), listed, shown].join();
    for (const word of [secret, secret.slice(0, 9), "a-key-of-this-machine"]) {
      expect(all).not.toContain(word);
    }
    const unknown = await agent33(cwd, "store", "quarantine", "show", "9", "there", "--json");
    expect(unknown.code).toBe(64);
    expect(unknown.stderr).toContain("store.unknown_quarantined");
  });

  test("is nothing where all came, by the bare command too", async () => {
    const cwd = freshFolder();
    writeFileSync(
      join(cwd, "state.json"),
      pythonState(2, () => undefined),
    );
    await ok(cwd, "store", "migrate", "--from", "state.json");
    expect(await ok(cwd, "store", "quarantine")).toBe("Nothing is set aside.\n");
    expect(await json(cwd, "store", "quarantine")).toEqual({ items: [], nextCursor: null });
  });
});
