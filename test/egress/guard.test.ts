import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer, connect, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isAgent33Error } from "../../src/base/errors.ts";
import { isBoundaryError } from "../../src/boundary/errors.ts";
import {
  egressGrants,
  egressGuardState,
  egressRefusalIn,
  egressRefusals,
  grantEgress,
  guardConnector,
  guardDispatch,
  runAsCall,
  switchEgressGuard,
} from "../../src/boundary/egress/guard.ts";
import type * as GuardContext from "../../src/boundary/egress/guard-context.cjs";
import { testBoundary } from "../support/boundary.ts";
import { options, read, spec } from "../support/connector.ts";

let server: Server;
let port: number;
let connections = 0;
beforeEach(async () => {
  connections = 0;
  server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => {
  switchEgressGuard("on");
  server.close();
});

/** Whether the connection came about; throws what the socket says. */
async function open(make: () => Socket = () => connect(port, "127.0.0.1")): Promise<void> {
  const socket = make();
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}

/** What the guard would say here, without opening anything. */
function permitted(host: string, kind: "connect" | "request" = "connect"): boolean {
  const guard = createRequire(import.meta.url)(
    "../../src/boundary/egress/guard-context.cjs",
  ) as typeof GuardContext;
  return guard.permits(kind, kind === "connect" ? `${host}:${port}` : `http://${host}:${port}`);
}

const blocked = expect.objectContaining({ code: "boundary.egress_blocked" });

test("the guard is on in every test", () => {
  expect(egressGuardState()).toBe("on");
});

describe("a refusal", () => {
  test("says what was tried, from where, why not, and what to do", async () => {
    const error = await open().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: "EgressBlockedError",
      code: "boundary.egress_blocked",
      message: expect.stringContaining(
        `Connecting to 127.0.0.1:${port} is refused: it is outside of every boundary call`,
      ),
      hint: expect.stringMatching(/connector's handler.*grant/s),
      details: {
        kind: "connect",
        target: `127.0.0.1:${port}`,
        from: expect.stringMatching(/test\/egress\/guard\.test\.ts:\d+:\d+$/),
      },
    });
    expect(isAgent33Error(error)).toBe(true);
    expect(connections).toBe(0);
  });

  test("arrives as the socket's error, after whoever made it could listen", async () => {
    const socket = connect(port, "127.0.0.1");
    socket.write("a secret");
    await new Promise((resolve) => {
      process.nextTick(resolve);
    });
    const [error] = (await once(socket, "error")) as [Error];
    expect(error).toEqual(blocked);
    expect(socket.destroyed).toBe(true);
  });

  test("names a program without its arguments, which may hold secrets", () => {
    expect(() => spawn("curl", ["-H", "authorization: secret"])).toThrow(
      expect.objectContaining({
        message: expect.not.stringContaining("secret"),
        details: expect.objectContaining({ kind: "process", target: "curl" }),
      }),
    );
  });

  test("is found among the causes of another error", () => {
    const refused = Object.assign(new Error("no"), { code: "boundary.egress_blocked" });
    expect(egressRefusalIn(new Error("a", { cause: new Error("b", { cause: refused }) }))).toBe(
      refused,
    );
    expect(egressRefusalIn(new Error("a", { cause: "b" }))).toBeUndefined();
  });
});

describe("a governed call", () => {
  test("may open what it needs until it has ended", async () => {
    const { boundary } = testBoundary();
    const late: Promise<unknown>[] = [];
    const connector = boundary.connector(
      spec(async () => {
        await open();
        late.push(
          sleep(30)
            .then(() => open())
            .catch((error: unknown) => error),
        );
        return "done";
      }),
    );
    expect(await connector.call("x", options)).toBe("done");
    expect(await Promise.all(late)).toEqual([
      expect.objectContaining({ message: expect.stringContaining("came from is over") }),
    ]);
  });

  test("that goes on after its time limit may open nothing any more", async () => {
    const { boundary } = testBoundary();
    let told: unknown;
    const connector = boundary.connector(
      spec(
        async () => {
          await sleep(60);
          told = await open().catch((error: unknown) => error);
          return "late";
        },
        read,
        { timeouts: { attemptMs: 20, totalMs: 20 }, maxAttempts: 1 },
      ),
    );
    expect((await connector.tryCall("x", options)).ok).toBe(false);
    await expect.poll(() => told).toEqual(blocked);
  });

  test("whose handler is refused something ends as egress_blocked, and is not tried again", async () => {
    const { boundary } = testBoundary();
    let attempts = 0;
    // A queue that another one works off does not know who asked.
    const waiting: (() => void)[] = [];
    const worker = setInterval(() => waiting.shift()?.(), 5);
    const connector = boundary.connector(
      spec(async () => {
        attempts += 1;
        await new Promise<void>((resolve, reject) => {
          waiting.push(() => void open().then(resolve, reject));
        });
        return "done";
      }),
    );
    const outcome = await connector.tryCall("x", options);
    clearInterval(worker);
    const error = outcome.ok ? undefined : outcome.error;
    expect(isBoundaryError(error)).toBe(true);
    expect(error).toMatchObject({
      kind: "egress_blocked",
      retryable: false,
      message: expect.stringContaining(`Connecting to 127.0.0.1:${port} is refused`),
    });
    expect(attempts).toBe(1);
  });
});

describe("a grant", () => {
  test("covers what it names and nothing else, until it ends", async () => {
    const grant = grantEgress({ name: "test/a", why: "w", connect: [`127.0.0.1:${port}`] });
    await grant.run(() => open());
    await grant.bind(open)();
    const other = () => open(() => connect(port, "localhost"));
    await expect(grant.run(other)).rejects.toMatchObject({
      message: expect.stringContaining("the grant test/a does not cover it"),
    });
    expect(() => grant.run(() => spawn("true"))).toThrow(blocked);
    await expect(open()).rejects.toEqual(blocked);
    grant.end();
    await expect(grant.run(() => open())).rejects.toEqual(blocked);
  });

  test("may name all ports of a host, or all local sockets of a folder", async () => {
    const grant = grantEgress({ name: "test/b", why: "w", connect: ["127.0.0.1:*", "/nowhere/"] });
    await grant.run(() => open());
    const local = (path: string) => () => grant.run(() => open(() => connect(path)));
    await expect(local("/nowhere/socket")()).rejects.toMatchObject({ code: "ENOENT" });
    await expect(local("/elsewhere/socket")()).rejects.toEqual(blocked);
    grant.end();
  });

  test("gives sockets that may connect whenever a pool wants to, there and nowhere else", async () => {
    const grant = grantEgress({ name: "test/c", why: "w", connect: [`127.0.0.1:${port}`] });
    await open(() => grant.socket().connect(port, "127.0.0.1"));
    await expect(open(() => grant.socket().connect(1, "127.0.0.1"))).rejects.toEqual(blocked);
    const early = grant.socket();
    grant.end();
    await expect(open(() => early.connect(port, "127.0.0.1"))).rejects.toEqual(blocked);
  });

  test("is listed for as long as it is in force", () => {
    const grant = grantEgress({ name: "test/d", why: "tests", connect: ["h:1"], spawn: true });
    const note = { name: "test/d", covers: "connects to h:1; starts programs", why: "tests" };
    expect(egressGrants()).toContainEqual(note);
    grant.end();
    expect(egressGrants()).not.toContainEqual(note);
  });
});

describe("the boundary's dispatcher", () => {
  const options = (hostname: string) =>
    ({ hostname, host: hostname, port: String(port), protocol: "http:" }) as const;

  test("connects to its own origin at any time, and takes nobody along to another", async () => {
    const reached: Promise<unknown>[] = [];
    const connector = guardConnector((to) => {
      for (const host of [to.hostname, "localhost"]) {
        reached.push(open(() => connect(port, host)).catch((error: unknown) => error));
      }
    });
    connector(options("127.0.0.1"), () => {});
    expect(await Promise.all(reached)).toEqual([undefined, blocked]);
  });

  test("knows an address of IPv6 by its brackets", () => {
    const asked: unknown[] = [];
    const connector = guardConnector(() => {
      asked.push(permitted("[::1]"), permitted("[::2]"));
    });
    connector(options("::1"), () => {});
    expect(asked).toEqual([true, false]);
  });

  test("sends what a call has asked for, and nothing else while it does so", () => {
    const asked: unknown[] = [];
    const dispatch = guardDispatch(() => {
      asked.push(permitted("127.0.0.1", "request"), permitted("localhost", "request"));
      asked.push(permitted("127.0.0.1"));
      return true;
    });
    const to = { origin: `http://127.0.0.1:${port}`, path: "/", method: "GET" } as const;
    expect(() => dispatch(to, {})).toThrow(blocked);
    runAsCall({ egressOpen: true }, () => dispatch(to, {}), undefined);
    expect(asked).toEqual([true, false, false]);
  });
});

test("a guard that is switched off refuses nothing", async () => {
  const before = egressRefusals();
  switchEgressGuard("off");
  expect(egressGuardState()).toBe("off");
  await open();
  switchEgressGuard("on");
  await expect(open()).rejects.toEqual(blocked);
  expect(egressRefusals() - before).toBe(1);
});
