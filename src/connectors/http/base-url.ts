import { Agent33Error } from "../../base/errors.ts";

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
  if (stays && url.origin === base.origin && !climbs(inside)) return url;
  throw new Agent33Error("http.outside_base", `"${path}" does not lie below ${baseUrl}.`, {
    hint: "Give what follows the base address, without `..`.",
  });
}

/** Some servers decode a path before they split it. */
function climbs(path: string): boolean {
  return decoded(path).split(/[/\\]/).includes("..");
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // A lone percent sign is no encoding, and so cannot hide anything.
    return path;
  }
}
