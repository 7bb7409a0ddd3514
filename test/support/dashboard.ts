import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { stringify } from "yaml";
import type { JsonValue } from "../../src/base/json.ts";
import { loadConfig } from "../../src/config/config.ts";
import type { RunRequest } from "../../src/engine/create-run.ts";
import { type ApiServer, startServer } from "../../src/http/server.ts";
import { type ScriptedTurn, testHost } from "./engine.ts";

/** Debian's Chromium, or the same elsewhere; undefined where there is none. */
export const chromiumPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) =>
  existsSync(path),
);

/** Asks a person before anything in the workspace is changed. */
const careful = `pack: careful
version: 1
description: asks before anything is written
default: allow
rules:
  - id: writes
    ask: { connector: "tool:workspace", effect: [write, destructive] }
    reason: Writing needs a person.
`;

/** A server with its page, and a way to make runs that play a script. */
export interface DashboardWorld {
  readonly folder: string;
  readonly server: ApiServer;
  readonly address: string;
  /** The key with every right. */
  readonly key: string;
  /** What the server said on the side. */
  readonly warnings: readonly string[];
  /** Makes a run of these turns, which the server works on. */
  start(
    task: string,
    turns: readonly ScriptedTurn[],
    request?: Partial<RunRequest>,
  ): Promise<string>;
  /** Resolves when a run has ended or waits for a person. */
  settled(id: string): Promise<string>;
  /** Resolves with the question that a run waits with, when there is one. */
  question(id: string): Promise<string>;
  close(): Promise<void>;
}

/** A real server on a port of its own; runs that write into their workspace wait for a person. @param folder an empty one */
export async function dashboardWorld(
  folder: string,
  settings: Readonly<Record<string, JsonValue>> = {},
): Promise<DashboardWorld> {
  const put = (name: string, text: string): string => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  put("careful.yaml", careful);
  put("work/ledger.csv", "date,amount\n2026-01-04,12.50\n2026-01-05,7.25\n");
  let scripts = 0;
  const script = (turns: readonly ScriptedTurn[]): string => {
    scripts += 1;
    return `scripted:${put(`script-${scripts}.yaml`, stringify({ name: "example", turns }))}`;
  };
  const wanted = {
    "serve.port": 0,
    "store.synchronous": "normal",
    "policy.packs": ["careful"],
    "policy.files": ["careful.yaml"],
    model: script([{ text: "Done." }]),
    ...settings,
  };
  const flags = Object.entries(wanted).map(([setting, value]) => ({
    setting,
    flag: `--${setting}`,
    value,
  }));
  const warnings: string[] = [];
  const host = { ...testHost(folder), warn: (text: string) => void warnings.push(text) };
  const server = await startServer(loadConfig({ cwd: folder, env: {}, flags }), host);
  const { runs, store } = server.engines.own;
  let closed: Promise<void> | undefined;
  return {
    folder,
    server,
    address: server.address,
    key: server.firstKey ?? "",
    warnings,
    start: (task, turns, request = {}) =>
      runs.create({
        task: { kind: "text", text: task, workspace: join(folder, "work") },
        model: script(turns),
        effort: undefined,
        mcpCommands: [],
        queued: true,
        ...request,
      }),
    settled: async (id) => {
      for (;;) {
        const { state, outcome } = store.runs.find(id);
        if (state !== "running") return outcome ?? state;
        await new Promise((done) => setTimeout(done, 20));
      }
    },
    question: async (id) => {
      for (;;) {
        const pending = store.approvals.list({ state: "pending" });
        const asked = pending.find(({ runId }) => runId === id);
        if (asked !== undefined && store.runs.find(id).state === "parked") return asked.id;
        await new Promise((done) => setTimeout(done, 20));
      }
    },
    close: () => (closed ??= server.close()),
  };
}

/** A browser's page that notes what must not happen on it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console, violations of the page's policy, and requests to elsewhere. */
  readonly faults: string[];
}

/** @param folder where it leaves what it needs for a while */
export async function launchChromium(folder: string): Promise<Browser> {
  return chromium.launch({
    env: { ...process.env, TMPDIR: folder },
    executablePath: chromiumPath ?? "",
    args: ["--no-sandbox", "--disable-gpu"],
  });
}

/** A page of its own, with cookies of its own. */
export async function watchedPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ baseURL: origin, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) faults.push(`request to ${request.url()}`);
  });
  return { page, faults };
}

/** Signs in by the page's own form. */
export async function signIn(page: Page, key: string, path = "/"): Promise<void> {
  await page.goto(path);
  await page.getByLabel("API key").fill(key);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "AGENT-33" }).waitFor();
}
