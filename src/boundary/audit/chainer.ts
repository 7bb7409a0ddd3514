import { toAgent33Error } from "../../base/errors.ts";
import type { Clock } from "../../base/clock.ts";
import type { AuditChain, ChainMaker } from "../ports.ts";
import { readHeads, writeHeads } from "./head-file.ts";
import { linkHash, recordDigest } from "./link.ts";
import type { AuditKey } from "./signing.ts";

export interface ChainerOptions {
  readonly chainOf: (tenant: string) => AuditChain;
  /** The key that signs; asked for when it is needed first. @throws Agent33Error `audit.bad_key` */
  readonly key: () => AuditKey;
  /** The head file. */
  readonly path: string;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
}

/** Puts what a tenant's audit has got into its chain, signs places of it, and says where it ends. */
export interface Chainer {
  /**
   * Links what waits, for so long at most; the rest waits on. Never fails: it warns, and the next
   * time does what was left.
   * @param ending also signs the end
   */
  link(
    tenant: string,
    request: { readonly forMs: number; readonly ending: boolean },
  ): Promise<void>;
}

const checkpointEvery = 1000;
/** Rows a transaction, for which other processes' writers wait. */
const rowsAtOnce = 250;

export function createChainer(options: ChainerOptions): Chainer {
  const { chainOf, path, clock } = options;
  const said = new Set<string>();
  const warnOnce = (message: string): void => {
    if (!said.has(message)) options.warn(message);
    said.add(message);
  };
  let known: AuditKey | undefined;
  const key = (): AuditKey | undefined => {
    try {
      known ??= options.key();
    } catch (thrown) {
      // Without a key the chain goes on, unsigned.
      warnOnce(warning("is not signed", thrown));
    }
    return known;
  };

  const publish = async (tenant: string, signer: AuditKey): Promise<void> => {
    await chainOf(tenant).publish(
      () => readHeads(path).get(tenant)?.position ?? 0,
      (end, hashThere) => {
        if (end === undefined) return;
        const heads = new Map(readHeads(path));
        const before = heads.get(tenant);
        // What was signed is the proof that something was taken away since: it stays.
        if (before !== undefined && hashThere !== before.hash) {
          warnOnce(
            `The audit of tenant ${tenant} is not the one that was signed up to ${before.position}: run \`agent33 audit verify\`.`,
          );
          return;
        }
        const { position, hash, checkpoint: previous } = end;
        if (before?.position === position && before.previous === previous) return;
        const place = { tenant, position, previous, hash, at: clock.now() };
        writeHeads(path, heads.set(tenant, signer.sign("head", place)));
      },
    );
  };

  return {
    link: async (tenant, { forMs, ending }) => {
      const signer = key();
      const maker: ChainMaker = {
        recordDigest,
        hash: linkHash,
        sign: (place) => signer?.sign("checkpoint", place),
      };
      const until = clock.monotonic() + forMs;
      try {
        for (;;) {
          const request = { limit: rowsAtOnce, checkpointEvery, checkpointNow: ending };
          const { taken } = await chainOf(tenant).append(maker, request);
          if (taken < rowsAtOnce || clock.monotonic() >= until) break;
        }
        if (signer !== undefined) await publish(tenant, signer);
      } catch (thrown) {
        warnOnce(warning("could not be linked or published", thrown));
      }
    },
  };
}

function warning(what: string, thrown: unknown): string {
  const { code, message } = toAgent33Error(thrown);
  return `The audit's chain ${what}: ${code}: ${message}`;
}
