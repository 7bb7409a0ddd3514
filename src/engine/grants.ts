import {
  type EgressGrant,
  egressGrants,
  egressGuardState,
  grantEgress,
  type GrantNote,
  switchEgressGuard,
} from "../boundary/egress/guard.ts";
import type { Settings } from "../config/schema.ts";
import type { EventOf } from "../events/event.ts";
import {
  openPostgresBackend,
  type PostgresBackend,
  type PostgresBackendOptions,
} from "../store/postgres/backend.ts";
import { type DatabaseOptions, serverOf } from "../store/postgres/database.ts";
import { inspectPostgres, type PostgresReport } from "../store/postgres/inspect.ts";

/**
 * Everything that AGENT-33 itself opens outside of the boundary. What is not in this file goes
 * through a governed call; `agent33 doctor` shows the list.
 */

/** Copies of the store are taken by a child process, so that this one goes on answering. */
export const snapshotGrant = grantEgress({
  name: "store/snapshot",
  why: "copies the store for its backups",
  spawn: true,
});

/** A task's check and verifier judge a run from outside of it, after its last call. */
export const evaluationGrant = grantEgress({
  name: "evaluation/verify",
  why: "runs the check and the verifier of a task",
  spawn: true,
});

/** Releases and gates are checked with git and with the commands that their files declare. */
export const releaseGrant = grantEgress({
  name: "release/commands",
  why: "runs git and the declared commands of releases and gates",
  spawn: true,
});

/** Whether commands can be sandboxed is found out by sandboxing one that does nothing. */
export const sandboxProbeGrant = grantEgress({
  name: "sandbox/probe",
  why: "tries bubblewrap and gVisor on this machine",
  spawn: true,
});

/** The same where the settings name Docker; it is in force for the length of the look. */
export function dockerProbeGrant(socket: string): EgressGrant {
  return grantEgress({
    name: "sandbox/docker",
    why: "tries Docker on this machine",
    connect: [socket],
  });
}

/**
 * A way to one PostgreSQL server. Its driver connects and connects again as its pool needs it.
 * @throws Agent33Error `store.bad_address`
 */
export function postgresGrant(url: string): EgressGrant {
  return grantEgress({
    name: "store/postgres",
    why: "keeps state in PostgreSQL",
    connect: [serverOf(url)],
  });
}

/**
 * Opens a store in PostgreSQL; the grant lasts as long as the store is open.
 * @throws Agent33Error `store.*`
 */
export async function openGranted(
  options: Omit<PostgresBackendOptions, "socket">,
): Promise<PostgresBackend> {
  const grant = postgresGrant(options.url);
  try {
    const backend = await openPostgresBackend({ ...options, socket: grant.socket });
    return {
      ...backend,
      close: async () => {
        await backend.close();
        grant.end();
      },
    };
  } catch (error) {
    grant.end();
    throw error;
  }
}

/**
 * Looks at a store in PostgreSQL without making or changing anything.
 * @throws Agent33Error `store.*`
 */
export async function inspectGranted(
  options: Omit<DatabaseOptions, "socket">,
): Promise<PostgresReport> {
  const grant = postgresGrant(options.url);
  try {
    return await inspectPostgres({ ...options, socket: grant.socket });
  } finally {
    grant.end();
  }
}

/**
 * The grants of an engine with these settings: those in force, and the one that it would open the
 * team's store with.
 * @throws Agent33Error `store.bad_address`
 */
export function grantsOf({ learning }: Settings): readonly GrantNote[] {
  const coming = learning.store === undefined ? undefined : postgresGrant(learning.store);
  const notes = egressGrants();
  coming?.end();
  return notes;
}

/** What this process may open around the boundary, for the log of a run that it takes up. */
export function egressNote(): NonNullable<EventOf<"session.opened">["egress"]> {
  const grants = egressGrants().map(({ name, covers }) => ({ name, covers }));
  return { guard: egressGuardState(), grants };
}

/** Does what the settings say with the guard that this process has, if it has one. */
export function applyEgressGuard(settings: Settings): void {
  switchEgressGuard(settings.egressGuard);
}
