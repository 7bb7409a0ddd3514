import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { openSync, closeSync, rmSync, writeFileSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { testGrant } from "./egress.ts";

const oldestMajor = 15;
const admin = "admin";
const startAttempts = 3;
const startDeadlineMs = 20_000;

/** The ordinary role that tests connect as: it owns its databases and is no superuser. */
export const ordinaryRole = "agent33";
export const ordinaryPassword = "s3cret/+pass word";

export interface PostgresServerOptions {
  /** Whether a commit waits for the disk. Default false; durability and speed tests say true. */
  readonly fsync?: boolean;
  /** Further settings of the server. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL server of one's own, in a temporary folder. */
export interface PostgresServer {
  readonly port: number;
  /** The server's data directory. */
  readonly data: string;
  /** The address of a new, empty database that the ordinary role owns, over loopback TCP. */
  freshDatabase(options?: { readonly template?: string }): Promise<string>;
  /** The same database as another role, or over another password. */
  as(url: string, role: string, password: string): string;
  /** Makes a database once that `freshDatabase` copies: `prepare` fills and closes it. */
  template(prepare: (url: string) => Promise<void>): Promise<string>;
  /** Statements as the superuser, who sees every row; in `database`, or else in `postgres`. */
  admin(text: string, database?: string): Promise<readonly Record<string, unknown>[]>;
  /** `fast` ends sessions in order; `immediate` is a crash, and the next start recovers. */
  stop(how: "fast" | "immediate"): Promise<void>;
  /** After `stop`: the same data on the same port. */
  start(): Promise<void>;
  /** Ends the server and removes its folder. */
  remove(): Promise<void>;
}

/** Why there is no PostgreSQL for tests on this machine; undefined where there is one. */
export function postgresMissing(): string | undefined {
  if (binaries() !== undefined) return undefined;
  return `no PostgreSQL ${oldestMajor} or newer is installed (Debian: apt-get install postgresql)`;
}

/** The name of the database of an address that `freshDatabase` made. */
export function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

/** The folder with the newest server's programs. */
function binaries(): string | undefined {
  const base = "/usr/lib/postgresql";
  const versions = existsSync(base) ? readdirSync(base).map(Number) : [];
  const folders = versions
    .filter((major) => major >= oldestMajor)
    .sort((one, other) => other - one)
    .map((major) => join(base, String(major), "bin"));
  const searched = [...folders, ...(process.env["PATH"] ?? "").split(delimiter)];
  return searched.find(
    (folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")),
  );
}

/** PostgreSQL refuses to run as root; the conventional user without rights does as well. */
const nobody = 65_534;
const asOrdinary = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("No port was given.");
  return address.port;
}

/**
 * Makes the data of a new server. Where a run of tests keeps what they share, it is made there once,
 * and each server has a copy.
 */
async function newCluster(bin: string, folder: string, data: string): Promise<void> {
  const run = promisify(execFile);
  const shared = process.env["POSTGRES_TESTS"];
  const kept = shared === undefined ? undefined : join(shared, "cluster");
  if (kept !== undefined && existsSync(kept)) {
    rmSync(data, { recursive: true });
    await run("cp", ["-a", kept, data]);
    return;
  }
  const initdb = ["-k", "-D", data, "-U", admin, "--auth=trust", "-E", "UTF8"];
  // A language's own order, so that text which must sort by bytes shows that it does.
  const locale = ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"];
  const words = [...initdb, ...locale, "--no-sync", "--no-instructions"];
  await run(join(bin, "initdb"), words, { ...asOrdinary, cwd: folder });
  if (kept === undefined) return;
  const copy = `${kept}-${process.pid}`;
  await run("cp", ["-a", data, copy]);
  try {
    await rename(copy, kept);
  } catch (error) {
    // Somebody else made it in the meantime.
    if (!existsSync(kept)) throw error;
    await rm(copy, { recursive: true });
  }
}

/**
 * Makes and starts a server; about one second.
 * @param parent where its folder is made
 * @throws Error with the server's own log
 */
export async function startPostgres(
  options: PostgresServerOptions = {},
  parent = tmpdir(),
): Promise<PostgresServer> {
  const bin = binaries();
  if (bin === undefined) throw new Error(postgresMissing());
  const folder = mkdtempSync(join(parent, "agent33-pg-"));
  const data = join(folder, "data");
  const grant = testGrant("runs a PostgreSQL server", { spawn: true, connect: [`${folder}/`] });
  mkdirSync(data, { mode: 0o700 });
  const logPath = join(folder, "log");
  for (const path of [folder, data]) if ("uid" in asOrdinary) chownSync(path, nobody, nobody);

  await grant.run(() => newCluster(bin, folder, data));
  // The superuser comes through the socket in the private folder, everybody else with a password.
  const access = [
    `local all ${admin} trust`,
    "local all all scram-sha-256",
    "host all all 127.0.0.1/32 scram-sha-256",
  ];
  writeFileSync(join(data, "pg_hba.conf"), `${access.join("\n")}\n`);

  let port = await freePort();
  let server: ChildProcess | undefined;
  const settings = (): readonly string[] => {
    const all = {
      port: String(port),
      listen_addresses: "127.0.0.1",
      unix_socket_directories: folder,
      fsync: options.fsync === true ? "on" : "off",
      max_connections: "100",
      shared_buffers: "32MB",
      log_min_messages: "warning",
      ...options.settings,
    };
    return Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  };
  const connect = async (database: string): Promise<Client> => {
    const { socket } = grant;
    const client = new Client({ host: folder, port, user: admin, database, stream: socket });
    await client.connect();
    return client;
  };
  const asAdmin = async (text: string, database = "postgres") => {
    const client = await connect(database);
    try {
      const result = (await client.query<Record<string, unknown>>(text)) as unknown;
      const last = Array.isArray(result) ? result.at(-1) : result;
      return (last as { readonly rows: readonly Record<string, unknown>[] }).rows;
    } finally {
      await client.end();
    }
  };

  const launch = (): ChildProcess => {
    const log = openSync(logPath, "a");
    const argv = [join(bin, "postgres"), "-D", data, ...settings()];
    // The shell ends the server when this process goes, however it goes: its input closes then.
    const script =
      '"$@" </dev/null & server=$!; { read -r _; kill -QUIT $server; } <&3 & watch=$!; ' +
      "wait $server; status=$?; kill $watch; exit $status";
    const child = grant.run(() =>
      spawn("/bin/bash", ["-c", script, "server", ...argv], {
        ...asOrdinary,
        cwd: folder,
        stdio: ["ignore", log, log, "pipe"],
      }),
    );
    closeSync(log);
    return child;
  };
  const isUp = async (): Promise<boolean> => {
    const client = await connect("postgres").catch(() => undefined);
    await client?.end();
    return client !== undefined;
  };
  const start = async (): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const child = launch();
      const deadline = performance.now() + startDeadlineMs;
      while (child.exitCode === null && performance.now() < deadline) {
        if (await isUp()) {
          server = child;
          return;
        }
        await new Promise((resolve) => {
          setTimeout(resolve, 20);
        });
      }
      if (attempt === startAttempts || server !== undefined) {
        throw new Error(`PostgreSQL did not start:\n${readFileSync(logPath, "utf8")}`);
      }
      // Somebody else may have taken the port in between.
      port = await freePort();
    }
  };
  const stop = async (how: "fast" | "immediate"): Promise<void> => {
    if (server === undefined || server.exitCode !== null) return;
    const pid = Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n", 1)[0]);
    const ended = once(server, "exit");
    process.kill(pid, how === "fast" ? "SIGINT" : "SIGQUIT");
    await ended;
  };
  const urlOf = (database: string, role: string, password: string): string =>
    `postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
  let count = 0;
  const create = async (template?: string): Promise<string> => {
    count += 1;
    const name = `db${process.pid}_${count}`;
    // Copying files is cheaper than writing each page to the log, which the server would do itself.
    const from = template === undefined ? "" : ` TEMPLATE ${template} STRATEGY file_copy`;
    await asAdmin(`CREATE DATABASE ${name} OWNER ${ordinaryRole}${from}`);
    return urlOf(name, ordinaryRole, ordinaryPassword);
  };

  await start();
  await asAdmin(
    `CREATE ROLE ${ordinaryRole} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '${ordinaryPassword}'`,
  );
  return {
    port,
    data,
    freshDatabase: (from) => create(from?.template),
    as: (url, role, password) => urlOf(databaseOf(url), role, password),
    template: async (prepare) => {
      const url = await create();
      await prepare(url);
      return databaseOf(url);
    },
    admin: asAdmin,
    stop,
    start,
    remove: async () => {
      await stop("immediate");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
