import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

/**
 * The house's own rules, checked on the text of the sources (TypeScript 7 has no compiler API).
 * A rule that finds nothing to look at fails, so that a moved folder cannot switch it off.
 */
const root = resolve(import.meta.dirname, "..");

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) return filesBelow(path);
    return /\.(?:c?[jt]s|tsx)$/.test(path) ? [path] : [];
  });
}

const isTest = (path: string): boolean => /\.(test|fixture|cases)\.ts$/.test(path);
const sources = filesBelow("src").filter((path) => !isTest(path));
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");
/** The text without comments, so that prose does not trip rules about code. */
const codeOf = (path: string): string =>
  textOf(path)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");

function importsOf(path: string): readonly string[] {
  // Not the end of a text such as "/v1/evaluations/import".
  const words = /(?<![\w/])(?:from|import|require)\s*\(?\s*["']([^"']+)["']/g;
  const found = [...codeOf(path).matchAll(words)];
  return found.map((match) => match[1] ?? "");
}

/** The room of a file: its first folder below `src`, or the file itself where it stands alone. */
function roomOf(path: string): string {
  const [, room = "", ...rest] = path.split("/");
  return rest.length === 0 ? room.replace(/\.ts$/, "") : room;
}

/** Which rooms each room may import. ARCHITECTURE.md says why. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  base: [],
  events: ["base"],
  store: ["base", "events", "learning"],
  durable: ["base", "events"],
  models: ["base"],
  tools: ["base"],
  sandbox: ["base"],
  boundary: ["base", "events"],
  connectors: ["base", "boundary", "tools", "models", "sandbox"],
  context: ["base", "events", "models", "tools"],
  skills: ["base", "models", "tools"],
  agents: [
    "base",
    "events",
    "durable",
    "models",
    "tools",
    "sandbox",
    "boundary",
    "connectors",
    "context",
    "skills",
  ],
  learning: ["base", "events"],
  evaluation: [
    "base",
    "events",
    "durable",
    "models",
    "tools",
    "sandbox",
    "boundary",
    "connectors",
    "context",
    "skills",
    "agents",
  ],
  scanning: ["base", "tools", "skills"],
  observability: ["base", "events"],
  config: ["base", "boundary", "connectors", "models", "context", "agents", "learning", "sandbox"],
  engine: [
    "base",
    "events",
    "store",
    "durable",
    "models",
    "tools",
    "sandbox",
    "boundary",
    "connectors",
    "context",
    "skills",
    "agents",
    "learning",
    "evaluation",
    "scanning",
    "observability",
    "config",
  ],
  http: ["base", "events", "learning", "engine", "config", "release"],
  cli: ["base", "events", "learning", "engine", "config", "http", "release"],
  index: ["base", "events", "engine", "config"],
  testing: ["durable"],
  release: ["base", "events", "engine", "config", "evaluation"],
};

const socketModules = [
  "net",
  "tls",
  "http",
  "https",
  "http2",
  "undici",
  "dgram",
  "dns",
  "dns/promises",
  "child_process",
  "worker_threads",
];
/** The service listens; it connects to nothing. */
const listening = "src/http/listen.ts";
const socketRooms = ["src/boundary/egress/", "src/sandbox/", listening];

/** Files that may be longer than the limit, each with its reason. */
const longFiles: Readonly<Record<string, string>> = {};
const lineLimit = 400;

test("there are sources to check", () => {
  expect(sources.length).toBeGreaterThan(50);
});

describe("arrows", () => {
  test("every room is known", () => {
    const unknown = new Set(sources.map(roomOf).filter((room) => !(room in arrows)));
    expect([...unknown]).toEqual([]);
  });

  /** Imports that no arrow allows. */
  const againstTheArrows = (path: string, specifiers: readonly string[]): readonly string[] =>
    specifiers
      .filter((name) => name.startsWith("."))
      .map((name) => relative(root, resolve(root, dirname(path), name)))
      .filter((target) => roomOf(target) !== roomOf(path))
      .filter((target) => !(arrows[roomOf(path)] ?? []).includes(roomOf(target)))
      .map((target) => `${path} -> ${target}`);

  test("imports point one way", () => {
    expect(sources.flatMap((path) => againstTheArrows(path, importsOf(path)))).toEqual([]);
  });

  test("a planted import against the arrows is found, one along them is not", () => {
    const planted = ["../store/store.ts", "./errors.ts", "node:fs"];
    expect(againstTheArrows("src/base/x.ts", planted)).toEqual([
      "src/base/x.ts -> src/store/store.ts",
    ]);
    expect(againstTheArrows("src/engine/x.ts", planted)).toEqual([]);
    expect(againstTheArrows("src/cli/commands/x.ts", ["../../boundary/chain.ts"])).toHaveLength(1);
  });

  test("there are no import cycles between files", () => {
    const graph = new Map(
      sources.map((path) => [
        path,
        importsOf(path)
          .filter((name) => name.startsWith("."))
          .map((name) => relative(root, resolve(root, dirname(path), name))),
      ]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) {
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
        return;
      }
      if (done.has(path)) return;
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of graph.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });
});

describe("the page and the client", () => {
  /** Imports of a folder that are neither its own files nor among those that it may have. */
  const strange = (folder: string, allowed: readonly string[]): readonly string[] =>
    filesBelow(folder).flatMap((path) =>
      importsOf(path)
        .map((name) =>
          name.startsWith(".") ? relative(root, resolve(root, dirname(path), name)) : name,
        )
        .filter((name) => !name.startsWith(`${folder}/`) && !allowed.includes(name))
        .map((name) => `${path} -> ${name}`),
    );
  const libraries = ["react", "react-dom/client", "uplot", "uplot/dist/uPlot.min.css"];

  test("the page knows the server by its client alone", () => {
    expect(strange("dashboard/src", [...libraries, "client/index.ts"])).toEqual([]);
    expect(strange("dashboard/src", libraries)).toContain(
      "dashboard/src/api.ts -> client/index.ts",
    );
  });

  test("the client needs nothing, so that it works wherever there is fetch", () => {
    expect(filesBelow("client").length).toBeGreaterThan(5);
    expect(strange("client", [])).toEqual([]);
  });

  test("nothing is written into the page past React's escaping, nor kept of the key", () => {
    const text = filesBelow("dashboard/src").map(codeOf).join("\n");
    expect(text).not.toMatch(/dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|\beval\(/);
    expect(text.match(/localStorage\.setItem\((\w+)/g)).toEqual(["localStorage.setItem(place"]);
  });

  test("files are short", () => {
    const all = [...filesBelow("dashboard/src"), ...filesBelow("client")];
    const long = all.filter((path) => textOf(path).split("\n").length > lineLimit);
    // It is made of the API's document.
    expect(long).toEqual(["client/operations.ts"]);
  });
});

describe("connectors", () => {
  const files = filesBelow("src/connectors");
  const folders = [...new Set(files.map((path) => dirname(path)))].filter((folder) =>
    files.includes(join(folder, "connector.ts")),
  );

  test("are folders that hold the same files", () => {
    const rooms = new Set(files.map((path) => dirname(path)));
    const parents = ["src/connectors", "src/connectors/messaging", "src/connectors/media"];
    expect([...rooms].filter((room) => !folders.includes(room)).toSorted()).toEqual(
      parents.toSorted(),
    );
    const kinds = codeOf("src/connectors/kinds.ts").match(/^ {2}\w+: \w+Kind,$/gm) ?? [];
    const configured = folders
      .map((folder) => join(folder, "settings.ts"))
      .filter((path) => files.includes(path) && /\bkind(?::| =) z\.literal\(/.test(codeOf(path)));
    expect(configured).toHaveLength(kinds.length);
  });

  /** Which of the same files a folder does not have, each with the reason. There are no others. */
  const lacking: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "connector.ts": {},
    "conformance.test.ts": {},
    "settings.ts": {
      javascript: "a switch among those of the sandbox",
      models: "a word of its own in the settings, because every command takes it: `model`",
      shell: "what isolates commands isolates servers too: `sandbox` in the settings",
      workspace: "there is nothing to set: it is a run's folder",
    },
    "errors.ts": {
      embeddings: "the same libraries as for models: models/errors.ts",
      javascript: "how a program ends is an answer, and nothing else can fail",
      "media/speech": "one server for both media, whose errors are HTTP's: media/server.ts",
      "media/vision": "one server for both media, whose errors are HTTP's: media/server.ts",
      "messaging/webhook": "no errors but HTTP's own: http/errors.ts",
      search: "no errors but HTTP's own: http/errors.ts",
      web: "no errors but HTTP's own: http/errors.ts",
      workspace: "what stands in a file's way is an answer; a missing workspace: contained-path.ts",
    },
  };

  test.each(Object.entries(lacking))("all have %s, but for those that say why", (file, reasons) => {
    const without = folders.filter((folder) => !files.includes(join(folder, file)));
    expect(without.map((folder) => relative("src/connectors", folder)).toSorted()).toEqual(
      Object.keys(reasons).toSorted(),
    );
  });

  test.each(folders)("%s is held to the suite that all must pass", (folder) => {
    const suite = codeOf(join(folder, "conformance.test.ts"));
    expect(suite).toContain('test/connectors/conformance.ts"');
    expect(suite).toMatch(/\bconnectorConformance\(/);
  });
});

describe("habits", () => {
  const offenders = (pattern: RegExp, allowed: (path: string) => boolean): readonly string[] =>
    sources.filter((path) => !allowed(path) && pattern.test(codeOf(path)));

  test("only the egress room and the sandbox open sockets and processes", () => {
    const names = new Set(socketModules.flatMap((name) => [name, `node:${name}`]));
    // `isIP` and `BlockList` of node:net open nothing, but a name is simpler to check than a use.
    const wrong = sources.filter(
      (path) =>
        !socketRooms.some((room) => path.startsWith(room)) &&
        importsOf(path).some((name) => names.has(name)),
    );
    expect(wrong).toEqual([]);
    expect(sources.some((path) => importsOf(path).includes("undici"))).toBe(true);
    expect(sources.some((path) => importsOf(path).includes("node:child_process"))).toBe(true);
  });

  test("only the store's PostgreSQL room has its client", () => {
    const users = sources.filter((path) => importsOf(path).includes("pg"));
    expect(users.filter((path) => !path.startsWith("src/store/postgres/"))).toEqual([]);
    expect(users.length).toBeGreaterThan(0);
  });

  test("only the engine grants a way around the boundary", () => {
    const granting = sources.filter((path) => /\bgrantEgress\(/.test(codeOf(path)));
    expect(granting).toEqual(["src/boundary/egress/guard.ts", "src/engine/grants.ts"]);
  });

  test("only an attempt runs something as a governed call", () => {
    const entering = sources.filter((path) => /\brunAsCall\b/.test(codeOf(path)));
    expect(entering).toEqual(["src/boundary/attempt.ts", "src/boundary/egress/guard.ts"]);
  });

  test("only the guard itself has its state in hand", () => {
    const holding = sources.filter((path) =>
      /guard-context\.cjs|agent33\.egress-guard/.test(codeOf(path)),
    );
    expect(holding.length).toBeGreaterThan(4);
    expect(holding.filter((path) => !path.startsWith("src/boundary/egress/guard"))).toEqual([]);
  });

  test("CommonJS, which these rules read too, is the guard's alone", () => {
    const common = sources.filter((path) => path.endsWith(".cjs"));
    expect(common).toContain("src/boundary/egress/guard.cjs");
    expect(common.filter((path) => !path.startsWith("src/boundary/egress/guard"))).toEqual([]);
    expect(importsOf("src/boundary/egress/guard-sockets.cjs")).toContain("node:net");
  });

  test("no second SQLite engine comes with a dependency", () => {
    // Only Node's own is checked for the WAL-reset fault at start; another would have to be, too.
    const engines =
      /node_modules\/(better-sqlite3.*|sqlite3|@?libsql.*|node-sqlite3-wasm|@sqlite\.org\/.*|sql\.js|wa-sqlite|@journeyapps\/.*)$/;
    const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
      readonly packages: Readonly<Record<string, unknown>>;
    };
    expect(Object.keys(lock.packages).filter((path) => engines.test(path))).toEqual([]);
    expect(engines.test("node_modules/x/node_modules/better-sqlite3")).toBe(true);
  });

  test("nothing uses the global fetch", () => {
    expect(
      offenders(/(?<!get )(?<![.\w"])fetch\(/, (path) =>
        socketRooms.some((room) => path.startsWith(room)),
      ),
    ).toEqual([]);
  });

  test("there are no default exports", () => {
    expect(offenders(/^export default\b/m, () => false)).toEqual([]);
  });

  test("only the command line reads the environment", () => {
    expect(offenders(/\bprocess\.env\b/, (path) => path === "src/cli/main.ts")).toEqual([]);
  });

  test("clock and randomness are passed in", () => {
    const pattern =
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\brandomUUID\(/;
    expect(offenders(pattern, (path) => path.startsWith("src/base/"))).toEqual([]);
    expect(pattern.test(codeOf("src/base/clock.ts"))).toBe(true);
  });

  test("files are short", () => {
    const long = filesBelow("src").filter(
      (path) => textOf(path).split("\n").length > lineLimit && !(path in longFiles),
    );
    expect(long).toEqual([]);
  });

  test("nothing is left half done", () => {
    const words = new RegExp(
      `\\b(${["TO", "DO"].join("")}|${["FIX", "ME"].join("")}|not implemented)\\b`,
    );
    expect(sources.filter((path) => words.test(textOf(path)))).toEqual([]);
  });
});
