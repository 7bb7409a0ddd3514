import { Agent33Error } from "../../base/errors.ts";
import { attempt } from "../../base/result.ts";

/**
 * The address of `path` below a base address: the same origin, and below the base's own folder by
 * whole segments, however the path is spelt.
 * @throws Agent33Error `http.outside_base`
 */
export function addressBelow(baseUrl: string, path: string): URL {
  const base = new URL(baseUrl);
  const folder = base.pathname.replace(/\/+$/, "");
  const url = new URL(base.origin);
  const [place = "", ...query] = path.split("?");
  const inside = place.replace(/^\/+/, "");
  url.pathname = inside === "" ? base.pathname : `${folder}/${inside}`;
  url.search = query.length === 0 ? base.search : query.join("?");
  const stays = url.pathname === base.pathname || url.pathname.startsWith(`${folder}/`);
  if (stays && url.origin === base.origin && !climbs(url.pathname.slice(folder.length))) return url;
  throw new Agent33Error("http.outside_base", `"${path}" does not lie below ${baseUrl}.`, {
    hint: "Give what follows the base address, without `..`.",
  });
}

/** Whether {@link addressBelow} has an address for a path. */
export function isBelow(baseUrl: string, path: string): boolean {
  return attempt(() => addressBelow(baseUrl, path)).ok;
}

/**
 * Whether some server could take a path, as it is sent, for one that leads up: some decode before
 * they split, some twice because a proxy did it first, and some drop what follows a semicolon.
 */
function climbs(path: string): boolean {
  return decoded(path)
    .split(/[/\\]/)
    .some((segment) => segment.replace(/;.*/s, "") === "..");
}

/** Sign by sign, because one that cannot be decoded must not keep the others from it. */
function decoded(path: string): string {
  const once = path.replaceAll(/%([0-7][0-9a-f])/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  return once === path ? path : decoded(once);
}
