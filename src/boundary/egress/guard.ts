import { createRequire } from "node:module";
import { isIPv6, Socket } from "node:net";
import type { buildConnector, Dispatcher } from "undici";
import { causesOf } from "../../base/causes.ts";
import type * as GuardContext from "./guard-context.cjs";
import type { EgressHolder, EgressKind, GrantNote } from "./guard-context.cjs";

export type { GrantNote };

/** Loaded as CommonJS, so that it is the very module that `--require` has loaded. */
const load = createRequire(import.meta.url);
const { state, permits, refusal, isBlocked } = load("./guard-context.cjs") as typeof GuardContext;

/** The file for `node --require`. */
export const egressGuardFile = load.resolve("./guard.cjs");

/**
 * Turns the egress guard on in this process, for good: from now on, what is opened outside of a
 * boundary call or a grant is refused with `boundary.egress_blocked`. For programs that embed the
 * engine; call it before anything else is loaded, because what was taken from Node's modules
 * before is not watched. The command line does it by itself.
 */
export function installEgressGuard(): void {
  load("./guard.cjs");
}

/** Whether the guard watches this process, and whether it refuses. */
export function egressGuardState(): "on" | "off" | "not installed" {
  if (!state.installed) return "not installed";
  return state.on ? "on" : "off";
}

/** How often this process was refused something. */
export function egressRefusals(): number {
  return state.refusals;
}

/** Switches an installed guard, for the whole process. Where none is installed, nothing happens. */
export function switchEgressGuard(to: "on" | "off"): void {
  state.on = state.installed && to === "on";
}

/**
 * Runs the handler of an attempt as what it is: whoever runs inside may open things for as long as
 * the attempt lasts.
 */
export function runAsCall<A, T>(holder: EgressHolder, work: (argument: A) => T, argument: A): T {
  return state.on ? state.context.run(holder, work, argument) : work(argument);
}

/** Runs something that belongs to no call and no grant, wherever it is asked for. */
export function runOutside<T>(work: () => T): T {
  return state.on ? state.context.exit(work) : work();
}

/** The refusal in what was thrown, or in what caused it: the guard's own or that of a call's leave. */
export function egressRefusalIn(thrown: unknown): Error | undefined {
  return causesOf(thrown).find(
    (cause): cause is Error => cause instanceof Error && isBlocked(cause),
  );
}

/** What a grant covers. What is left out is not covered. */
export interface EgressScope {
  /** Where to: `host:port`, `host:*`, the path of a local socket, or `/folder/` of such. */
  readonly connect?: readonly string[];
  /** Whether programs may be started. */
  readonly spawn?: boolean;
  readonly workers?: boolean;
}

/** A named right to open something outside of the boundary. */
export interface EgressGrant {
  readonly name: string;
  /** Runs something under the grant. What it starts and leaves running keeps the grant. */
  run<T>(work: () => T): T;
  /** The same function, always under the grant. */
  bind<A extends readonly unknown[], T>(work: (...given: A) => T): (...given: A) => T;
  /** A socket that may connect to what the grant names, whenever that is. */
  socket(): Socket;
  /** From now on it covers nothing. */
  end(): void;
}

export interface EgressGrantRequest extends EgressScope {
  /** `<room>/<part>`. */
  readonly name: string;
  readonly why: string;
}

/**
 * Issues a grant. Of AGENT-33's own rooms only the engine does that; a test sees to it. A program
 * that has the guard names with it what it opens itself, such as its own database.
 */
export function grantEgress(request: EgressGrantRequest): EgressGrant {
  const { name, why } = request;
  const note: GrantNote = { name, covers: scopeInWords(request), why };
  let egressOpen = true;
  const holder: EgressHolder = {
    name,
    get egressOpen() {
      return egressOpen;
    },
    allows: (kind, target) => scopeCovers(request, kind, target),
  };
  state.grants.add(note);
  return {
    name,
    run: (work) => state.context.run(holder, work),
    bind:
      (work) =>
      (...given) =>
        state.context.run(holder, () => work(...given)),
    socket: () => {
      const socket = new Socket();
      state.owned.set(socket, holder);
      return socket;
    },
    end: () => {
      egressOpen = false;
      state.grants.delete(note);
    },
  };
}

/** The grants that are in force, by name. */
export function egressGrants(): readonly GrantNote[] {
  return [...state.grants].sort((one, other) => one.name.localeCompare(other.name));
}

function scopeCovers(scope: EgressScope, kind: EgressKind, target: string): boolean {
  const { connect = [], spawn = false, workers = false } = scope;
  switch (kind) {
    case "connect":
    case "request":
      return connect.some((place) => coversPlace(place, placeOfOrigin(target)));
    case "lookup":
      return connect.some((place) => hostOf(place) === target);
    case "process":
      return spawn;
    case "worker":
      return workers;
    case "datagram":
    case "internals":
      return false;
  }
}

const hostOf = (place: string): string => place.replace(/:[^:]*$/, "");

function coversPlace(place: string, target: string): boolean {
  if (place.endsWith(":*")) return hostOf(place) === hostOf(target);
  return place.endsWith("/") ? target.startsWith(place) : target === place;
}

/** `host:port` of an origin such as `http://127.0.0.1:80`; anything else as it is. */
function placeOfOrigin(target: string): string {
  const origin = URL.parse(target);
  if (origin === null || origin.hostname === "") return target;
  const port = origin.port === "" ? (origin.protocol === "https:" ? "443" : "80") : origin.port;
  return `${origin.hostname}:${port}`;
}

function scopeInWords({ connect = [], spawn = false, workers = false }: EgressScope): string {
  return [
    ...(connect.length === 0 ? [] : [`connects to ${connect.join(", ")}`]),
    ...(spawn ? ["starts programs"] : []),
    ...(workers ? ["starts worker threads"] : []),
  ].join("; ");
}

/**
 * Puts the guard in front of a dispatcher of the boundary's own. Whoever sends must be inside a
 * call; what the dispatcher does with it then, connecting or waiting for its turn, may happen in
 * the middle of another call or after it, and is the dispatcher's own.
 */
export function guardDispatch(dispatch: Dispatcher["dispatch"]): Dispatcher["dispatch"] {
  return (options, handler) => {
    if (!state.on) return dispatch(options, handler);
    const target = String(options.origin);
    if (!permits("request", target)) throw refusal("request", target);
    return state.context.run(ofDispatcher(placeOfOrigin(target), false), () =>
      dispatch(options, handler),
    );
  };
}

/** Lets a connector of the boundary's own dispatcher connect whenever its pool wants to. */
export function guardConnector(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    if (!state.on) return connect(options, callback);
    const { hostname, protocol, port } = options;
    // undici leaves the brackets of an IPv6 address away, and the port where it is the usual one.
    const host = isIPv6(hostname) ? `[${hostname}]` : hostname;
    const place = placeOfOrigin(`${protocol}//${host}:${port}`);
    return state.context.run(ofDispatcher(place, true), () => connect(options, callback));
  };
}

/**
 * What a dispatcher opens for a request that was granted. No more than that: what it runs in turn,
 * such as a listener of the answer, runs under this holder too.
 */
function ofDispatcher(place: string, connects: boolean): EgressHolder {
  return {
    name: "boundary/dispatcher",
    egressOpen: true,
    allows: (kind, target) => {
      if (kind === "request") return placeOfOrigin(target) === place;
      if (!connects) return false;
      return kind === "connect" ? target === place : kind === "lookup" && target === hostOf(place);
    },
  };
}
