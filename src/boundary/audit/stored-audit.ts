import type { AuditChain, ChainPage } from "../ports.ts";
import type { SignedPlace } from "./signing.ts";
import type { AuditSource } from "./verify.ts";

const rowsAtOnce = 500;

/** A tenant's audit as it stands in the store, a page at a time. */
export function storedAudit(
  tenant: string,
  chain: AuditChain,
  head: SignedPlace | undefined,
): AuditSource {
  return {
    tenant,
    head,
    checkpoints: pages(chain.checkpoints, ({ position }) => position),
    entries: pages(chain.entries, ({ link }) => link.position),
    unlinked: pages(chain.unlinked, ({ row }) => row.seq),
  };
}

async function* pages<T>(
  read: (page: ChainPage) => Promise<readonly T[]>,
  placeOf: (item: T) => number,
): AsyncGenerator<T> {
  let after: number | undefined;
  for (;;) {
    const page = await read({ limit: rowsAtOnce, ...(after === undefined ? {} : { after }) });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < rowsAtOnce) return;
    after = placeOf(last);
  }
}
