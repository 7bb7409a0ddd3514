// @ts-check
"use strict";

const { AsyncLocalStorage } = require("node:async_hooks");
const { join, sep } = require("node:path");
const { fileURLToPath } = require("node:url");

/**
 * What the egress guard knows: who is inside a boundary call or a grant, and how it refuses those
 * who are not. Plain CommonJS without dependencies, because `--require` loads it before anything
 * else, in worker threads too.
 */

/**
 * What can be refused. `request` is one more request over a connection that is open already.
 * @typedef {"connect" | "lookup" | "datagram" | "request" | "process" | "worker" | "internals"} EgressKind
 */

/**
 * A right to open something, held by whatever runs inside it. One without `allows` covers all.
 * @typedef {object} EgressHolder
 * @property {boolean} egressOpen whether it still holds; a call that has ended holds nothing
 * @property {string} [name] of a grant
 * @property {(kind: EgressKind, target: string) => boolean} [allows]
 */

/**
 * @typedef {object} GrantNote
 * @property {string} name
 * @property {string} covers in words
 * @property {string} why
 */

/**
 * @typedef {object} GuardState
 * @property {boolean} installed whether this process's ways out are watched
 * @property {boolean} on whether what nobody granted is refused
 * @property {number} refusals
 * @property {AsyncLocalStorage<EgressHolder>} context
 * @property {WeakMap<object, EgressHolder>} owned sockets that somebody holds for longer than one call
 * @property {Set<GrantNote>} grants
 */

const stateKey = Symbol.for("agent33.egress-guard.1");

/** Two copies of the package in one process guard it together: each must know the other's calls. */
const state = sharedState();

/** @returns {GuardState} */
function sharedState() {
  const known = Reflect.get(globalThis, stateKey);
  if (known !== undefined) return known;
  /** @type {GuardState} */
  const made = {
    installed: false,
    on: false,
    refusals: 0,
    context: new AsyncLocalStorage(),
    owned: new WeakMap(),
    grants: new Set(),
  };
  Object.defineProperty(globalThis, stateKey, { value: made });
  return made;
}

/**
 * Whether whoever runs now may open this.
 * @param {EgressKind} kind
 * @param {string} target
 * @returns {boolean}
 */
function permits(kind, target) {
  return !state.on || covers(state.context.getStore(), kind, target);
}

/**
 * @param {EgressHolder | undefined} holder
 * @param {EgressKind} kind
 * @param {string} target
 * @returns {boolean}
 */
function covers(holder, kind, target) {
  if (holder === undefined || !holder.egressOpen) return false;
  return holder.allows === undefined || holder.allows(kind, target);
}

/** @type {Readonly<Record<EgressKind, (target: string) => string>>} */
const wordsOf = {
  connect: (target) => `Connecting to ${target}`,
  lookup: (target) => `Looking up ${target}`,
  datagram: (target) => `Sending a datagram to ${target}`,
  request: (target) => `A request to ${target}`,
  process: (target) => `Starting the program ${target}`,
  worker: (target) => `Starting the worker thread ${target}`,
  internals: (target) => `Opening Node's inner ${target}`,
};

const hint =
  "Do it in a connector's handler, with the fetch and the spawn of its context, and wait for it there. " +
  "A part of AGENT-33 that needs a way of its own gets a grant from the engine; `agent33 doctor` names them.";

/** The brand of the project's error class: it is known by that wherever it is caught. */
const errorBrand = Symbol.for("agent33.error");

/** @param {unknown} value */
const isBlocked = (value) =>
  typeof value === "object" &&
  value !== null &&
  Reflect.get(value, "code") === "boundary.egress_blocked";

class EgressBlockedError extends Error {
  /**
   * @param {string} message
   * @param {{ readonly kind: EgressKind, readonly target: string, readonly from: string }} details
   */
  constructor(message, details) {
    super(message);
    this.name = "EgressBlockedError";
    this.code = "boundary.egress_blocked";
    this.hint = hint;
    this.retryable = false;
    this.details = details;
    Object.defineProperty(this, errorBrand, { value: true });
  }

  toJSON() {
    const { code, message, hint: what, retryable, details } = this;
    return { code, message, hint: what, retryable, details };
  }
}

/**
 * The refusal, to be thrown or told in the way in which the thing itself fails.
 * @param {EgressKind} kind
 * @param {string} target
 * @returns {EgressBlockedError}
 */
function refusal(kind, target) {
  state.refusals += 1;
  const from = whoAsked();
  const holder = state.context.getStore();
  const why =
    holder === undefined
      ? "it is outside of every boundary call and every grant"
      : holder.egressOpen
        ? `the grant ${holder.name ?? "at hand"} does not cover it`
        : "the boundary call that it came from is over";
  const message = `${wordsOf[kind](target)} is refused: ${why}. Asked by ${from}.`;
  return new EgressBlockedError(message, { kind, target, from });
}

/** Rooms that open things for others: who asked them says more. */
const openers = [__dirname, join(__dirname, "..", "..", "sandbox")].map((path) => path + sep);
const framesSeen = 100;

/** The first place on the stack that belongs to the program, else to a package it uses. */
function whoAsked() {
  const places = stackLines().flatMap((line) => placeIn(line) ?? []);
  const others = places.filter((place) => !openers.some((folder) => place.startsWith(folder)));
  const [own] = others.filter((place) => !/[\\/]node_modules[\\/]/.test(place));
  return own ?? others[0] ?? "code that left no trace (a timer or an event of Node's)";
}

/** @returns {readonly string[]} */
function stackLines() {
  const usual = Error.stackTraceLimit;
  Error.stackTraceLimit = framesSeen;
  /** @type {{ stack?: unknown }} */
  const here = {};
  Error.captureStackTrace(here, whoAsked);
  const { stack } = here;
  Error.stackTraceLimit = usual;
  // A program may have put its own form of stacks in place.
  return typeof stack === "string" ? stack.split("\n") : [];
}

/**
 * `file:line:column` of a line of a stack, undefined for Node's own code.
 * @param {string} line
 * @returns {string | undefined}
 */
function placeIn(line) {
  const found = /[( ](?<place>(?:file:\/\/|\/|[A-Za-z]:\\)[^()]*:\d+:\d+)\)?$/.exec(line);
  const place = found?.groups?.["place"];
  if (place === undefined || !place.startsWith("file://")) return place;
  const [, address = place, position = ""] = /^(.*?)(:\d+:\d+)$/.exec(place) ?? [];
  return `${fileURLToPath(address)}${position}`;
}

module.exports = { state, permits, covers, refusal, isBlocked };
