import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { grantTests, loopback } from "../support/egress.ts";
import { testEngine } from "../support/engine.ts";
import { startPostgres } from "../support/postgres.ts";
import { temporaryFolder } from "../support/temporary.ts";

grantTests("a PostgreSQL server on this machine", { spawn: true, connect: loopback });

test("the compose file's first statements make a role that is no superuser and can keep what is learned", async () => {
  const server = await startPostgres();
  onTestFinished(() => server.remove());
  // Of that name other tests have one.
  await server.admin("DROP ROLE agent33");
  const secret = join(temporaryFolder("init"), "password");
  const password = 'it\'s \\ $HOME "odd"';
  writeFileSync(secret, `${password}\n`);
  execFileSync("/bin/sh", [join(import.meta.dirname, "../../deploy/postgres/init.sh")], {
    env: {
      PATH: process.env["PATH"] ?? "",
      // Its superuser is let in by the socket alone.
      PGHOST: dirname(server.data),
      PGPORT: String(server.port),
      POSTGRES_USER: "admin",
      AGENT33_PASSWORD_FILE: secret,
    },
  });
  const [role] = await server.admin(
    "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = 'agent33'",
  );
  expect(role).toEqual({ rolsuper: false, rolcreatedb: false });
  const url = `postgres://agent33:${encodeURIComponent(password)}@127.0.0.1:${server.port}/agent33`;
  const { engine } = testEngine({ "learning.store": url });
  onTestFinished(() => engine.close());
  const { signal } = await engine.learning.record({
    type: "bug",
    severity: "low",
    summary: "It broke",
  });
  const rows = await engine.learning.rows();
  expect((await rows.signals.list()).items.map(({ id }) => id)).toEqual([signal.id]);
}, 60_000);
