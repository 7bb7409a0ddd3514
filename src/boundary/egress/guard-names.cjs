// @ts-check
"use strict";

const dns = require("node:dns");
const net = require("node:net");
const { permits, refusal } = require("./guard-context.cjs");

/** @typedef {Record<string, any>} Methods */

/** Lookups of names: a name can carry a message to whoever serves its zone. */
function guardNames() {
  guardCallbacks(dns);
  guardCallbacks(dns.Resolver.prototype);
  guardPromises(dns.promises);
  guardPromises(dns.promises.Resolver.prototype);
}

/** @param {string} name */
const isLookup = (name) => /^(resolve|lookup|reverse)/.test(name);

/**
 * What leaves nothing: addresses that need no lookup, and this machine, which no server is asked
 * for (RFC 6761, section 6.3); listening on `localhost` looks it up.
 * @param {string} method
 * @param {unknown} name
 */
const staysHere = (method, name) =>
  method === "lookup" &&
  (typeof name !== "string" || name === "" || name === "localhost" || net.isIP(name) !== 0);

/** @param {Methods} methods */
function namesOf(methods) {
  return Object.getOwnPropertyNames(methods).filter(
    (name) => isLookup(name) && typeof methods[name] === "function",
  );
}

/** @param {Methods} methods */
function guardCallbacks(methods) {
  for (const name of namesOf(methods)) {
    const original = methods[name];
    /**
     * @this {unknown}
     * @param {...any} args
     */
    function guarded(...args) {
      if (staysHere(name, args[0]) || permits("lookup", String(args[0]))) {
        return Reflect.apply(original, this, args);
      }
      const error = refusal("lookup", String(args[0]));
      const callback = args.at(-1);
      if (typeof callback !== "function") throw error;
      process.nextTick(callback, error);
      return {};
    }
    // `util.promisify(dns.lookup)` finds its form among the properties.
    methods[name] = Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(original));
  }
}

/** @param {Methods} methods */
function guardPromises(methods) {
  for (const name of namesOf(methods)) {
    const original = methods[name];
    /**
     * @this {unknown}
     * @param {...any} args
     */
    function guarded(...args) {
      if (staysHere(name, args[0]) || permits("lookup", String(args[0]))) {
        return Reflect.apply(original, this, args);
      }
      return Promise.reject(refusal("lookup", String(args[0])));
    }
    methods[name] = Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(original));
  }
}

module.exports = { guardNames };
