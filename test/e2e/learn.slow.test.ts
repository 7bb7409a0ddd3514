import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { grantTests } from "../support/egress.ts";
import { type CliResult, freshFolder, projectRoot, runInProcess } from "../support/cli.ts";

grantTests("reads words with a shell, and pipes into the program", { spawn: true });

/** A folder in which `learn` is used, by a person named Ann. */
function desk(env: Record<string, string> = {}) {
  const folder = freshFolder();
  const learn = (...words: readonly string[]): Promise<CliResult> =>
    runInProcess(["learn", ...words], folder, { AGENT33_USER: "ann", ...env });
  return {
    folder,
    learn,
    /** The result of a command that must work. */
    json: async (...words: readonly string[]): Promise<Json> => {
      const { code, stdout, stderr } = await learn(...words, "--json");
      expect(stderr).toBe("");
      expect(code).toBe(0);
      return JSON.parse(stdout) as Json;
    },
    /** The text of a command that must work. */
    text: async (...words: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await learn(...words);
      expect(stderr).toBe("");
      expect(code).toBe(0);
      return stdout;
    },
    write: (name: string, content: string | Uint8Array): string => {
      writeFileSync(join(folder, name), content);
      return name;
    },
  };
}

/** What commands give to programs, as far as these tests look into it. */
interface Json {
  readonly id: string;
  readonly outcome: string;
  readonly intakeId: string | null;
  readonly signal: Json;
  readonly items: readonly Json[];
  readonly nextCursor: string | null;
  readonly [name: string]: unknown;
}

const bug = (summary: string, severity = "low") =>
  ["record", "--type", "bug", "--severity", severity, "--summary", summary] as const;

describe("signals", () => {
  test("a recorded signal is listed and shown with what it lacks", async () => {
    const { text, json } = desk();
    expect(await text("list")).toMatch(/no signals yet.*agent33 learn record/);
    const { signal } = await json(...bug("Crash"), "--context", "file=a=b.csv");
    expect(signal).toMatchObject({ source: "user:ann", context: { file: "a=b.csv" } });
    expect(await text("list")).toMatch(new RegExp(`${signal.id} .* bug .* low .* open .* Crash\n`));
    expect(await text("show", signal.id.slice(0, 20))).toMatch(
      /quality +low \(0\.\d+\): short summary, no details\n/,
    );
  });

  test("a state is changed with a reason, and says who changed it", async () => {
    const { text, json, learn } = desk();
    const { signal } = await json(...bug("The import fails"));
    expect(await text("acknowledge", signal.id, "--reason", "I look.")).toContain("acknowledged");
    expect(await json("show", signal.id)).toMatchObject({
      state: "acknowledged",
      stateBy: "ann",
      stateReason: "I look.",
    });
    await text("resolve", signal.id, "--reason", "Fixed.");
    expect(await text("show", signal.id)).toMatch(/state +resolved since .* UTC by ann: Fixed\./);
    const refused = await learn("dismiss", signal.id, "--reason", "No.");
    expect(refused).toMatchObject({ code: 64, stdout: "" });
    expect(refused.stderr).toMatch(/is resolved and cannot become dismissed[\s\S]*→ .*open/);
    await text("reopen", signal.id, "--reason", "It is back.");
    expect((await json("list", "--state", "open")).items).toHaveLength(1);
  });

  test("the same thing again counts, the same key again does not", async () => {
    const { text, json } = desk();
    await text(...bug("Took 12 seconds"));
    expect(await text(...bug("Took 15 seconds"))).toMatch(/^repeated LS-\S+, now seen 2 times/);
    await text(...bug("Other"), "--key", "k");
    expect(await text(...bug("Other"), "--key", "k")).toMatch(/^known as LS-/);
    const { items } = await json("list");
    expect(items).toMatchObject([
      { summary: "Other", occurrences: 1 },
      { summary: "Took 12 seconds", occurrences: 2 },
    ]);
  });

  test("a grave signal has an intake at once", async () => {
    const { text, json } = desk();
    const details = "Suppliers 17 and 23 had invoices in June and do not show up in the table.";
    const { signal, intakeId } = await json(
      ...bug("The report left out suppliers", "high"),
      "--details",
      details,
    );
    expect(await json("intakes", "show", String(intakeId))).toMatchObject({
      automatic: true,
      signalIds: [signal.id],
    });
    expect(await text("show", signal.id)).toMatch(
      new RegExp(`intake +${intakeId}, submitted: The report left out suppliers`),
    );
  });

  test("lists are filtered, and the printed command leads to the next page", async () => {
    const { text, json } = desk();
    const source = "Ann's desk";
    for (const name of ["one", "two", "three"]) await text(...bug(name), "--source", source);
    await text(...bug("from elsewhere"));
    const page = await text("list", "--source", source, "--since", "1h", "--limit", "2");
    const [, next = ""] = /\nmore: agent33 learn (.+)\n$/.exec(page) ?? [];
    // A real shell reads it, as when somebody pastes it.
    const words = execFileSync("sh", ["-c", `printf '%s\\n' ${next}`], { encoding: "utf8" });
    const second = await text(...words.trim().split("\n"));
    expect(page).toMatch(/three\n[\s\S]*two\n/);
    expect(second).toMatch(/one\n$/);
    expect(second).not.toContain("more:");
    expect(await text("list", "--until", "1h")).toBe("Nothing matches.\n");
    expect(await text("list", "--source", "Nobody's")).toBe("Nothing matches.\n");
    expect((await json("list", "--since", "2020-01-01T12:00")).items).toHaveLength(4);
  });

  test("what somebody wrote cannot move the cursor or look like the program's own lines", async () => {
    const { text, json, write } = desk();
    const file = write("log.txt", "\u001b[2Jgone\nstate    resolved\n");
    const { signal } = await json(...bug("A \u001b]0;title\u0007 in it"), "--details-file", file);
    const shown = `${await text("show", signal.id)}${await text("list")}`;
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(shown).toContain("\n  state    resolved\n");
  });

  test("what a person wrote about a run names the run", async () => {
    const { folder, json } = desk();
    writeFileSync(join(folder, "turns.yaml"), "name: x\nturns:\n  - text: Done.\n");
    await runInProcess(["run", "Do it.", "--model", "scripted:turns.yaml"], folder);
    const runs = await runInProcess(["runs", "list", "--json"], folder);
    const { items } = JSON.parse(runs.stdout) as Json;
    const id = items[0]?.id ?? "";
    const words = ["--type", "feedback", "--severity", "medium", "--summary", "Too short"] as const;
    const { signal } = await json("record", ...words, "--run", id.slice(0, 18));
    expect(signal).toMatchObject({
      type: "feedback",
      source: "user:ann",
      context: { run: id, model: expect.stringContaining("turns.yaml") },
    });
  });

  test("commands read first what runs taught while nobody looked", async () => {
    const { folder, json, text } = desk();
    const turns =
      "name: x\nturns:\n  - tool_calls: [{ name: no_such_tool, arguments: {} }]\n  - text: Done.\n";
    writeFileSync(join(folder, "turns.yaml"), turns);
    const words = ["run", "Do it.", "--model", "scripted:turns.yaml"];
    await runInProcess(words, folder, { AGENT33_LEARNING_ENABLED: "false" });
    expect(await text("summary", "--by", "source")).toMatch(/engine:tool +1 +1 +█/);
    expect((await json("list")).items).toHaveLength(1);
  });
});

describe("a run's log that is damaged", () => {
  test("keeps nobody from what is recorded already", async () => {
    const { folder, learn, text } = desk();
    await text(...bug("Before"));
    writeFileSync(join(folder, "turns.yaml"), "name: x\nturns:\n  - text: Done.\n");
    const run = ["run", "Do it.", "--model", "scripted:turns.yaml"];
    await runInProcess(run, folder, { AGENT33_LEARNING_ENABLED: "false" });
    const database = new DatabaseSync(join(folder, ".agent33/agent33.db"));
    database.exec("UPDATE run_events SET event = '{' WHERE seq = 2");
    database.close();
    const { code, stdout } = await learn("list");
    expect(stdout).toMatch(/Before\n$/);
    expect(code).toBe(0);
  });
});

describe("signals from a file", () => {
  const lines = [
    '{"type":"bug","severity":"low","summary":"One"}',
    "",
    '{"type":"bug","severity":"low","summary":"One"}',
    "not JSON",
    '{"type":"bgu","severity":"low","summary":"Two"}',
    '["type"]',
    `{"type":"bug","severity":"low","summary":"${"x".repeat(1_100_000)}"}`,
    '{"type":"bug","severity":"low","summary":"Last","idempotencyKey":"k"}',
  ];

  test("each line is judged alone: the good ones are kept, the bad ones named", async () => {
    const { learn, json, write } = desk();
    const { code, stdout, stderr } = await learn("record", "--from", write("in", lines.join("\n")));
    expect(code).toBe(1);
    expect(stdout).toBe("2 recorded, 1 repeated, 4 refused\n");
    expect(stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/^line 4: .*not JSON/),
      expect.stringMatching(/^line 5: .*type: "bgu" .*Did you mean "bug"/),
      expect.stringMatching(/^line 6: .*expected object/),
      expect.stringMatching(/^line 7: .*longer than 1048576 bytes/),
    ]);
    const { items } = await json("list");
    expect(items.map(({ summary, occurrences }) => [summary, occurrences])).toEqual([
      ["Last", 1],
      ["One", 2],
    ]);
  });

  test("programs are told of each line by its number", async () => {
    const { learn, write } = desk();
    const { stdout } = await learn("record", "--from", write("in", lines.join("\n")), "--json");
    const told = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Json & { readonly error?: { readonly code: string } });
    expect(told.map(({ line, outcome, error }) => [line, outcome ?? error?.code])).toEqual([
      [1, "recorded"],
      [3, "repeated"],
      [4, "cli.bad_line"],
      [5, "learning.bad_signal"],
      [6, "learning.bad_signal"],
      [7, "cli.bad_line"],
      [8, "recorded"],
    ]);
  });

  test("many lines come in their order, over batches and pieces of the file", async () => {
    const { text, json, write } = desk();
    const word = (index: number) =>
      String(index).replaceAll(/\d/g, (digit) => "abcdefghij"[Number(digit)] ?? "");
    const many = Array.from({ length: 300 }, (_none, index) =>
      JSON.stringify({
        type: "bug",
        severity: "low",
        summary: `Line ${word(index)}`,
        details: "é".repeat(500),
      }),
    );
    expect(await text("record", "--from", write("many", `\ufeff${many.join("\r\n")}\r\n`))).toBe(
      "300 recorded\n",
    );
    const { items } = await json("list", "--limit", "1000");
    expect(items.map(({ summary }) => summary)).toEqual(
      Array.from({ length: 300 }, (_none, index) => `Line ${word(299 - index)}`),
    );
  });

  test("standard input is read where the file is -", async () => {
    const { folder, json } = desk();
    const child = spawn(
      process.execPath,
      [join(projectRoot, "bin/agent33.js"), "learn", "record", "--from", "-"],
      { cwd: folder, env: { PATH: process.env["PATH"] ?? "" }, stdio: ["pipe", "ignore", "pipe"] },
    );
    child.stdin.end(lines.slice(0, 4).join("\n"));
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      stderr += piece;
    });
    const [code] = (await once(child, "close")) as [number];
    expect(stderr).toMatch(/^line 4: [^\n]*\n$/);
    expect(code).toBe(1);
    expect((await json("list")).items).toMatchObject([{ summary: "One", occurrences: 2 }]);
  });
});

describe("a summary", () => {
  test("counts by what it is asked for, with bars", async () => {
    const { text } = desk();
    for (const name of ["one", "two", "three", "four"]) await text(...bug(name));
    await text(...bug("grave", "critical"));
    const summary = await text("summary", "--by", "severity", "--days", "2", "--hours", "3");
    expect(summary).toMatch(/signals +5, ↑ 5 more than in the window before \(0\)/);
    const bar = (severity: string) =>
      new RegExp(`^${severity} .*?(█*)$`, "m").exec(summary)?.[1]?.length;
    expect(bar("medium")).toBe(0);
    expect(bar("low")).toBe(4 * (bar("critical") ?? 0));
    const [, from = "", to = ""] = /window +(.+) to (.+) UTC/.exec(summary) ?? [];
    expect(Date.parse(`${to}Z`) - Date.parse(`${from}Z`)).toBe(51 * 3_600_000);
  });

  test("makes no intakes, and gives programs all of it", async () => {
    const { json, text } = desk({ AGENT33_LEARNING_AUTOMATIC_INTAKES_ENABLED: "false" });
    await text(...bug("The import of suppliers fails on umlauts", "critical"));
    const summary = await json("summary", "--by", "week");
    expect(summary).toMatchObject({ total: 1, by: "week", seriesBy: "week", highQuality: 0 });
    expect(summary["groups"]).toEqual(
      expect.arrayContaining([expect.objectContaining({ signals: 1, occurrences: 1 })]),
    );
    expect((await json("intakes", "list")).items).toEqual([]);
  });
});

describe("intakes", () => {
  test("are made of the gravest signals, once", async () => {
    const { json, text } = desk({ AGENT33_LEARNING_AUTOMATIC_INTAKES_ENABLED: "false" });
    await text(...bug("Small"));
    await text(...bug("Grave", "critical"));
    const ask = ["intakes", "generate", "--min-severity", "low", "--min-score", "0"] as const;
    expect(await text(...ask, "--limit", "1")).toMatch(
      /^1 intake made\nRI-\S+ +priority 10 +Grave/,
    );
    expect((await json(...ask)).items).toHaveLength(1);
    expect(await text(...ask)).toBe("No signal without an intake deserves one.\n");
    expect((await json("intakes", "list", "--automatic")).items).toHaveLength(2);
  });

  test("go from submitted to tracked, and tell their history", async () => {
    const { json, text, learn, write } = desk();
    const { signal } = await json(...bug("Slow"));
    const { id } = await json(
      "intakes",
      "create",
      "--title",
      "Look at the cache",
      "--priority",
      "7",
      "--signal",
      signal.id.slice(0, 30),
      "--impact-area",
      "speed",
    );
    const early = await learn("intakes", "move", id, "accepted");
    expect(early.code).toBe(64);
    expect(early.stderr).toMatch(/is submitted and cannot become accepted[\s\S]*→ .*triaged/);
    expect(await text("intakes", "move", id, "triaged")).toMatch(
      new RegExp(`agent33 learn intakes move ${id} analyzing\n$`),
    );
    await text("intakes", "move", id, "analyzing");
    const file = write("analysis.json", '{"cause":"no index"}');
    await text("intakes", "update", id, "--analysis", file, "--backlog", "T-1", "--target", "1.4");
    await text("intakes", "move", id, "accepted", "--reason", "Worth it.", "--action", "Index it");
    expect(await json("intakes", "show", id)).toMatchObject({
      submittedBy: "ann",
      signalIds: [signal.id],
      analysis: { cause: "no index" },
      tracking: { backlogRefs: ["T-1"], implementationTarget: "1.4" },
      disposition: { state: "accepted", decidedBy: "ann", actionItems: ["Index it"] },
    });
    expect(await text("intakes", "show", id)).toMatch(
      /state +accepted, decided .* by ann: Worth it\.[\s\S]*history\n.*submitted → triaged by ann\n/,
    );
    expect(await text("intakes", "list", "--state", "accepted")).toContain("Look at the cache");
  });
});

describe("lessons", () => {
  test("are closed when their actions are done", async () => {
    const { json, text, learn } = desk();
    const { signal } = await json(...bug("Import fails"));
    const { id } = await json(
      "lessons",
      "create",
      "--type",
      "failure",
      "--title",
      "Files come in many encodings",
      "--what",
      "Two\nfailed.",
      "--action",
      "Detect it",
      "--action",
      "Test it",
      "--signal",
      signal.id,
    );
    await text("lessons", "action", id, "0", "completed", "--owner", "bo");
    const open = await learn("lessons", "verify", id, "--evidence", "None failed in June.");
    expect(open.code).toBe(1);
    expect(open.stderr).toMatch(/learning\.actions_open.*1 \(pending\) Test it/);
    expect(
      await text("lessons", "action", id, "1", "wont_fix", "--target-date", "2026-12-01"),
    ).toContain(`agent33 learn lessons verify ${id}`);
    await text("lessons", "verify", id, "--evidence", "None failed in June.");
    expect(await text("lessons", "show", id)).toMatch(
      /verified .* by ann: None failed in June\.[\s\S]*0\. completed, bo: Detect it\n/,
    );
    expect(await text("lessons", "list", "--state", "implemented")).toMatch(/2 of 2 +Files come/);
  });
});

describe("checklists", () => {
  test("are ticked off item by item, and a tick can be taken back", async () => {
    const { json, text, learn } = desk();
    const { id } = await json("checklists", "create", "--period", "quarterly", "--reference", "Q3");
    expect(await text("checklists", "complete", id, "CI-11", "--notes", "Done.")).toContain(
      "1 of 5",
    );
    expect(await text("checklists", "complete", id, "CI-11")).toMatch(/was done by ann .* nothing/);
    for (const item of ["CI-12", "CI-13", "CI-14"]) await text("checklists", "complete", id, item);
    expect(await text("checklists", "complete", id, "CI-15")).toContain(
      "the checklist is complete",
    );
    expect(await text("checklists", "reopen", id, "CI-15")).toContain("4 of 5");
    expect(await text("checklists", "show", id)).toMatch(
      /\[x\] CI-11 .*\n.*by ann: Done\.\n[\s\S]*\[ \] CI-15/,
    );
    const again = await learn("checklists", "create", "--period", "quarterly", "--reference", "Q3");
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining(id) });
    expect((await json("checklists", "list", "--state", "complete")).items).toEqual([]);
  });
});

describe("metrics", () => {
  test("are noted, compared and followed", async () => {
    const { json, text } = desk();
    for (const [month, hours] of [
      ["05", 20],
      ["06", 18],
      ["07", 12],
      ["08", 9.5],
    ] as const) {
      await text("metrics", "snapshot", "--period", `2026-${month}`, "--value", `IM-01=${hours}`);
    }
    expect(await text("metrics", "trend", "IM-01")).toMatch(
      /trend +improving\n.*\nmeans +19 → 10\.75 \(-43\.4\d+ %\)/,
    );
    expect(await text("metrics", "trend", "IM-01", "--periods", "1")).toContain("too few values");
    expect((await json("metrics", "history", "IM-01", "--limit", "2")).items).toMatchObject([
      { period: "2026-08", value: 9.5 },
      { period: "2026-07", value: 12 },
    ]);
  });

  test("of one's own are declared by their first value", async () => {
    const { json, text } = desk();
    const { id } = await json(
      "metrics",
      "snapshot",
      "--period",
      "2026-08",
      "--value",
      "deploys=-0.5",
      "--unit",
      "deploys=per week",
      "--polarity",
      "deploys=higher",
      "--target",
      "deploys=5",
    );
    await text("metrics", "snapshot", "--period", "2026-09", "--value", "deploys=4");
    expect(await text("metrics", "show", id)).toMatch(/deploys +-0\.5 +per week +5 /);
    expect(await text("metrics", "definitions")).toMatch(/deploys +per week +higher +5 /);
    expect(await text("metrics", "list", "--period", "2026-09")).toContain("deploys=4");
  });
});

describe("refreshes", () => {
  test("are planned, and end with what came of them", async () => {
    const { json, text } = desk();
    const { id } = await json(
      "refreshes",
      "create",
      "--scope",
      "minor",
      "--title",
      "After June",
      "--participant",
      "bo",
      "--reason",
      "Two failures",
    );
    await text(
      "refreshes",
      "complete",
      id,
      "--outcome",
      "Encodings first.",
      "--change",
      "Moved up",
    );
    expect(await text("refreshes", "show", id)).toMatch(
      /state +complete[\s\S]*by ann\nwith +bo[\s\S]*outcome\n {2}Encodings first\.[\s\S]*changes\n {2}Moved up\n$/,
    );
    expect((await json("refreshes", "list", "--state", "planned")).items).toEqual([]);
  });
});

describe("a store that another process holds", () => {
  test("is read meanwhile, and written when it is let go", async () => {
    const { folder, text } = desk();
    await text(...bug("Before"));
    const other = new DatabaseSync(join(folder, ".agent33/agent33.db"));
    other.exec("BEGIN IMMEDIATE");
    expect(await text("list")).toContain("Before");
    const recorded = text(...bug("During"));
    setTimeout(() => {
      other.exec("ROLLBACK");
      other.close();
    }, 200);
    expect(await recorded).toMatch(/^recorded LS-/);
  });
});

describe("bad input", () => {
  const good = [...bug("The import fails")];
  const { folder, learn, write } = desk();
  mkdirSync(join(folder, "a-folder"));
  write("big.txt", "x".repeat(3_000_000));
  write("long.txt", "x".repeat(20_001));
  write("zero.txt", "a\0b");
  write("latin1.txt", Uint8Array.of(0x66, 0xfc, 0x72));
  const cases: readonly (readonly [
    what: string,
    words: readonly string[],
    code: number,
    error: string,
    said: RegExp,
  ])[] = [
    ["no command", [], 64, "cli.usage", /agent33 learn --help/],
    ["no command of a group", ["intakes"], 64, "cli.usage", /agent33 learn intakes --help/],
    ["a misspelt command", ["lsit"], 64, "cli.usage", /list/],
    ["a misspelt flag", ["list", "--sevrity", "low"], 64, "cli.usage", /--severity/],
    ["half a signal", ["record", "--type", "bug"], 64, "cli.usage", /--severity and --summary/],
    [
      "a misspelt type",
      ["record", "--type", "bgu", "--severity", "low", "--summary", "x"],
      64,
      "learning.bad_signal",
      /Did you mean "bug"/,
    ],
    ["a misspelt filter", ["list", "--severity", "hihg"], 64, "cli.usage", /"high"/],
    ["an empty summary", bug(""), 64, "learning.bad_signal", /summary: /],
    ["a blank summary", bug(" "), 64, "learning.bad_signal", /summary: Must not be blank/],
    ["a long summary", bug("x".repeat(501)), 64, "learning.bad_signal", /500/],
    ["a U+0000", bug("a\0b"), 64, "learning.bad_signal", /U\+0000 \(at place 2\)/],
    ["half of a surrogate pair", bug("a\ud83d"), 64, "learning.bad_signal", /character 2/],
    ["a huge file", [...good, "--details-file", "big.txt"], 64, "cli.input_too_long", /big\.txt/],
    ["a long file", [...good, "--details-file", "long.txt"], 64, "learning.bad_signal", /20000/],
    ["a file with U+0000", [...good, "--details-file", "zero.txt"], 64, "learning.", /U\+0000/],
    ["a file of bytes", [...good, "--details-file", "latin1.txt"], 64, "cli.", /UTF-8/],
    ["no such file", [...good, "--details-file", "no.txt"], 64, "cli.", /no such file/],
    ["a folder for a file", ["record", "--from", "a-folder"], 64, "cli.", /is a folder/],
    [
      "details twice",
      [...good, "--details", "x", "--details-file", "y"],
      64,
      "cli.usage",
      /one of/,
    ],
    ["lines and a signal", [...good, "--from", "x"], 64, "cli.usage", /--from and --type/],
    ["a fact without a value", [...good, "--context", "file"], 64, "cli.usage", /file=/],
    ["a fact twice", [...good, "--context", "a=1", "--context", "a=2"], 64, "cli.usage", /twice/],
    ["an unknown run", [...good, "--run", "0000"], 64, "store.unknown_run", /agent33 runs list/],
    ["an unknown signal", ["show", "LS-0000"], 64, "learning.unknown_signal", /agent33 learn list/],
    ["an empty id", ["show", ""], 64, "learning.unknown_signal", /agent33 learn list/],
    ["an unknown lesson", ["lessons", "show", "x"], 64, "learning.unknown_lesson", /lessons list/],
    ["a bad cursor", ["list", "--cursor", "abc"], 64, "store.bad_cursor", /nextCursor/],
    ["no items", ["list", "--limit", "0"], 64, "cli.usage", /--limit 20/],
    ["half an item", ["list", "--limit", "1.5"], 64, "cli.usage", /whole number/],
    ["a word for a time", ["list", "--since", "yesterday"], 64, "cli.usage", /2026-11-01/],
    ["a day that is none", ["list", "--since", "2026-02-30"], 64, "cli.usage", /2026-02-30/],
    ["an hour that is none", ["list", "--since", "2026-02-03T25:00"], 64, "cli.usage", /25:00/],
    ["a time long ago", ["list", "--since", "9999999d"], 64, "cli.usage", /--since/],
    [
      "a span that ends first",
      ["list", "--since", "2026-11-02", "--until", "2026-11-01"],
      64,
      "cli.usage",
      /not before/,
    ],
    ["a window that is too long", ["summary", "--days", "9999"], 64, "learning.bad_window", /3660/],
    ["an unknown grouping", ["summary", "--by", "month"], 64, "cli.usage", /week/],
    ["no reason", ["resolve", "LS-0"], 64, "cli.usage", /--reason/],
    ["a blank reason", ["resolve", "LS-0", "--reason", " "], 64, "cli.usage", /--reason is empty/],
    ["a score above 1", ["intakes", "generate", "--min-score", "2"], 64, "cli.usage", /0 to 1/],
    ["an intake without a title", ["intakes", "create"], 64, "cli.usage", /--title/],
    [
      "a priority that is none",
      ["intakes", "create", "--title", "x", "--priority", "11"],
      64,
      "learning.bad_intake",
      /priority/,
    ],
    ["nothing to note", ["intakes", "update", "RI-0"], 64, "cli.usage", /--backlog/],
    [
      "an analysis that is no JSON",
      ["intakes", "update", "RI-0", "--analysis", "zero.txt"],
      64,
      "cli.",
      /JSON/,
    ],
    [
      "a metric that is none",
      ["metrics", "trend", "IM-1"],
      64,
      "learning.unknown_metric",
      /Did you mean "IM-01"/,
    ],
    [
      "a value that is no number",
      ["metrics", "snapshot", "--period", "x", "--value", "IM-01=ten"],
      64,
      "cli.usage",
      /IM-01=12/,
    ],
    [
      "an undeclared metric",
      ["metrics", "snapshot", "--period", "x", "--value", "deploys=1"],
      64,
      "learning.bad_snapshot",
      /unit: .*deploys/,
    ],
    [
      "a target of another metric",
      ["metrics", "snapshot", "--period", "x", "--value", "IM-01=1", "--target", "IM-1=2"],
      64,
      "cli.usage",
      /--value IM-1=/,
    ],
    [
      "an action's place that is none",
      ["lessons", "action", "LL-0", "first", "completed"],
      64,
      "cli.usage",
      /from 0/,
    ],
    [
      "an action's state that is none",
      ["lessons", "action", "LL-0", "0", "complete"],
      64,
      "cli.usage",
      /"completed"/,
    ],
  ];

  test.each(cases)("%s", async (_what, words, code, error, said) => {
    const result = await learn(...words);
    expect(result.stdout).toBe("");
    expect(result.stderr).toContain(`error ${error}`);
    expect(result.stderr).toContain("→");
    expect(result.stderr).toMatch(said);
    expect(result.code).toBe(code);
  });

  test("a beginning that several ids have is answered with them", async () => {
    const { text, learn: ask } = desk();
    await text(...bug("One"));
    await text(...bug("Two"));
    const { code, stderr } = await ask("show", "LS-");
    expect(code).toBe(64);
    expect(stderr).toMatch(/store\.ambiguous_id[\s\S]*→ .*LS-\S+, LS-/);
  });

  test("a team's store that is away is named, without its password", async () => {
    const { learn: ask } = desk({ AGENT33_LEARNING_STORE: "postgres://ann:hunter2@127.0.0.1:1/x" });
    const { code, stderr } = await ask("list");
    expect(stderr).toMatch(/error store\.unreachable: .*127\.0\.0\.1:1/);
    expect(stderr).not.toContain("hunter2");
    expect(code).toBe(1);
  });
});
