import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { Agent33Error } from "../../../base/errors.ts";
import { canonicalJson, type JsonValue } from "../../../base/json.ts";
import { loadConfig } from "../../../config/config.ts";
import {
  type ContinuityReaders,
  type ContinuityReport,
  lookForDecisions,
} from "../../../engine/continuity.ts";
import type { Host } from "../../../engine/host.ts";
import { listen, type Listening } from "../../../http/listen.ts";
import { type ApiServer, startServer } from "../../../http/server.ts";

/** The longest that the run may take. Milliseconds. */
const longestMs = 120_000;

/** One line is written by a tool, and another one is refused to it. */
const script = {
  name: "continuity",
  turns: [
    { tool_calls: [{ name: "append_line", arguments: { path: "allowed.txt", line: "one" } }] },
    { tool_calls: [{ name: "append_line", arguments: { path: "refused.txt", line: "two" } }] },
    { text: "Done." },
  ],
};
const pack = {
  pack: "continuity",
  version: 1,
  description: "The default pack, with one file that nobody may write.",
  extends: ["default"],
  default: "allow",
  rules: [
    {
      id: "refused-file",
      deny: { tool: "append_line" },
      when: 'args.path == "refused.txt"',
      reason: "The check needs a call that is refused.",
    },
  ],
};

/**
 * Makes a real run in a store of its own, with a call that policy allows and one that it refuses, and
 * looks for its decisions where anybody would: over the API, in its metrics, in the exported file and at
 * a collector on this machine. What it made is gone afterwards.
 * @param change stands between the check and what it reads; for who wants to see it fail
 * @throws Agent33Error `evaluation.continuity_run` where the run cannot be made or does not end
 */
export async function continuityOfNewRun(
  machine: Host,
  change: (readers: ContinuityReaders) => ContinuityReaders = (readers) => readers,
): Promise<ContinuityReport> {
  const folder = mkdtempSync(join(tmpdir(), "agent33-continuity-"));
  const { PATH, HOME, TMPDIR } = machine.env;
  // Not the caller's settings and keys: the run is the same everywhere.
  const host: Host = { ...machine, cwd: folder, env: { PATH, HOME, TMPDIR } };
  const requests: string[] = [];
  let collector: Listening | undefined;
  let server: ApiServer | undefined;
  try {
    const workspace = join(folder, "workspace");
    mkdirSync(workspace);
    writeFileSync(join(folder, "script.yaml"), canonicalJson(script));
    writeFileSync(join(folder, "pack.yaml"), canonicalJson(pack));
    const settings: Readonly<Record<string, JsonValue>> = {
      data: join(folder, "data"),
      model: `scripted:${join(folder, "script.yaml")}`,
      "policy.files": [join(folder, "pack.yaml")],
      "policy.packs": ["continuity"],
      "serve.port": 0,
      "serve.workspaces": [workspace],
      "telemetry.jsonl": join(folder, "told.jsonl"),
    };
    collector = await listen(
      configOf(folder, settings).settings.serve,
      (request) => taken(request, requests),
      folder,
    );
    const otlp = { "telemetry.otlp.url": `${collector.address}/v1/traces` };
    server = await startServer(configOf(folder, { ...settings, ...otlp }), host);
    const ask = askerOf(server);
    const run = await madeRun(ask, workspace);
    const readers = apiReaders(ask, { server, run, requests, file: join(folder, "told.jsonl") });
    return await lookForDecisions(run, change(readers), ["allow", "deny"]);
  } finally {
    await server?.close();
    collector?.cut();
    await collector?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function configOf(cwd: string, settings: Readonly<Record<string, JsonValue>>) {
  const flags = Object.entries(settings).map(([setting, value]) => ({
    setting,
    flag: `--${setting}`,
    value,
  }));
  return loadConfig({ cwd, env: {}, flags });
}

/** A collector that keeps what it gets. */
async function taken(request: Request, requests: string[]): Promise<Response> {
  const bytes = Buffer.from(await request.arrayBuffer());
  const zipped = request.headers.get("content-encoding") === "gzip";
  requests.push((zipped ? gunzipSync(bytes) : bytes).toString("utf8"));
  return new Response("{}", { headers: { "content-type": "application/json" } });
}

type Ask = (
  path: string,
  more?: { readonly body?: JsonValue; readonly accept?: string },
) => Promise<string>;

/** Asks the API as its users do, with the key that it began with. */
function askerOf({ answer, address, firstKey }: ApiServer): Ask {
  return async (path, { body, accept } = {}) => {
    const response = await answer(
      new Request(`${address}${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          authorization: `Bearer ${firstKey ?? ""}`,
          ...(accept === undefined ? {} : { accept }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        signal: AbortSignal.timeout(longestMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    // What is not there is for the check to tell of, place by place.
    if (response.ok || response.status === 404) return text;
    throw failed(`${path} answered with ${response.status}: ${text.slice(0, 300)}`);
  };
}

async function madeRun(ask: Ask, workspace: string): Promise<string> {
  const started: unknown = JSON.parse(
    await ask("/v1/runs", { body: { task: "Write two lines.", workspace } }),
  );
  const id = z.object({ id: z.string() }).parse(started).id;
  // The stream of its events ends with the run.
  const events = eventsIn(await ask(`/v1/runs/${id}/events`));
  const ended = events.some(
    (event) => z.object({ type: z.literal("run.finished") }).safeParse(event).success,
  );
  if (!ended) throw failed("the run did not end");
  return id;
}

function eventsIn(stream: string): readonly unknown[] {
  return stream
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line): unknown => JSON.parse(line.slice("data:".length)));
}

const pageSchema = z.object({ items: z.array(z.unknown()) });

function apiReaders(
  ask: Ask,
  parts: {
    readonly server: ApiServer;
    readonly run: string;
    readonly requests: readonly string[];
    readonly file: string;
  },
): ContinuityReaders {
  const { server, run, requests, file } = parts;
  const exported = (): Promise<void> => server.engines.own.telemetry.look();
  return {
    decision: async (call) => JSON.parse(await ask(`/v1/audit/calls/${call}`)) as unknown,
    runLog: async () => eventsIn(await ask(`/v1/runs/${run}/events`)),
    audit: async () => pageSchema.parse(JSON.parse(await ask(`/v1/audit?run=${run}`))).items,
    metric: () => ask("/metrics", { accept: "application/openmetrics-text" }),
    trace: () => ask(`/v1/runs/${run}/trace`),
    jsonl: async () => {
      await exported();
      return { text: readFileSync(file, "utf8") };
    },
    otlp: async () => {
      await exported();
      return { requests };
    },
  };
}

function failed(why: string): Agent33Error {
  return new Agent33Error(
    "evaluation.continuity_run",
    `The run whose decisions are looked for failed: ${why}.`,
    { hint: "Try `agent33 doctor`, and a run of your own with --model scripted:FILE." },
  );
}
