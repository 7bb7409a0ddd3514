import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { uuidv7Source } from "../../src/base/ids.ts";
import { systemRandom } from "../../src/base/random.ts";
import { egressGrants, egressRefusals } from "../../src/boundary/egress/guard.ts";
import { openGranted } from "../../src/engine/grants.ts";
import { openPostgresBackend } from "../../src/store/postgres/backend.ts";
import { serverOf } from "../../src/store/postgres/database.ts";
import { first } from "../../src/store/program.ts";
import { describePostgres } from "../support/postgres-tests.ts";

/** No socket of a test's among them: what the engine gives is looked at. */
const parts = {
  clock: systemClock,
  random: systemRandom,
  ids: uuidv7Source(systemClock, systemRandom),
};

const isGranted = (): boolean => egressGrants().some(({ name }) => name === "store/postgres");

describePostgres("a store in PostgreSQL under the guard", {}, (server) => {
  test("is opened under a grant, and keeps it over the server's restart and 12 connections", async () => {
    const before = egressRefusals();
    const backend = await openGranted({ ...parts, url: await server().freshDatabase() });
    const asked = () =>
      backend.tables.read(function* () {
        return Number((yield* first("SELECT 1 AS one"))?.["one"]);
      });
    const many = () => Promise.all(Array.from({ length: 12 }, asked));
    expect(isGranted()).toBe(true);
    expect(await many()).toEqual(Array(12).fill(1));
    await server().stop("fast");
    await server().start();
    expect(await many()).toEqual(Array(12).fill(1));
    await backend.close();
    expect(isGranted()).toBe(false);
    expect(egressRefusals() - before).toBe(0);
  });

  test("is refused without one", async () => {
    const opened = openPostgresBackend({ ...parts, url: await server().freshDatabase() });
    await expect(opened).rejects.toMatchObject({ code: "boundary.egress_blocked" });
  });
});

test("a store that cannot be opened leaves no grant behind", async () => {
  const other = createServer((socket) => socket.end("hello")).listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  await expect(
    openGranted({ ...parts, url: `postgres://me@127.0.0.1:${port}/db` }),
  ).rejects.toMatchObject({ code: expect.stringMatching(/^store\./) });
  other.close();
  expect(isGranted()).toBe(false);
  await expect(openGranted({ ...parts, url: "mysql://x" })).rejects.toMatchObject({
    code: "store.bad_address",
  });
});

test.each([
  ["postgres://me@db.example:6432/team", "db.example:6432"],
  ["postgresql://me:p%40ss@db.example/team", "db.example:5432"],
  ["postgres://me@[::1]:6432/team", "[::1]:6432"],
  ["postgres:///team?host=/run/postgresql&port=6432", "/run/postgresql/.s.PGSQL.6432"],
])("the driver of %s connects to %s", (url, place) => {
  expect(serverOf(url)).toBe(place);
});
