import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type HttpPeer, httpPeer } from "../connectors/http-peer.ts";
import { grantTests, loopback } from "../support/egress.ts";
import { type TestEngine, testEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";

grantTests("the embedder's side", { connect: loopback });

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const task = "Have two people move to music";
/** The task has no word in common with the skill that it is about. */
const vectorOf = (text: string): readonly number[] =>
  text.startsWith("tango") || text === task ? [1, 0] : [0, 1];

/** A server that counts what it is given. */
async function embedder(): Promise<{ readonly peer: HttpPeer; readonly texts: string[] }> {
  const texts: string[] = [];
  const peer = await httpPeer(({ body }) => {
    const { input } = JSON.parse(body) as { readonly input: string | readonly string[] };
    const given = [input].flat();
    texts.push(...given);
    const data = given.map((text, index) => {
      return { object: "embedding", index, embedding: vectorOf(text) };
    });
    return {
      body: JSON.stringify({
        object: "list",
        model: "v",
        data,
        usage: { prompt_tokens: 1, total_tokens: 1 },
      }),
    };
  });
  return { peer, texts };
}

function opened(baseUrl: string, folder: string): TestEngine {
  const made = testEngine(
    { "embeddings.model": "openai-compatible:v", "embeddings.baseUrl": baseUrl },
    folder,
  );
  closing.push(() => made.engine.close());
  for (const [name, description] of [
    ["tango", "Steps to dance."],
    ["music-notes", "Move notes of music."],
  ] as const) {
    const path = join(folder, ".agents/skills", name, "SKILL.md");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `---\nname: ${name}\ndescription: ${description}\n---\nHow to.\n`);
  }
  return made;
}

const places = async ({ engine }: TestEngine) => {
  const match = await engine.skills.match({ task, top: 5, model: null });
  return {
    ...match,
    places: match.skills.map(({ name, words, vectors }) => [name, words?.place, vectors?.place]),
  };
};

test("a skill without a word of the task is found by its vector, which is asked for once", async () => {
  const { peer, texts } = await embedder();
  closing.push(() => peer.close());
  const folder = temporaryFolder("vectors");
  const made = opened(`${peer.url}/v1`, folder);
  const first = await places(made);
  expect(first.by).toEqual(["words", "vectors"]);
  expect(first.places).toEqual([
    ["music-notes", 1, 2],
    ["tango", undefined, 1],
  ]);
  expect(texts).toHaveLength(3);
  expect((await places(made)).places).toEqual(first.places);
  expect(texts.slice(3)).toEqual([task]);
  await made.engine.audit.flush();
  expect(made.engine.store.audit.list({}).items).toHaveLength(3);
});

test("where the embedder is away, the words serve alone, and it is said", async () => {
  const { peer } = await embedder();
  const made = opened(`${peer.url}/v1`, temporaryFolder("vectors"));
  await peer.close();
  const match = await places(made);
  expect(match.by).toEqual(["words"]);
  expect(match.chosen).toEqual(["music-notes"]);
  expect(match.notices[0]).toContain("The skills are ranked without vectors");
});
