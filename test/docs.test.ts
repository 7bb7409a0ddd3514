import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { collectErrorCodes } from "../docs/reference/error-codes.ts";
import { apiPage } from "../docs/reference/api-page.ts";
import { clientSource } from "../docs/reference/client-source.ts";
import { cliAndApiPage, cliCommands, tableProblems } from "../docs/reference/cli-and-api-page.ts";
import { errorCodes, errorsPage } from "../docs/reference/errors-page.ts";
import { replayReportJsonSchema } from "../src/agents/replay/report.ts";
import { Agent33Error } from "../src/base/errors.ts";
import { gatesJsonSchema } from "../src/evaluation/gates/gates-file.ts";
import { exitCodeOfError, exitCodes } from "../src/cli/exit-codes.ts";
import { allowedMove, intakeStates } from "../src/learning/intake-state.ts";
import { signalStates } from "../src/learning/signal.ts";
import { checkTransition } from "../src/learning/signal-state.ts";
import { surfaceJsonSchema } from "../src/evaluation/surface/surface-file.ts";
import { readReleaseSettings, releaseJsonSchema } from "../src/release/settings.ts";
import { freshFolder, projectRoot, runInProcess } from "./support/cli.ts";

const textOf = (path: string): string => readFileSync(join(projectRoot, path), "utf8");

const notOurs = new Set(["node_modules", "dist", "coverage"]);

function pagesBelow(folder: string): readonly string[] {
  const entries = readdirSync(join(projectRoot, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return entry.name.startsWith(".") || notOurs.has(entry.name) ? [] : pagesBelow(path);
    }
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

const pages = pagesBelow(".");

/** The fenced blocks of one language, without their fences. */
function blocksOf(page: string, language: string): readonly string[] {
  const fenced = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...page.matchAll(fenced)].map((match) => match[1] ?? "");
}

/** The page's prose: what stands in code is no link. */
function proseOf(page: string): string {
  return page.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");
}

function linksOf(page: string): readonly string[] {
  const inline = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)];
  const named = [...proseOf(page).matchAll(/^\[[^\]]+\]:\s*(\S+)$/gm)];
  return [...inline, ...named].map((match) => match[1] ?? "");
}

/** The anchors that a page's headings get on the usual renderers. */
function anchorsOf(page: string): readonly string[] {
  const headings = [...page.matchAll(/^#{1,6} (.+)$/gm)].map((match) => match[1] ?? "");
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** What is wrong with a link, if anything. */
function brokenLink(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path = "", anchor] = link.split("#");
  const target =
    path === "" ? page : relative(projectRoot, resolve(projectRoot, dirname(page), path));
  if (!existsSync(join(projectRoot, target))) return `${page}: ${link}: there is no ${target}`;
  if (anchor === undefined || anchorsOf(textOf(target)).includes(anchor)) return undefined;
  return `${page}: ${link}: there is no heading "${anchor}"`;
}

describe("the pages", () => {
  test("have no broken relative links", () => {
    const links = pages.flatMap((page) => linksOf(textOf(page)).map((link) => ({ page, link })));
    expect(links.length).toBeGreaterThan(30);
    expect(links.flatMap(({ page, link }) => brokenLink(page, link) ?? [])).toEqual([]);
  });

  test("a link to a missing file or heading is found", () => {
    expect(brokenLink("README.md", "docs/missing.md")).toContain("docs/missing.md");
    expect(brokenLink("README.md", "ARCHITECTURE.md#missing")).toContain("missing");
    expect(brokenLink("README.md", "ARCHITECTURE.md#the-life-of-one-call")).toBeUndefined();
    expect(linksOf("`[a](b)` and [c](d.md)\n\n[e]: f.md\n")).toEqual(["d.md", "f.md"]);
  });

  test("show TypeScript only as it stands in an example that is run", () => {
    const plain = (text: string): string =>
      text
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "")
        .join("\n");
    const examples = readdirSync(join(projectRoot, "examples"), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith(".ts") && !name.startsWith("tasks"));
    const sources = examples.map((name) => plain(textOf(join("examples", name))));
    const snippets = pages.flatMap((page) =>
      ["ts", "typescript", "js", "javascript"].flatMap((language) =>
        blocksOf(textOf(page), language).map((text) => ({ page, text: plain(text) })),
      ),
    );
    expect(snippets.length).toBeGreaterThan(0);
    const strange = snippets.filter(({ text }) => !sources.some((source) => source.includes(text)));
    expect(strange).toEqual([]);
  });

  test("make a connector in fewer lines than the guide says", () => {
    const folder = "examples/weather-connector";
    const files = readdirSync(join(projectRoot, folder));
    const lines = files.reduce(
      (sum, name) => sum + textOf(join(folder, name)).trimEnd().split("\n").length,
      0,
    );
    expect(files).toContain("conformance.test.ts");
    expect(textOf("docs/guides/add-a-connector.md")).toContain("fewer than 100 lines");
    expect(lines).toBeLessThan(100);
  });

  test("number the decisions without a gap", () => {
    const names = readdirSync(join(projectRoot, "docs/decisions")).sort();
    const numbers = names.map((name) => Number(/^(\d{3})-[a-z0-9-]+\.md$/.exec(name)?.[1]));
    expect(numbers).toEqual(names.map((_name, index) => index + 1));
  });
});

test("the client is made of the operations that there are", () => {
  expect(textOf("client/operations.ts")).toBe(clientSource());
});

test("the page of the API says what the routes say (else run: node docs/reference/generate-api.ts)", () => {
  expect(textOf("docs/reference/api.md")).toBe(apiPage());
});

describe("the table of commands and operations", () => {
  test("is what the program and the routes are (else run: node docs/reference/generate-api.ts)", () => {
    expect(textOf("docs/reference/cli-and-api.md")).toBe(cliAndApiPage());
  });

  test("has an operation or a reason for every command", () => {
    expect(cliCommands().length).toBeGreaterThan(80);
    expect(tableProblems()).toEqual([]);
  });

  test("would not pass over a command without either, or an operation that is not there", () => {
    const commands = [
      { words: "runs list", description: "" },
      { words: "moon", description: "" },
    ];
    const table = { "runs list": { operations: ["listRun"] }, gone: { alone: "" } };
    expect(tableProblems(table, commands, ["listRuns"])).toEqual([
      "`moon` has neither an operation nor a reason",
      "`gone` is no command",
      "`runs list`: there is no operation listRun",
      "`gone` has an empty reason",
    ]);
  });
});

describe("the page of error codes", () => {
  test("says what the sources say (else run: node docs/reference/generate-errors.ts)", () => {
    expect(textOf("docs/reference/errors.md")).toBe(errorsPage(errorCodes()));
  });

  test("holds codes of every way in which they are made", () => {
    const codes = errorCodes();
    expect(codes.length).toBeGreaterThan(100);
    const hintsOf = (code: string) => codes.find((known) => known.code === code)?.hints.join(" ");
    // Passed to the constructor, taken from a table, through a helper, by a union, by the boundary.
    expect(hintsOf("engine.model_missing")).toContain("--model");
    expect(hintsOf("store.full")).toContain("Free space");
    expect(hintsOf("policy.duplicate_pack")).toContain("another name");
    expect(hintsOf("durable.lease_lost")).toBe("");
    expect(hintsOf("boundary.policy_denied")).toContain("another way");
    expect(hintsOf("store.unknown_approval")).toBe("");
  });

  test("would not pass over a constructor whose code it cannot read", () => {
    const source = { path: "x/y.ts", text: 'throw new Agent33Error(pick("x"), "It broke.");' };
    expect(() => collectErrorCodes([source], [])).toThrow(/^x\/y\.ts: the code/);
  });

  test("reads code, message and hint, and neither comments nor texts that look alike", () => {
    const text = `
      // new Agent33Error("room.commented", "No.")
      const pattern = /["'\`]/;
      const settings = { setting: "room.setting" };
      type Why = "lost" | "found";
      function problem(why: Why, hint: string) {
        return new Agent33Error(\`room.\${why}\`, "It is gone.", { hint });
      }
      problem("lost", "Look for it.");
      throw new Agent33Error("room.broken", \`It broke at \${place({ a: "}" })}.\`, {
        hint: again ? "Mend it first." : "Try again later.",
      });`;
    expect(collectErrorCodes([{ path: "room/file.ts", text }], [])).toEqual([
      {
        code: "room.broken",
        rooms: ["room"],
        messages: ["It broke at …."],
        hints: ["Mend it first.", "Try again later."],
      },
      { code: "room.found", rooms: ["room"], messages: ["It is gone."], hints: [] },
      { code: "room.lost", rooms: ["room"], messages: ["It is gone."], hints: ["Look for it."] },
    ]);
  });
});

test("the schema of a replay's report is the program's (else run: node docs/reference/generate-schemas.ts)", () => {
  const kept = JSON.parse(textOf("docs/reference/replay-report.schema.json")) as unknown;
  expect(kept).toEqual(replayReportJsonSchema());
});

test("the schema of a release's settings is the program's (else run: node docs/reference/generate-schemas.ts)", () => {
  const kept = JSON.parse(textOf("docs/reference/release.schema.json")) as unknown;
  expect(kept).toEqual(releaseJsonSchema());
});

test("this repository's own settings of releases are good", () => {
  expect(readReleaseSettings(projectRoot).packet.groups).toEqual(["core"]);
});

test("the schema of gates files is the program's (else run: node docs/reference/generate-schemas.ts)", () => {
  const kept = JSON.parse(textOf("docs/reference/gates.schema.json")) as unknown;
  expect(kept).toEqual(gatesJsonSchema());
});

test("the schema of surface files is the program's (else run: node docs/reference/generate-schemas.ts)", () => {
  const kept = JSON.parse(textOf("docs/reference/surface.schema.json")) as unknown;
  expect(kept).toEqual(surfaceJsonSchema());
});

describe("the guide to learning", () => {
  const guide = textOf("docs/guides/learn.md");
  const told = [...guide.matchAll(/→ (From (\w+) it can become .*)$/gm)];

  test.each(told.map(([, hint = "", from = ""]) => [from, hint] as const))(
    "says of %s what the program says",
    (from, hint) => {
      const signal = signalStates.find((state) => state === from);
      const intake = intakeStates.find((state) => state === from);
      const move = (): void => {
        if (signal !== undefined) checkTransition("id", signal, signal);
        else allowedMove("id", intake ?? "tracked", "");
      };
      expect(move).toThrow(expect.objectContaining({ hint }));
    },
  );

  test("is right about which errors are wrong words", () => {
    expect(told.length).toBeGreaterThan(1);
    const exitOf = (code: string): number => exitCodeOfError(new Agent33Error(code, ""));
    const wrong = [
      "cli.usage",
      "cli.unreadable_input",
      "learning.bad_transition",
      "learning.unknown_signal",
    ];
    for (const code of wrong) {
      expect(exitOf(code)).toBe(exitCodes.usage);
    }
    for (const code of ["learning.store", "store.unreachable"]) {
      expect(exitOf(code)).toBe(exitCodes.failed);
    }
  });
});

describe("ARCHITECTURE.md", () => {
  /** The table of the test, read as text: `room: ["other", …],`. */
  function arrowsOfTest(): ReadonlyMap<string, string> {
    const source = textOf("test/architecture.test.ts");
    const body = /const arrows\b[^=]*= \{([\s\S]*?)\n\};/.exec(source)?.[1] ?? "";
    const rows = [...body.matchAll(/(\w+): \[([^\]]*)\]/g)];
    return new Map(
      rows.map(([, room = "", list = ""]) => [
        room,
        [...list.matchAll(/"(\w+)"/g)].map((match) => match[1]).join(", ") || "nothing",
      ]),
    );
  }

  const rows = [
    ...textOf("ARCHITECTURE.md").matchAll(/^\| `(\w+)`( \(not there yet\))? \| .* \| (.*) \|$/gm),
  ].map(([, room = "", absent, list = ""]) => ({ room, absent: absent !== undefined, list }));

  test("has the arrows that test/architecture.test.ts holds the sources to", () => {
    expect(arrowsOfTest().size).toBeGreaterThan(15);
    expect(new Map(rows.map(({ room, list }) => [room, list]))).toEqual(arrowsOfTest());
  });

  test("says of each room whether it is there", () => {
    const there = (room: string): boolean =>
      ["", ".ts"].some((end) => existsSync(join(projectRoot, "src", `${room}${end}`)));
    expect(rows.filter(({ room, absent }) => there(room) === absent)).toEqual([]);
  });
});

describe("README.md", () => {
  test("has every exit code of the program", () => {
    const codes = [...textOf("README.md").matchAll(/^\| (\d+) \|/gm)].map((match) =>
      Number(match[1]),
    );
    expect(codes).toEqual(Object.values(exitCodes));
  });

  test("shows what the demo prints", async () => {
    /** Figures and ids differ from run to run; paths from machine to machine. */
    const neutral = (text: string): string =>
      text
        // Of how far its server is kept in: who runs it as root, or lacks bubblewrap, is told so.
        .replace(
          /^note: MCP server filesystem(?: is unconfined)?: .*(?:run as root|does not bind|bubblewrap).*\n/gm,
          "",
        )
        .replace(/\d+ ms|\d+\.\d s/g, "0 ms")
        .replace(/[0-9a-f]{8}(-[0-9a-f]{4,12}){0,4}/g, "ID")
        .replace(/\d/g, "0");
    /** Calls that run side by side end in any order. */
    const inOneOrder = (text: string): string =>
      text.replace(
        /(?: {2}✓ .*\n {4}.*(?:\n|$)){2,}/g,
        (calls) =>
          calls
            .match(/ {2}✓ .*\n {4}.*(?:\n|$)/g)
            ?.map((call) => call.trimEnd())
            .sort()
            .join("\n")
            .concat("\n") ?? calls,
      );
    const data = freshFolder();
    const task = "examples/tasks/ledger-reconcile";
    const words = ["run", "--task", task, "--environment", "host", "--data", data];
    const { stdout } = await runInProcess(words, projectRoot);
    const real = inOneOrder(
      neutral(stdout.replaceAll(data, ".agent33").replaceAll(`${projectRoot}/`, "")),
    );
    const shown = blocksOf(textOf("README.md"), "text").find((block) =>
      block.includes("outcome  verified"),
    );
    const pieces = (shown ?? "")
      .split(/^\[….*…\]$/m)
      .map((piece) => inOneOrder(`${neutral(piece.trim())}\n`).trim());
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.filter((piece) => !real.includes(piece))).toEqual([]);
  });
});
