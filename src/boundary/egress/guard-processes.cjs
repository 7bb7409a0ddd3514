// @ts-check
"use strict";

const childProcess = require("node:child_process");
const workerThreads = require("node:worker_threads");
const { permits, refusal, state } = require("./guard-context.cjs");

/** @typedef {(this: any, ...args: any[]) => any} Method */
/** @typedef {import("node:worker_threads").WorkerOptions} WorkerOptions */

/**
 * Programs and worker threads, and the doors to Node's inner parts that lead around all the rest.
 * @param {string} hook this guard's file, for the workers
 */
function guardProcesses(hook) {
  guardPrograms();
  guardWorkers(hook);
  guardInternals();
}

/** @param {string} program */
function requireProcess(program) {
  if (!permits("process", program)) throw refusal("process", program);
}

function guardPrograms() {
  // spawn, exec, execFile, fork and cluster all come through here.
  const prototype = /** @type {Record<string, any>} */ (childProcess.ChildProcess.prototype);
  /** @type {Method} */
  const spawn = prototype["spawn"];
  prototype["spawn"] = /** @type {Method} */ (
    function (options, ...rest) {
      requireProcess(String(options?.file));
      return Reflect.apply(spawn, this, [options, ...rest]);
    }
  );
  const exported = /** @type {Record<string, any>} */ (childProcess);
  for (const name of ["spawnSync", "execSync", "execFileSync"]) {
    /** @type {Method} */
    const original = exported[name];
    exported[name] = /** @type {Method} */ (
      function (...args) {
        // Of a shell's command only the program: what follows may hold secrets.
        requireProcess(String(args[0]).trim().split(/\s/)[0] ?? "");
        return Reflect.apply(original, this, args);
      }
    );
  }
  const self = /** @type {Record<string, any>} */ (process);
  /** @type {Method | undefined} */
  const execve = self["execve"];
  if (execve !== undefined) {
    self["execve"] = /** @type {Method} */ (
      function (...args) {
        requireProcess(String(args[0]));
        return Reflect.apply(execve, this, args);
      }
    );
  }
}

/** @param {string} hook */
function guardWorkers(hook) {
  const { Worker } = workerThreads;
  class GuardedWorker extends Worker {
    /**
     * @param {string | URL} file
     * @param {WorkerOptions} [options]
     */
    constructor(file, options = {}) {
      if (!state.on) {
        super(file, options);
        return;
      }
      const name = options.eval === true ? "made of a text" : String(file).slice(0, 200);
      if (!permits("worker", name)) throw refusal("worker", name);
      // A worker begins without this thread's hooks.
      const preload = ["--require", hook];
      const { execArgv } = options;
      if (execArgv !== undefined) {
        super(file, { ...options, execArgv: [...preload, ...execArgv] });
        return;
      }
      try {
        super(file, { ...options, execArgv: [...preload, ...process.execArgv] });
      } catch (error) {
        const own = inheritable(error);
        if (own === undefined) throw error;
        super(file, { ...options, execArgv: [...preload, ...own] });
      }
    }
  }
  Object.defineProperty(GuardedWorker, "name", { value: "Worker" });
  workerThreads.Worker = GuardedWorker;
}

/**
 * This process's options without those that hold for the process as a whole. A worker inherits
 * them without a word, and refuses them where they are given to it.
 * @param {unknown} error that a worker with all of them failed with
 * @returns {readonly string[] | undefined} undefined where it failed for another reason
 */
function inheritable(error) {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  if (error.code !== "ERR_WORKER_INVALID_EXEC_ARGV") return undefined;
  const [, list = ""] = error.message.split("flags: ");
  const refused = new Set(list.split(", "));
  return process.execArgv.filter((flag) => !refused.has(flag));
}

/** Node's inner modules that open something themselves. */
const openers = new Set([
  "cares_wrap",
  "pipe_wrap",
  "process_wrap",
  "spawn_sync",
  "tcp_wrap",
  "tls_wrap",
  "udp_wrap",
]);

function guardInternals() {
  const self = /** @type {Record<string, any>} */ (process);
  /** @type {Method} */
  const binding = self["binding"];
  self["binding"] = /** @type {Method} */ (
    function (name) {
      if (openers.has(name) && !permits("internals", name)) throw refusal("internals", name);
      return Reflect.apply(binding, this, [name]);
    }
  );
}

module.exports = { guardProcesses };
