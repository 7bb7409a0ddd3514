import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Agent33Error } from "../base/errors.ts";
import { isAddressLike } from "../base/place.ts";
import type { Backend } from "../store/backend.ts";
import { placeOf } from "../store/postgres/database.ts";
import type { Isolation } from "../store/postgres/isolation.ts";
import { databaseFile, openStore } from "../store/store.ts";
import { storeVersion } from "../store/upgrade.ts";
import { inspectGranted, openGranted } from "./grants.ts";
import type { Host } from "./host.ts";

/** A store by the folder that it is in, or by its `postgres://` address. */
export type StorePlace =
  | { readonly kind: "folder"; readonly dataDir: string; readonly path: string }
  | { readonly kind: "address"; readonly url: string };

/**
 * What a person means by a place. Anything that begins like an address is one: a wrong one is
 * refused, never taken for a folder. A path to a store's file means its folder.
 */
export function placeNamed(text: string, host: Host): StorePlace {
  if (isAddressLike(text)) return { kind: "address", url: text };
  const path = resolve(host.cwd, text);
  const dataDir = basename(path) === databaseFile ? dirname(path) : path;
  return { kind: "folder", dataDir, path: join(dataDir, databaseFile) };
}

/** Whether there is a store. Nothing is made. @throws Agent33Error `store.*` */
export async function isThere(place: StorePlace, host: Host): Promise<boolean> {
  return (await foundVersion(place, host)) > 0;
}

async function foundVersion(place: StorePlace, { clock, random }: Host): Promise<number> {
  return place.kind === "address"
    ? (await inspectGranted({ url: place.url, clock, random })).schemaVersion
    : (storeVersion(place.dataDir) ?? 0);
}

/**
 * The schema version of the store in a place. Nothing is made or changed.
 * @throws Agent33Error `store.missing`, `store.newer_schema`, other `store.*`
 */
export async function versionIn(place: StorePlace, host: Host): Promise<number> {
  const found = await foundVersion(place, host);
  if (found > 0) return found;
  const where = place.kind === "address" ? placeOf(place.url) : place.dataDir;
  if (place.kind === "folder" && isFile(where)) {
    throw new Agent33Error(
      "store.missing",
      `${where} is a file; a store is a folder with a file ${databaseFile}.`,
      {
        hint: `Copy it as ${databaseFile} into a new folder, and give that folder.`,
        details: { place: where },
      },
    );
  }
  throw new Agent33Error("store.missing", `There is no store in ${where}.`, {
    hint: `Give a folder that has a file ${databaseFile}, or the postgres:// address of a store.`,
    details: { place: where },
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

export interface OpenedPlace {
  readonly backend: Backend;
  /** Whether PostgreSQL itself keeps tenants apart; null for SQLite. */
  readonly isolation: Isolation | null;
}

/**
 * Opens a store that is there.
 * @throws Agent33Error `store.missing`, `store.older_schema`, other `store.*`
 */
export async function openPlace(place: StorePlace, host: Host): Promise<OpenedPlace> {
  await versionIn(place, host);
  return openOrMake(place, host);
}

/** Opens a store, made as needed. @throws Agent33Error `store.older_schema`, other `store.*` */
export async function openOrMake(place: StorePlace, host: Host): Promise<OpenedPlace> {
  const { clock, ids, random } = host;
  if (place.kind === "folder") {
    return { backend: openStore({ dataDir: place.dataDir, clock, ids }).backend, isolation: null };
  }
  const backend = await openGranted({ url: place.url, clock, ids, random });
  return { backend, isolation: await backend.isolation() };
}

/** Opens a store that is there for as long as a function needs it. */
export async function withPlace<T>(
  place: string,
  host: Host,
  use: (backend: Backend) => Promise<T>,
): Promise<T> {
  const { backend } = await openPlace(placeNamed(place, host), host);
  try {
    return await use(backend);
  } finally {
    await backend.close();
  }
}
