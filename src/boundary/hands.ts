import type { Duplex, Readable, Writable } from "node:stream";

/** HTTP through the boundary's own dispatcher, with the standard `fetch` signature. */
export type EgressFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Where one request of a call wants to go. */
export interface EgressTarget {
  /** As it stands in the URL. */
  readonly host: string;
  readonly port: number;
  /** What the host is, or one of the addresses that it resolved to; absent before that. */
  readonly address?: string;
}

/** One call's leave to go out. */
export interface EgressLeave {
  /**
   * Asked before a request's host is resolved, and for every address that it may be sent to.
   * @throws BoundaryError `boundary.egress_blocked`
   */
  check(target: EgressTarget): void;
  /** Told when a request begins to go out over a connection to this address. */
  sending(address: string, port: number): void;
}

/** {@link EgressFetch} before it is bound to a call. */
export type GovernedFetch = (
  input: string | URL | Request,
  init: RequestInit | undefined,
  leave: EgressLeave,
) => Promise<Response>;

/**
 * TCP to a host and a port, for protocols other than HTTP. The connection ends with its attempt.
 * Whoever wants TLS puts it on top; the name to prove is the host.
 */
export type EgressConnect = (host: string, port: number) => Promise<Duplex>;

/** {@link EgressConnect} before it is bound to a call. */
export type GovernedConnect = (
  target: EgressTarget,
  signal: AbortSignal,
  leave: EgressLeave,
) => Promise<Duplex>;

/** A program to start, without a shell. */
export interface SpawnRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The child's whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** What the child can read, each to its end, from its descriptors 3, 4, 5 and so on. */
  readonly inputs?: readonly Uint8Array[];
}

export interface ExitStatus {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running child and all that it started: they live and die as one. */
export interface SpawnedProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<ExitStatus>;
  /** Ends the whole tree: asks first, forces after `graceMs`. Resolves when it is gone. */
  kill(graceMs?: number): Promise<void>;
}

/** @throws Agent33Error `sandbox.spawn_failed` when the program cannot be started. */
export type SpawnProcess = (request: SpawnRequest) => Promise<SpawnedProcess>;
