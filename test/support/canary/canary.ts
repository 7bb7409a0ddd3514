import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { allRoutes } from "../../../src/http/routes/all.ts";
import { type CliResult, projectRoot, startCli } from "../cli.ts";
import { type Peers, startPeers } from "./peers.ts";
import { type Canary, canary, soup, webhookCanary } from "./secrets.ts";
import { createSearch, type Search } from "./search.ts";

/** What a round found. */
export interface CanaryReport {
  /** Where a secret stood that must stand nowhere. */
  readonly leaks: readonly string[];
  /** What was not tried, or went another way than it should for the search to mean anything. */
  readonly faults: readonly string[];
  readonly places: number;
  readonly bytes: number;
  readonly answers: number;
}

/** Stands beside the secrets in all that is said: where it is not found, nothing was searched. */
const marker = "plain-words-that-may-be-found";
const server = resolve(import.meta.dirname, "../mcp-servers/tells-secrets.mjs");

/** The one that only the encrypted store has. */
const storedName = "STORED_TOKEN";

/** Secrets of every kind that settings name, and of the environment; headers and tokens are ASCII. */
function canaries(): Readonly<Record<string, Canary>> {
  const made = [
    canary("OPENAI_COMPATIBLE_API_KEY"),
    canary("NOTES_TOKEN"),
    webhookCanary("HOOK_SECRET"),
    canary("COLLECTOR_TOKEN"),
    canary("DEPLOY_PASSWORD"),
    canary(storedName),
  ];
  return Object.fromEntries(made.map((one) => [one.name, one]));
}

/** Pushes secrets through every surface there is, and looks for them wherever anything is kept or told. */
export async function canaryRound(): Promise<CanaryReport> {
  const folder = mkdtempSync(join(tmpdir(), "agent33-canary-"));
  const secrets = Object.values(canaries());
  const spoken = `${marker} ${soup(secrets)}`;
  const peers = await startPeers(spoken);
  try {
    const search = createSearch(secrets, marker);
    const world = { folder, spoken, peers, secrets, search, faults: [] as string[], answers: 0 };
    writeWorld(world);
    await storeOne(world);
    await serveAll(world);
    await commandsOf(world);
    lookAround(world);
    world.faults.push(...unsearched(search));
    return {
      leaks: [...search.hits],
      faults: world.faults,
      ...search.counts(),
      answers: world.answers,
    };
  } finally {
    await peers.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface World {
  readonly folder: string;
  readonly spoken: string;
  readonly peers: Peers;
  readonly secrets: readonly Canary[];
  readonly search: Search;
  readonly faults: string[];
  answers: number;
}

/** Where what was said must have been found, or the search of these places means nothing. */
const searched: readonly RegExp[] = [
  /^\.agent33\/agent33\.db$/,
  /^\.agent33\/journal\//,
  /^\.agent33\/backups\/.*unpacked/,
  /^moved\.jsonl$/,
  /^jobs\//,
  /^prompt$/,
  /^body for the webhook$/,
  /^stdout of agent33 runs show/,
  /^answer of GET \/v1\/runs\/.*events$/,
];

function unsearched({ marked }: Search): readonly string[] {
  return searched
    .filter((place) => ![...marked].some((where) => place.test(where)))
    .map((place) => `what may be found was not found in ${String(place)}`);
}

const masterKey = randomBytes(32).toString("base64");

/** Everything that people write for it: settings, agents, skills, a workspace, a policy. */
function writeWorld({ folder, spoken, peers }: World): void {
  const put = (path: string, text: string): void => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  put("spoken.json", JSON.stringify(spoken.split(" | ")));
  put("work/notes.txt", spoken.replaceAll(" | ", "\n"));
  put(
    "agents/clerk.yaml",
    stringify({
      name: "clerk",
      version: "1.0.0",
      role: "A clerk.",
      instructions: `Work. ${spoken}`,
      preload: ["forms"],
      inputs: { type: "object", properties: { letter: { type: "string" } } },
    }),
  );
  put(
    "skills/forms/SKILL.md",
    stringify({ name: "forms", description: `Fills in forms. ${spoken.slice(0, 900)}` }).replace(
      /^/,
      "---\n",
    ) + `---\nLook first. ${spoken}\n`,
  );
  put(
    "policy/careful.yaml",
    stringify({
      pack: "careful",
      version: 1,
      description: "asks before anything is written",
      default: "allow",
      rules: [
        { id: "here", allow: { private: true }, reason: "All of them are on this machine." },
        { id: "writes", ask: { connector: "tool:workspace" }, reason: "Writing needs a person." },
        { id: "repeats", ask: { tool: "*repeat" }, reason: "What is said again needs a person." },
      ],
    }),
  );
  put(
    "agent33.config.yaml",
    stringify({
      model: "openai-compatible:odd",
      baseUrl: peers.model.baseUrl,
      agent: "clerk",
      policy: { packs: ["careful"], files: ["policy"] },
      unpriced: "allow",
      approvals: { webhook: { url: peers.hook.url, secretVariable: "HOOK_SECRET" } },
      telemetry: {
        jsonl: "told.jsonl",
        otlp: { url: peers.collector.url, secretHeaders: { "x-token": "COLLECTOR_TOKEN" } },
      },
      skills: { folders: ["skills"] },
      serve: { port: 0, workspaces: ["work"] },
      mcpServers: {
        notes: {
          command: process.execPath,
          args: [server, join(folder, "spoken.json")],
          env: {
            NOTES_TOKEN: "${NOTES_TOKEN}",
            HEADER: "Bearer ${NOTES_TOKEN}",
            OTHER: "${STORED_TOKEN}",
          },
          confine: false,
        },
      },
    }),
  );
}

const environment = ({ secrets }: World): Record<string, string> => ({
  AGENT33_MASTER_KEY: masterKey,
  ...Object.fromEntries(
    secrets.flatMap(({ name, value }) => (name === storedName ? [] : [[name, value]])),
  ),
});

async function storeOne(world: World): Promise<void> {
  const input = world.secrets.find(({ name }) => name === storedName)?.value ?? "";
  const words = ["secrets", "set", storedName];
  const { code, stdout, stderr } = await startCli(words, {
    cwd: world.folder,
    env: environment(world),
    input,
  }).ended;
  if (code !== 0) world.faults.push(`secrets set: ${stderr}`);
  world.search.look("words of secrets set", stdout + stderr);
}

/** The service: every operation, with secrets in whatever can be sent, and every answer. */
async function serveAll(world: World): Promise<void> {
  const { folder, search, spoken, faults } = world;
  const served = startCli(["serve", "--json"], { cwd: folder, env: environment(world) });
  const ready = firstLine(served);
  void served.ended.then(({ stderr }) => ready.reject(new Error(stderr)));
  try {
    const ask = asker(world, await ready.promise);
    const run = await started(ask, { task: `Do it. ${spoken}`, workspace: "work", shell: true });
    await ask("POST", `/v1/runs/${run}/messages`, { text: `And ${spoken}` });
    const [events] = await Promise.all([ask("GET", `/v1/runs/${run}/events`), answered(ask, run)]);
    if (!events.text.includes("run.finished")) faults.push(`no end: ${events.text.slice(-300)}`);
    if (!events.text.includes(marker)) faults.push("the events do not say what was said");
    for (const how of ["the model fails", "the stream fails"]) {
      const failed = await started(ask, { task: `${how} ${spoken}` });
      await ask("GET", `/v1/runs/${failed}/events`);
    }
    await ask("POST", "/v1/agents/clerk/invoke", { inputs: { letter: spoken } });
    await everyOperation(world, ask, run);
  } finally {
    served.child.kill("SIGTERM");
    const { stdout, stderr } = await served.ended;
    search.look("stdout of serve", stdout);
    search.look("stderr of serve", stderr);
  }
}

function firstLine({ child }: ReturnType<typeof startCli>): PromiseWithResolvers<Ready> {
  const ready = Promise.withResolvers<Ready>();
  let said = "";
  child.stdout?.on("data", (piece: string) => {
    said += piece;
    const [line, rest] = said.split("\n");
    if (rest !== undefined) ready.resolve(JSON.parse(line ?? "") as Ready);
  });
  return ready;
}

interface Ready {
  readonly address: string;
  readonly firstKey: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer>;

/** Asks, and looks at what is answered. */
function asker(world: World, { address, firstKey }: Ready): Ask {
  return async (method, path, body, headers) => {
    const response = await fetch(`${address}${path}`, {
      method,
      signal: AbortSignal.timeout(mostMs),
      headers: {
        authorization: `Bearer ${firstKey}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text().catch((error: unknown) => `no answer: ${String(error)}`);
    const where = `answer of ${method} ${path.slice(0, 80)}`;
    world.search.look(where, `${JSON.stringify([...response.headers])}${text}`);
    world.answers += 1;
    if (response.status >= 500 && response.status !== 502) world.faults.push(`${where}: ${text}`);
    return { status: response.status, text };
  };
}

async function started(ask: Ask, body: object): Promise<string> {
  const { status, text } = await ask("POST", "/v1/runs", body);
  if (status !== 201) throw new Error(`no run: ${status} ${text}`);
  return (JSON.parse(text) as { readonly id: string }).id;
}

/** Milliseconds that a run may take. */
const mostMs = 60_000;

/** Says yes to whatever a run asks, until it has ended. */
async function answered(ask: Ask, run: string): Promise<void> {
  for (const until = performance.now() + mostMs; performance.now() < until; ) {
    const { text } = await ask("GET", `/v1/runs/${run}`);
    if ((JSON.parse(text) as { readonly state: string }).state === "finished") return;
    const open = JSON.parse((await ask("GET", "/v1/approvals")).text) as {
      readonly items: readonly { readonly id: string; readonly state: string }[];
    };
    for (const { id, state } of open.items) {
      if (state === "pending") await ask("POST", `/v1/approvals/${id}/approve`);
    }
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** Each operation with what there is, and with secrets in its path, query, headers and body. */
async function everyOperation(world: World, ask: Ask, run: string): Promise<void> {
  const [approval] = idsIn((await ask("GET", "/v1/approvals")).text, "id");
  const [call] = idsIn((await ask("GET", "/v1/audit?limit=5")).text, "callId");
  const known = (path: string): string => {
    if (path.startsWith("/v1/approvals")) return approval ?? run;
    if (path.startsWith("/v1/audit")) return call ?? run;
    if (path.startsWith("/v1/agents")) return "clerk";
    if (path.startsWith("/v1/skills")) return "forms";
    if (path.startsWith("/v1/policy")) return "careful";
    return path.startsWith("/v1/connectors") ? "mcp:notes" : run;
  };
  for (const secret of world.secrets) {
    const said = encodeURIComponent(secret.value);
    const headers = { "x-note": secret.value, "last-event-id": secret.value, cookie: secret.value };
    await ask("GET", `/v1/audit?${said}=${said}&cursor=${said}&from=${said}`, undefined, headers);
    await ask("GET", `/v1/runs?cursor=${said}&limit=${said}`, undefined, headers);
    await ask("GET", `/${said}`, undefined, { authorization: `Bearer ${secret.value}` });
    await ask("POST", "/v1/runs", { [secret.value]: secret.value, task: secret.value });
    await ask("POST", "/v1/runs", { task: "x", agent: secret.value });
  }
  for (const { method, path } of allRoutes) {
    const ends = /rotate|resume|DELETE/.test(`${method} ${path}`);
    const real = path.replace(/\{\w+\}/g, known(path));
    const odd = path.replace(/\{\w+\}/g, () => encodeURIComponent(world.secrets[0]?.value ?? ""));
    if (odd !== path) await ask(method, odd, method === "GET" ? undefined : {});
    if (method === "GET") await ask(method, real);
    else if (!ends) {
      await ask(method, real, {});
      await ask(method, real, oddBody(world));
    }
  }
  for (const path of ["/v1/audit/export", "/v1/mcp/inspect", "/v1/connectors/check"]) {
    const { status, text } = await ask("POST", path, {});
    if (status !== 200) world.faults.push(`POST ${path}: ${status} ${text}`);
  }
  for (const name of ["default", "careful"]) await ask("GET", `/v1/policy/packs/${name}`);
}

/** Most operations have one of these names; all of them are held against a schema. */
function oddBody({ spoken }: World): Readonly<Record<string, unknown>> {
  const names = ["name", "text", "task", "reason", "query", "definition", "pack", "skill", "input"];
  const said = spoken.slice(0, 4_000);
  return Object.fromEntries([...names.map((name) => [name, said]), [said, said]]);
}

function idsIn(text: string, name: string): readonly string[] {
  const { items } = JSON.parse(text) as { readonly items: readonly Record<string, string>[] };
  return items.flatMap((item) => item[name] ?? []);
}

/** The command line: what shows, exports and keeps. */
async function commandsOf(world: World): Promise<void> {
  const { folder, spoken, search, faults } = world;
  const said = async (
    codes: readonly number[],
    ...words: readonly string[]
  ): Promise<CliResult> => {
    const env = environment(world);
    const { code, stdout, stderr } = await startCli(words, { cwd: folder, env }).ended;
    const command = `agent33 ${words.join(" ").slice(0, 60)}`;
    search.look(`stdout of ${command}`, stdout);
    search.look(`stderr of ${command}`, stderr);
    if (code === null || !codes.includes(code)) faults.push(`${command}: ${code} ${stderr}`);
    return { code, stdout, stderr };
  };
  const runs = JSON.parse((await said([0], "runs", "list", "--json")).stdout) as {
    readonly items: readonly { readonly id: string }[];
  };
  const run = runs.items.at(-1)?.id ?? "none";
  await said([0], "runs", "show", run);
  await said([0], "runs", "trace", run);
  await said([0], "runs", "trace", run, "--json");
  await said([0, 1, 75], "run", spoken, "--json");
  await said([0, 1, 2, 64], "replay", run);
  await said([0], "audit", "list", "--json");
  await said([0], "audit", "export", "audit.jsonl");
  await said([0], "metrics");
  await said([0], "config", "explain");
  await said([0, 1], "doctor");
  await said([0], "learn", "list", "--json");
  const task = join(projectRoot, "examples/tasks/label-codes");
  await said([0, 1], "eval", "run", task, "--skills", "library", "--trials", "1", "--job", "one");
  await said([0], "eval", "report", "jobs/one", "--output", "report.html");
  await said([0], "store", "backup");
  await said([0], "store", "export", "moved.jsonl");
  await said([64], "run", "--model", world.secrets[0]?.value ?? "", "x");
}

/** Everything that is kept, byte by byte, and everything that was sent to others. */
function lookAround({ folder, search, peers, faults, secrets }: World): void {
  const given = /^(?:work|agents|skills)\/|^spoken\.json$/;
  search.lookBelow(folder, (path) => given.test(path));
  for (const [name, { bodies }] of [
    ["webhook", peers.hook] as const,
    ["collector", peers.collector] as const,
  ]) {
    if (bodies.length === 0) faults.push(`the ${name} was told nothing`);
    for (const body of bodies) search.look(`body for the ${name}`, body);
  }
  for (const { body } of peers.model.requests) search.look("prompt", JSON.stringify(body));
  if (
    !peers.model.requests.some(({ headers }) =>
      headers["authorization"]?.includes(secrets[0]?.value ?? "-"),
    )
  ) {
    faults.push("the model did not get its key");
  }
}
