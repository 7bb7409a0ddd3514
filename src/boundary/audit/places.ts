import type { CutPlace } from "./cut.ts";
import { type Finding, type Findings, timeOf } from "./findings.ts";
import { type Link, linkHash } from "./link.ts";
import { checkSignature, type PlaceKind, type PublicKeys, type SignedPlace } from "./signing.ts";

/** A place that the chain is held to. */
export interface Expected {
  readonly position: number;
  readonly hash: string;
  readonly about: "checkpoint" | "head" | "anchor";
  /** `Checkpoint 2000 of 2026-11-22T…` */
  readonly name: string;
}

/** Holds a chain to its signed places and to those that somebody noted elsewhere. */
export function createPlaces(findings: Findings, keys: PublicKeys) {
  const expected = new Map<number, Expected[]>();
  const seen = { checkpoints: 0, last: 0, atHead: false, belowHead: 0 };
  let head: SignedPlace | undefined;
  /** The first checkpoint, where it is believed and names one before it that is not there. */
  let first: { readonly place: SignedPlace; readonly finding: Finding } | undefined;

  const expect = (place: Expected): void => {
    expected.set(place.position, [...(expected.get(place.position) ?? []), place]);
  };
  const believed = (kind: PlaceKind, place: SignedPlace, name: string): boolean => {
    const worth = checkSignature(kind, place, keys);
    if (worth === "valid") return true;
    const why =
      worth === "invalid"
        ? "its signature does not belong to it"
        : `it is signed with the key ${place.keyId}, which is not known here`;
    const { position } = place;
    findings.add({ kind: "forged", about: kind, position, message: `${name} is forged: ${why}.` });
    return false;
  };
  const wrong = (place: Expected, there: string | undefined): void => {
    const { about, position, name } = place;
    findings.add(
      there === undefined
        ? { kind: "truncated", about, position, message: `${name} is past the end of the chain.` }
        : {
            kind: "changed",
            about,
            position,
            message: `${name} has another hash than link ${position}: the chain up to there is not the one of then.`,
          },
    );
  };

  return {
    /** Before the checkpoints. */
    head: (place: SignedPlace): void => {
      const name = `The head of ${timeOf(place.at)} at ${place.position}`;
      if (!believed("head", place, name)) return;
      head = place;
      expect({ ...place, about: "head", name });
    },
    /** A place that was noted elsewhere, or a head of which a copy was kept. */
    anchor: (place: { readonly position: number; readonly hash: string } | SignedPlace): void => {
      const name = `The place ${place.position} that was given`;
      if (!("signature" in place) || believed("head", place, name)) {
        expect({ ...place, about: "anchor", name });
      }
    },
    /** By position. */
    checkpoint: (place: SignedPlace): void => {
      const { position, previous } = place;
      const name = `Checkpoint ${position} of ${timeOf(place.at)}`;
      seen.checkpoints += 1;
      if (head !== undefined && position === head.position) seen.atHead = true;
      if (head !== undefined && position < head.position) seen.belowHead = position;
      if (believed("checkpoint", place, name)) {
        expect({ ...place, about: "checkpoint", name });
        if (previous !== seen.last) {
          const finding = neighbour(name, position, previous, seen.last);
          // That the audit begins with it may be meant: the first link will tell.
          if (seen.checkpoints === 1) first = { place, finding };
          else findings.add(finding);
        } else if (seen.checkpoints === 1)
          first = { place, finding: neighbour(name, position, previous, 0) };
      }
      seen.last = position;
    },
    /**
     * The first checkpoint, where the first link follows from it: what came before was removed, and
     * is looked for no longer. Asked once, with the first link there is.
     */
    beginning: (link: Link | undefined): CutPlace | undefined => {
      const begun = first;
      first = undefined;
      if (begun === undefined) return undefined;
      const { place, finding } = begun;
      const follows =
        link !== undefined &&
        link.position === place.position + 1 &&
        linkHash(place.hash, link) === link.hash;
      if (!follows) {
        if (place.previous !== 0) findings.add(finding);
        return undefined;
      }
      for (const [position, places] of expected) {
        if (position > place.position) continue;
        expected.delete(position);
        for (const one of places) {
          if (position < place.position) findings.add(removedBefore(one, place.position));
          else if (one.hash !== place.hash) wrong(one, place.hash);
        }
      }
      return { position: place.position, hash: place.hash };
    },
    /** After the checkpoints: whether those are there that the head knows of. */
    checkHead: (): void => {
      if (head === undefined) return;
      const { position, previous } = head;
      const last = previous === position && seen.atHead ? position : seen.belowHead;
      if (last !== previous) findings.add(neighbour("The head", position, previous, last));
    },
    link: (position: number, hash: string): void => {
      for (const place of expected.get(position) ?? []) if (place.hash !== hash) wrong(place, hash);
      expected.delete(position);
    },
    /** What no link was for. */
    finish: (end: number): void => {
      for (const place of [...expected.values()].flat()) {
        // A link that is missing in the middle is found as such.
        if (place.position > end || place.position < 1) wrong(place, undefined);
      }
    },
    /** The end of a file, which was signed with it. */
    ending: (
      place: SignedPlace | undefined,
      last: { position: number; hash: string } | undefined,
    ) => {
      if (place === undefined) {
        const message = "The signed end of the file is not there.";
        findings.add({ kind: "truncated", about: "head", message });
        return;
      }
      const name = `The end of ${timeOf(place.at)} at ${place.position}`;
      if (!believed("head", place, name)) return;
      const { position, previous } = place;
      if (last === undefined || position > last.position)
        wrong({ ...place, about: "head", name }, undefined);
      else if (position !== last.position || place.hash !== last.hash) {
        wrong({ ...place, about: "head", name }, last.hash);
      }
      if (previous !== seen.last) findings.add(neighbour(name, position, previous, seen.last));
    },
    /** How many checkpoints there were. */
    count: () => seen.checkpoints,
  };
}

function removedBefore({ name, about, position }: Expected, cut: number): Finding {
  const message = `${name} cannot be held against the chain: the audit up to ${cut} was removed since.`;
  return { kind: "removed", about, position, message };
}

function neighbour(name: string, position: number, previous: number, found: number) {
  const kind = previous > found ? ("removed" as const) : ("inserted" as const);
  const message =
    previous > found
      ? `Checkpoint ${previous} is not there, which ${name} names.`
      : `Checkpoint ${found} stands where ${name} knows of none.`;
  return { kind, about: "checkpoint" as const, position, message };
}
