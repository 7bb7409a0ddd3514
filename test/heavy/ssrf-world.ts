import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalHost } from "../../src/boundary/policy/host.ts";
import { startNames, type Zone } from "./ssrf-dns.ts";

/** Addresses of the small world that look public. No packet leaves it. */
export const publicV4 = "93.184.216.34";
export const secondPublicV4 = "93.184.216.35";
export const publicV6 = "2606:2800:220:1:248:1893:25c8:1946";

const publicAddresses = [publicV4, secondPublicV4, publicV6, `64:ff9b::5db8:d822`];
const nameServer = "127.0.0.53";

/** What came to a server of the small world. */
export interface Arrival {
  readonly address: string;
  readonly port: number;
  readonly isPublic: boolean;
}

export interface World {
  /** Every connection so far, in order. */
  readonly arrivals: Arrival[];
  /** Paths with the Host header that they were asked under, in order. */
  readonly requests: string[];
  /** Server names that TLS clients asked for, in order. */
  readonly serverNames: string[];
  /** Every name answers as if it had never been asked. */
  resetNames(): void;
  close(): void;
}

/**
 * Makes this network namespace a small world: addresses on the loopback interface, web servers on
 * all of them, and a name server that every program here asks. Needs to be its root.
 */
export async function makeWorld(zone: Zone, privateAddresses: readonly string[]): Promise<World> {
  execFileSync("ip", ["link", "set", "lo", "up"]);
  for (const address of [...publicAddresses, ...privateAddresses]) {
    const family = address.includes(":") ? ["-6", "128"] : ["-4", "32"];
    const options = address.includes(":") ? ["nodad"] : [];
    execFileSync("ip", [
      family[0] ?? "",
      "addr",
      "add",
      `${address}/${family[1]}`,
      "dev",
      "lo",
      ...options,
    ]);
  }
  const folder = mkdtempSync(join(tmpdir(), "agent33-ssrf-"));
  put(folder, "resolv.conf", `nameserver ${nameServer}\noptions timeout:1 attempts:2\n`);
  if (existsSync("/etc/nsswitch.conf")) put(folder, "nsswitch.conf", "hosts: files dns\n");
  put(folder, "hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost\n");
  const names = await startNames(zone, nameServer);

  const arrivals: Arrival[] = [];
  const requests: string[] = [];
  const serverNames: string[] = [];
  const arrived = (socket: Socket): void => {
    const address = canonicalHost(socket.localAddress ?? "");
    const isPublic = publicAddresses.includes(address);
    arrivals.push({ address, port: socket.localPort ?? 0, isPublic });
  };
  const closers: (() => void)[] = [];
  for (const host of ["0.0.0.0", "::"]) {
    for (const port of [80, 8080]) {
      const server = createServer((request, response) => {
        requests.push(`${request.headers.host} ${request.url}`);
        answer(request, response);
      });
      server.on("connection", arrived);
      await new Promise<void>((resolve) =>
        server.listen({ host, port, ipv6Only: host === "::" }, resolve),
      );
      closers.push(() => {
        server.close();
        server.closeAllConnections();
      });
    }
    const secure = createTlsServer({
      SNICallback: (name, done) => {
        serverNames.push(name);
        done(new Error("there is no certificate here"));
      },
    });
    secure.on("connection", arrived);
    secure.on("tlsClientError", () => {});
    await new Promise<void>((resolve) =>
      secure.listen({ host, port: 443, ipv6Only: host === "::" }, resolve),
    );
    closers.push(() => secure.close());
  }
  return {
    arrivals,
    requests,
    serverNames,
    resetNames: names.reset,
    close: () => {
      names.close();
      for (const close of closers) close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Connections end with each answer, so that each request resolves anew; but for `/keep`. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://here");
  const to = url.searchParams.get("to");
  if (url.pathname !== "/keep") response.setHeader("connection", "close");
  if (url.pathname === "/moved" && to !== null) {
    response.writeHead(Number(url.searchParams.get("status") ?? 302), { location: to }).end();
    return;
  }
  response.end("here");
}

/** Puts a file in place of one in /etc, for this namespace alone. */
function put(folder: string, name: string, text: string): void {
  const path = join(folder, name);
  writeFileSync(path, text);
  execFileSync("mount", ["--bind", path, `/etc/${name}`]);
}
