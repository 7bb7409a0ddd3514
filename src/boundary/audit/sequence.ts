import type { CutPlace } from "./cut.ts";
import { type Findings, nameOf } from "./findings.ts";
import { type Link, linkHash } from "./link.ts";

/** A link whose hash does not follow from the one before it. */
interface Broken {
  readonly link: Link;
  /** The stored hash of the link before it. */
  readonly before: string | undefined;
}

/** Of more of them it is not worked out which one belongs where. */
const mostMoved = 20;

/** Follows the links of a chain by position and finds those that do not follow from each other. */
export function createSequence(findings: Findings) {
  const broken: Broken[] = [];
  let next = 1;
  /** Hashes that the next link may follow from: the stored one, and the one that should stand there. */
  let before: readonly (string | undefined)[] | "unknown" = [undefined];
  let brokenInAll = 0;

  return {
    /** What follows follows from this place: what came before was removed. */
    beginAfter: ({ position, hash }: CutPlace): void => {
      next = position + 1;
      before = [hash];
    },
    /** False for one that stands before the beginning and is passed over. */
    follow: (link: Link): boolean => {
      const { position } = link;
      if (position < next) {
        const message = `${nameOf(link)} stands where no link can be.`;
        findings.add({ kind: "inserted", about: "link", position, callId: link.callId, message });
        return false;
      }
      if (position > next) {
        const gap =
          position - next === 1 ? `Link ${next} is` : `Links ${next} to ${position - 1} are`;
        const message = `${gap} not there; ${nameOf(link)} comes next.`;
        findings.add({ kind: "removed", about: "link", position: next, message });
        before = "unknown";
      }
      next = position + 1;
      if (before !== "unknown" && !before.some((hash) => linkHash(hash, link) === link.hash)) {
        brokenInAll += 1;
        if (broken.length < mostMoved) broken.push({ link, before: before[0] });
        // Where only its hash was changed, the next one follows from what it was.
        before = [link.hash, linkHash(before[0], link)];
      } else before = [link.hash];
      return true;
    },
    /** Says of each link that does not follow what is the matter with it. */
    finish: (): void => {
      const places = brokenInAll === broken.length ? placesOf(broken) : new Map<Link, number>();
      // A link that is in its place and whole has only lost the one before it.
      const explained = [...places].some(([link, position]) => link.position !== position);
      for (const { link } of broken) {
        const { position, callId } = link;
        const belongs = places.get(link);
        const at = { about: "link", position, callId } as const;
        if (belongs !== undefined && belongs !== position) {
          const message = `${nameOf(link)} belongs to place ${belongs}.`;
          findings.add({ kind: "reordered", ...at, message });
        } else if (belongs === undefined || !explained) {
          const message = `${nameOf(link)} is not what was linked: its hash does not follow from the link before it.`;
          findings.add({ kind: "changed", ...at, message });
        }
      }
      const more = brokenInAll - broken.length;
      if (more > 0) {
        const message = `${more} further links do not follow from the ones before them.`;
        findings.add({ kind: "changed", about: "link", message });
      }
    },
  };
}

/**
 * Where links belong that are whole in themselves: to the place for which their hash was made. Where
 * that is their own, only their neighbour is not where it should be.
 */
function placesOf(broken: readonly Broken[]): ReadonlyMap<Link, number> {
  const hashes = new Set(broken.flatMap(({ link, before }) => [link.hash, before]));
  const places = new Map<Link, number>();
  for (const { link } of broken) {
    for (const { link: other } of broken) {
      const { position } = other;
      if (![...hashes].some((hash) => linkHash(hash, { ...link, position }) === link.hash))
        continue;
      places.set(link, position);
      break;
    }
  }
  return places;
}
