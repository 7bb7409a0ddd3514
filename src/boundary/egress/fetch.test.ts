import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:tls";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { anywhere } from "../../../test/support/boundary.ts";
import { testsInsideACall } from "../../../test/support/egress.ts";
import {
  type CountingServer,
  leaveFor,
  policyOf,
  startCounting,
} from "../../../test/support/leave.ts";
import { manualClock } from "../../base/clock.ts";
import type { EgressLeave } from "../hands.ts";
import { createEgress, type Egress } from "./fetch.ts";

testsInsideACall();

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** An egress whose resolver knows these names; a list of lists answers in turn. */
function egressOf(
  names: Readonly<Record<string, readonly string[] | readonly (readonly string[])[]>> = {},
  clock = manualClock(),
): Egress & { readonly asked: string[] } {
  const asked: string[] = [];
  const egress = createEgress({
    clock,
    resolver: async (name) => {
      const count = asked.filter((one) => one === name).length;
      asked.push(name);
      const answers = names[name];
      if (answers === undefined)
        throw Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
      const turn = answers[Math.min(count, answers.length - 1)];
      return Array.isArray(turn) ? turn : (answers as readonly string[]);
    },
  });
  open.push(() => egress.close());
  return { ...egress, asked };
}

async function serve(...given: Parameters<typeof startCounting>): Promise<CountingServer> {
  const server = await startCounting(...given);
  open.push(() => server.close());
  return server;
}

/** Only Linux listens on all of 127.0.0.0/8; elsewhere the title says why a test did not run. */
function testOnLinux(title: string, run: () => Promise<void>): void {
  if (process.platform === "linux") test(title, run);
  else test.skip(`${title} (skipped: it needs Linux)`, run);
}

/** Only public addresses; notes where requests went. */
const publicOnly = () => leaveFor(policyOf("allow"));
function watched(): EgressLeave & { readonly places: string[] } {
  const places: string[] = [];
  return { check: () => {}, sending: (address, port) => places.push(`${address}:${port}`), places };
}
const blocked = { code: "boundary.egress_blocked", phase: "before_send", retryable: false };

describe("the boundary's fetch", () => {
  test("speaks HTTP with the standard signature", async () => {
    const server = await serve((request, response) => {
      request.pipe(response);
    });
    const { fetch } = egressOf();
    const url = `http://127.0.0.1:${server.port}/x`;
    const post = { method: "POST", body: "y", headers: { "content-type": "text/plain" } };
    expect(await (await fetch(url, post, anywhere)).text()).toBe("y");
    expect(await (await fetch(new URL(url), post, anywhere)).text()).toBe("y");
    expect(await (await fetch(new Request(url, post), undefined, anywhere)).text()).toBe("y");
    expect(server.seen).toEqual(Array(3).fill(`POST /x 127.0.0.1:${server.port}`));
  });

  test("an aborted request rejects, before, while and after its name is resolved", async () => {
    const server = await serve(() => {});
    const { fetch } = egressOf({ "here.test": ["127.0.0.1"] });
    const url = `http://here.test:${server.port}/`;
    const early = fetch(url, { signal: AbortSignal.abort() }, anywhere);
    await expect(early).rejects.toMatchObject({ name: "AbortError" });

    const stuck = createEgress({ resolver: () => new Promise(() => {}) });
    const asking = stuck.fetch(url, { signal: AbortSignal.timeout(20) }, anywhere);
    await expect(asking).rejects.toMatchObject({ name: "TimeoutError" });

    const late = fetch(url, { signal: AbortSignal.timeout(60) }, anywhere);
    await expect(late).rejects.toMatchObject({ name: "TimeoutError" });
  });

  test.each([301, 302, 303, 307, 308])("hands a redirect back (%i)", async (status) => {
    const inner = await serve();
    for (const location of [
      `http://127.0.0.1:${inner.port}/`,
      `//127.0.0.1:${inner.port}/`,
      `https://127.0.0.1:${inner.port}/`,
    ]) {
      const outer = await serve((_request, response) => {
        response.writeHead(status, { location }).end();
      });
      const { fetch } = egressOf();
      const url = `http://127.0.0.1:${outer.port}/`;
      const plain = await fetch(url, undefined, anywhere);
      const insisting = await fetch(
        url,
        { redirect: "follow", method: "POST", body: "x" },
        anywhere,
      );
      const request = await fetch(new Request(url, { redirect: "follow" }), undefined, anywhere);
      for (const response of [plain, insisting, request]) {
        expect([response.status, response.headers.get("location")]).toEqual([status, location]);
      }
      await expect(fetch(url, { redirect: "error" }, anywhere)).rejects.toThrow(TypeError);
    }
    expect(inner.connections()).toBe(0);
  });

  test.each([
    "file:///etc/passwd",
    "data:text/plain,x",
    "ftp://example.org/",
    "about:blank",
    "blob:x",
  ])("does not fetch %s", async (url) => {
    await expect(egressOf().fetch(url, undefined, anywhere)).rejects.toMatchObject(blocked);
  });

  test("takes no proxy from the environment", async () => {
    const [proxy, server] = [await serve(), await serve()];
    const names = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"];
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) process.env[name] = `http://127.0.0.1:${proxy.port}`;
    process.env["NODE_USE_ENV_PROXY"] = "1";
    try {
      const { fetch } = egressOf({ "here.test": ["127.0.0.1"] });
      const response = await fetch(`http://here.test:${server.port}/`, undefined, anywhere);
      expect(await response.text()).toBe("here");
    } finally {
      delete process.env["NODE_USE_ENV_PROXY"];
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
    expect([proxy.connections(), server.connections()]).toEqual([0, 1]);
  });
});

describe("a name", () => {
  testOnLinux("is resolved once, and what it resolves to later is not connected to", async () => {
    const [first, second] = [await serve(), await serve(undefined, "127.0.0.2")];
    const egress = egressOf({ "turning.test": [["127.0.0.1"], ["127.0.0.2"]] });
    const leave = watched();
    await egress.fetch(`http://turning.test:${first.port}/`, undefined, leave);
    expect(egress.asked).toEqual(["turning.test"]);
    expect(leave.places).toEqual([`127.0.0.1:${first.port}`]);
    expect([first.connections(), second.connections()]).toEqual([1, 0]);
  });

  test("is what the other side is asked for: Host in HTTP, the server name in TLS", async () => {
    const server = await serve();
    const asked: string[] = [];
    const secure = createTlsServer({
      SNICallback: (name, done) => {
        asked.push(name);
        done(new Error("no certificate"));
      },
    });
    secure.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
    open.push(() => new Promise((resolve) => secure.close(resolve)));

    const { fetch } = egressOf({ "shop.test": ["127.0.0.1"] });
    await fetch(`http://shop.test:${server.port}/`, { headers: { Host: "other.test" } }, anywhere);
    expect(server.seen).toEqual([`GET / shop.test:${server.port}`]);
    const { port } = secure.address() as AddressInfo;
    await expect(fetch(`https://shop.test:${port}/`, undefined, anywhere)).rejects.toThrow(
      TypeError,
    );
    expect(asked).toEqual(["shop.test"]);
  });

  test("with an address that does not answer is reached at another of the checked ones", async () => {
    const server = await serve();
    const { fetch } = egressOf({ "two.test": ["127.0.0.3", "::1", "127.0.0.1"] });
    const leave = watched();
    const response = await fetch(`http://two.test:${server.port}/`, undefined, leave);
    expect(await response.text()).toBe("here");
    expect(leave.places).toEqual([`127.0.0.1:${server.port}`]);
  });

  test("is refused for any one address among its answers, the last of very many too", async () => {
    const many = Array.from({ length: 2_000 }, (_, at) => `93.184.${at >> 8}.${at & 255}`);
    const names = {
      "inner.test": ["10.1.2.3"],
      "mixed.test": ["93.184.216.34", "10.1.2.3"],
      "families.test": ["93.184.216.34", "fd00::1"],
      "mapped.test": ["::ffff:127.0.0.1"],
      "zone.test": ["fe80::1%eth0"],
      "strange.test": ["93.184.216.34", "nonsense"],
      "many.test": [...many, "127.0.0.1"],
      localhost: ["93.184.216.34"],
    };
    const { fetch } = egressOf(names);
    for (const name of Object.keys(names)) {
      await expect(fetch(`http://${name}/`, undefined, publicOnly())).rejects.toMatchObject(
        blocked,
      );
    }
  });

  test("without an address fails like a name that is not there", async () => {
    const { fetch } = egressOf({ "empty.test": [[]] });
    for (const name of ["empty.test", "absent.test"]) {
      await expect(fetch(`http://${name}/`, undefined, publicOnly())).rejects.toMatchObject({
        message: "fetch failed",
        cause: { code: "ENOTFOUND" },
      });
    }
  });

  test("that many requests want at once is asked for once", async () => {
    const server = await serve();
    const egress = egressOf({ "busy.test": ["127.0.0.1"] });
    const url = `http://busy.test:${server.port}/`;
    await Promise.all(
      Array.from({ length: 20 }, async () => (await egress.fetch(url, undefined, anywhere)).text()),
    );
    expect(egress.asked).toEqual(["busy.test"]);
    expect(server.seen).toHaveLength(20);
  });
});

describe("an address in any spelling", () => {
  const spellings =
    "127.0.0.1 127.1 0x7f.1 0x7f000001 2130706433 017700000001 0177.0.0.1 0177.0x0.1 127.0.0.1. 0 0.0.0.0 " +
    "[::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [0:0:0:0:0:0:0:1] [64:ff9b::7f00:1] " +
    "[64:ff9b:1::7f00:1] [2002:7f00:1::] [2001:0:7f00:1::] [2001:0:1::80ff:fffe] [fe80::1] [fec0::1] [fd00::1] " +
    "[ff02::1] [::ffff:0:127.0.0.1] 169.254.169.254 [fd00:ec2::254] 100.100.100.200 168.63.129.16 10.0.0.1 " +
    "100.64.0.1 172.16.0.1 192.168.0.1 198.18.0.1 224.0.0.1 255.255.255.255 ①②⑦.⓪.⓪.① １２７.0.0.1 " +
    "127。0。0。1 127%2e0.0.1 %31%32%37.0.0.1 localhost LOCALHOST localhost. a.localhost ｌocalhost " +
    "example.org@127.0.0.1 example.org:80@127.0.0.1 metadata.google.internal";

  test.each(spellings.split(" "))("%s is refused, and no name server is asked", async (host) => {
    const egress = egressOf();
    await expect(egress.fetch(`http://${host}/`, undefined, publicOnly())).rejects.toMatchObject(
      blocked,
    );
    await expect(egress.fetch(`https://${host}/`, undefined, publicOnly())).rejects.toMatchObject(
      blocked,
    );
    expect(egress.asked.filter((name) => !/localhost|google/.test(name))).toEqual([]);
  });

  test.each([
    "[fe80::1%25eth0]",
    "[::1%25lo]",
    "1.2.3.4.5",
    "127.0.0.1.1",
    "256.0.0.1",
    "0x1ffffffff",
  ])("%s is no address at all", async (host) => {
    const egress = egressOf();
    await expect(egress.fetch(`http://${host}/`, undefined, anywhere)).rejects.toThrow(TypeError);
    expect(egress.asked).toEqual([]);
  });

  test("the unspecified address is this machine, and checked as that", async () => {
    const server = await serve();
    const { fetch } = egressOf();
    const leave = leaveFor(policyOf("allow", "allow: {private: true}", "deny: {host: 127.0.0.1}"));
    await expect(fetch(`http://0.0.0.0:${server.port}/`, undefined, leave)).rejects.toMatchObject(
      blocked,
    );
    const free = watched();
    await fetch(`http://0.0.0.0:${server.port}/`, undefined, free);
    expect(free.places).toEqual([`127.0.0.1:${server.port}`]);
  });
});

describe("a kept connection", () => {
  const inside = () => leaveFor(policyOf("allow", "allow: {private: true}"));

  test("is used again, and each call is told where it went", async () => {
    const server = await serve();
    const egress = egressOf({ "kept.test": ["127.0.0.1"] });
    const url = `http://kept.test:${server.port}/`;
    for (let call = 0; call < 3; call += 1) {
      const leave = inside();
      await read(await egress.fetch(url, undefined, leave));
      expect(leave.connectedTo).toEqual([`127.0.0.1:${server.port}`]);
    }
    expect([server.connections(), egress.asked.length]).toEqual([1, 1]);
  });

  test("of a call that may go inside is not there for one that may not", async () => {
    const server = await serve();
    const egress = egressOf({ "shared.test": [["127.0.0.1"], ["127.0.0.1"], ["93.184.216.34"]] });
    const url = `http://shared.test:${server.port}/`;
    await read(await egress.fetch(url, undefined, inside()));
    const outsider = egress.fetch(url, undefined, publicOnly());
    await expect(outsider).rejects.toMatchObject({ ...blocked, ruleId: "egress/private-address" });
    expect(egress.asked).toHaveLength(2);
    // It is still good for those that may.
    await read(await egress.fetch(url, undefined, inside()));
    expect([server.connections(), server.seen.length]).toEqual([1, 2]);
  });

  test("is refused by address to a call whose policy denies that address", async () => {
    const server = await serve();
    const { fetch } = egressOf({ "shared.test": ["127.0.0.1"] });
    const url = `http://shared.test:${server.port}/`;
    await read(await fetch(url, undefined, inside()));
    const denying = leaveFor(
      policyOf("allow", "allow: {private: true}", "deny: {host: 127.0.0.1}"),
    );
    await expect(fetch(url, undefined, denying)).rejects.toMatchObject({ ruleId: "test/r1" });
    expect(server.seen).toHaveLength(1);
  });

  testOnLinux(
    "is not taken for its name for ever: after a while the name is asked for again",
    async () => {
      const clock = manualClock();
      const server = await serve();
      const moved = await startOn("127.0.0.2", server.port);
      const egress = egressOf(
        { "moving.test": [["127.0.0.1"], ["127.0.0.9", "127.0.0.1"], ["127.0.0.2"], ["10.0.0.1"]] },
        clock,
      );
      const url = `http://moving.test:${server.port}/`;
      const places: string[] = [];
      const inner = leaveFor(policyOf("allow", "allow: {private: true}", "deny: {host: 10.0.0.1}"));
      const leave: EgressLeave = {
        check: (target) => inner.check(target),
        sending: (address) => places.push(address),
      };
      const get = async () => read(await egress.fetch(url, undefined, leave));
      await get();
      clock.advance(29_000);
      await get();
      expect(egress.asked).toHaveLength(1);
      clock.advance(2_000);
      await get();
      expect([egress.asked.length, server.connections()]).toEqual([2, 1]);
      clock.advance(31_000);
      await get();
      expect(places).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.2"]);
      expect(moved()).toBe(1);
      clock.advance(31_000);
      await expect(get()).rejects.toMatchObject(blocked);
    },
  );
});

/** Reads an answer to its end, and lets the connection come free. */
async function read(response: Response): Promise<void> {
  await response.text();
  await new Promise((resolve) => setImmediate(resolve));
}

/** A second server on the same port of another address of this machine. */
async function startOn(address: string, port: number): Promise<() => number> {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  open.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return () => requests;
}
