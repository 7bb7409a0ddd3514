import type { Redactor } from "../base/redact.ts";
import type { Config } from "../config/config.ts";
import type { Backend } from "../store/backend.ts";
import type { Page, PageRequest } from "../store/pages.ts";
import {
  findSetAside,
  listSetAside,
  type StoredQuarantined,
} from "../store/transfer/quarantine.ts";
import type { Host } from "./host.ts";
import { redactorFor } from "./secrets/stored.ts";
import { withPlace } from "./store-place.ts";

/** A record that was set aside, with the first of what it says. */
export interface QuarantineItem extends Omit<StoredQuarantined, "content"> {
  readonly begins: string;
}

const beginsCharacters = 200;

/**
 * What was set aside in a store, newest first, of all its tenants, without secrets.
 * @throws Agent33Error `store.missing`, `store.bad_cursor`, other `store.*`
 */
export function listQuarantine(
  place: string,
  config: Config,
  host: Host,
  request: PageRequest,
): Promise<Page<QuarantineItem>> {
  return withPlace(place, host, (backend) => quarantineIn(backend, config, host, request));
}

/** The same of a store that is open. @throws Agent33Error `store.bad_cursor`, other `store.*` */
export async function quarantineIn(
  { tables }: Pick<Backend, "tables">,
  config: Config,
  host: Host,
  request: PageRequest,
): Promise<Page<QuarantineItem>> {
  const redactor = redactorFor(config, host);
  const page = await tables.read(() => listSetAside(request));
  const items = page.items.map((item) => {
    // Redacted before it is cut: half of a key is no longer known as one.
    const { content, ...rest } = hidden(item, redactor);
    return { ...rest, begins: content.slice(0, beginsCharacters) };
  });
  return { ...page, items };
}

/**
 * One record that was set aside, with all that is kept of it, without secrets.
 * @throws Agent33Error `store.missing`, `store.unknown_quarantined`, other `store.*`
 */
export function showQuarantined(
  id: number,
  place: string,
  config: Config,
  host: Host,
): Promise<StoredQuarantined> {
  return withPlace(place, host, (backend) => quarantinedIn(backend, config, host, id));
}

/** The same of a store that is open. @throws Agent33Error `store.unknown_quarantined` */
export async function quarantinedIn(
  { tables }: Pick<Backend, "tables">,
  config: Config,
  host: Host,
  id: number,
): Promise<StoredQuarantined> {
  const redactor = redactorFor(config, host);
  return hidden(await tables.read(() => findSetAside(id)), redactor);
}

function hidden(item: StoredQuarantined, { text }: Redactor): StoredQuarantined {
  return { ...item, reason: text(item.reason), content: text(item.content) };
}
