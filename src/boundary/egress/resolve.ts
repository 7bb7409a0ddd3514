import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { errors } from "undici";

/** All addresses of a name, in the order in which they are to be tried. Rejects with Node's errors. */
export type Resolver = (name: string) => Promise<readonly string[]>;

/** The machine's own resolver, with its hosts file: what every other program here would find. */
export const systemResolver: Resolver = async (name) => {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address);
};

/** What a wait can be ended by. */
export interface WaitLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Resolves hosts. Requests that want the same name at the same time share one question.
 * Rejects as `fetch` would: with the signal's reason, or with a `TypeError` over the cause.
 */
export function createResolution(resolver: Resolver) {
  const asked = new Map<string, Promise<readonly string[]>>();
  const ask = (name: string): Promise<readonly string[]> => {
    const known = asked.get(name);
    if (known !== undefined) return known;
    const answer = resolver(name).finally(() => asked.delete(name));
    asked.set(name, answer);
    return answer;
  };
  /** @param host as a URL has it: a literal address is its own answer */
  return async (host: string, limits: WaitLimits): Promise<readonly string[]> => {
    const bare = host.replace(/^\[(.*)\]$/, "$1");
    const found = isIP(bare) === 0 ? await within(ask(bare), bare, limits) : [bare];
    const addresses = [...new Set(found.map(reached))];
    if (addresses.length > 0) return addresses;
    throw new TypeError("fetch failed", {
      cause: Object.assign(new Error(`There is no address for ${bare}.`), { code: "ENOTFOUND" }),
    });
  };
}

/** The unspecified address is no place: who connects to it reaches this machine. */
function reached(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" ? "::1" : address;
}

/** A system's question cannot be taken back; who asked need not wait for it. */
function within<T>(answer: Promise<T>, name: string, limits: WaitLimits): Promise<T> {
  const { timeoutMs, signal } = limits;
  return new Promise((resolve, reject) => {
    const onAbort = () => settle(() => reject(signal?.reason));
    const timer = setTimeout(() => {
      const cause = new errors.ConnectTimeoutError(`Resolving ${name} took over ${timeoutMs} ms.`);
      settle(() => reject(new TypeError("fetch failed", { cause })));
    }, timeoutMs);
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      how();
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    answer.then(
      (value) => settle(() => resolve(value)),
      (cause: unknown) => settle(() => reject(new TypeError("fetch failed", { cause }))),
    );
  });
}
