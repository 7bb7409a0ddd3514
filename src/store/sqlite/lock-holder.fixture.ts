import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { testGrant } from "../../../test/support/egress.ts";

/** Another process, which holds a store's write lock. */
export interface LockHolder {
  /** Lets go of the lock, as an orderly program does. */
  release(): Promise<void>;
  /** Ends the process with the lock in its hands. */
  kill(): Promise<void>;
}

const program = `
const { DatabaseSync } = require("node:sqlite");
const other = new DatabaseSync(process.argv[1]);
other.exec("BEGIN IMMEDIATE");
process.stdout.write("held");
process.stdin.once("data", () => {
  other.exec("COMMIT");
  other.close();
  process.exit(0);
});
`;

const grant = testGrant("holds a store's lock from another process", { spawn: true });

/** Resolves once the lock is held. */
export async function holdLock(path: string): Promise<LockHolder> {
  const child = grant.run(() =>
    spawn(process.execPath, ["-e", program, path], { stdio: ["pipe", "pipe", "inherit"] }),
  );
  await once(child.stdout, "data");
  return {
    release: async () => {
      child.stdin.write("go");
      await ended(child);
    },
    kill: async () => {
      child.kill("SIGKILL");
      await ended(child);
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
