import type { IndexedSkill } from "./skill-index.ts";

/** One vector for each text, in their order; what it throws ends the matching by vectors. */
export type EmbedTexts = (texts: readonly string[]) => Promise<readonly (readonly number[])[]>;

/** A model of vectors, behind whatever governs it. */
export interface SkillEmbedder {
  /** Vectors of embedders with different names are never compared. */
  readonly name: string;
  readonly embed: EmbedTexts;
}

/** Vectors that are there already, and the place for new ones. */
export interface VectorShelf {
  find(digest: string): Float32Array | undefined;
  keep(digest: string, vector: Float32Array): void;
}

export interface Similar {
  readonly key: string;
  /** Cosine of the angle between the two vectors. */
  readonly similarity: number;
}

/** Characters of a body that a vector is made of; embedders take little more. */
const bodyCharacters = 4_000;
/** Characters of a task that a vector is made of. */
const taskCharacters = 6_000;
/** Texts that are embedded before what came is kept. */
const atOnce = 128;

/**
 * Ranks skills by how near their vectors are to the task's. Only skills without a kept vector are
 * sent to the embedder, and each batch is kept as it comes.
 * @throws what the embedder throws
 */
export async function rankBySimilarity(
  task: string,
  skills: readonly IndexedSkill[],
  { embed }: SkillEmbedder,
  shelf: VectorShelf,
): Promise<readonly Similar[]> {
  const lacking = skills.filter(({ digest }) => shelf.find(digest) === undefined);
  for (let from = 0; from < lacking.length; from += atOnce) {
    const batch = lacking.slice(from, from + atOnce);
    const vectors = await embed(batch.map(vectorText));
    for (const [place, { digest }] of batch.entries()) {
      shelf.keep(digest, unit(vectors[place] ?? []));
    }
  }
  const [asked = []] = await embed([task.slice(0, taskCharacters)]);
  const wanted = unit(asked);
  return skills
    .map(({ key, digest }) => ({ key, similarity: dot(wanted, shelf.find(digest)) }))
    .sort((one, other) => other.similarity - one.similarity || (one.key < other.key ? -1 : 1));
}

/** What of a skill a vector stands for. */
function vectorText({ name, description, body }: IndexedSkill): string {
  return `${name}: ${description}\n\n${body.slice(0, bodyCharacters)}`;
}

function unit(vector: readonly number[]): Float32Array {
  const length = Math.hypot(...vector);
  return Float32Array.from(vector, (number) => (length === 0 ? 0 : number / length));
}

/** Of vectors that do not have the same dimensions nothing can be said. */
function dot(one: Float32Array, other: Float32Array | undefined): number {
  if (other === undefined || other.length !== one.length) return 0;
  let sum = 0;
  for (let place = 0; place < one.length; place += 1) {
    sum += (one[place] ?? 0) * (other[place] ?? 0);
  }
  return sum;
}
