import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { testApi } from "../../../test/support/api.ts";
import { runInProcess } from "../../../test/support/cli.ts";
import { grantTests } from "../../../test/support/egress.ts";
import {
  releaseFiles,
  type ScratchRepository,
  scratchRepository,
} from "../../../test/support/scratch-repository.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";
import { releaseRoutes } from "./releases.ts";

grantTests("runs git and a small program", { spawn: true });

const folder = temporaryFolder("release");
let git: ScratchRepository["git"];
let head: string;
beforeAll(async () => {
  const repository = scratchRepository(folder);
  ({ git } = repository);
  repository.commit("Checks", releaseFiles(["a"]));
  git("checkout", "-q", "-b", "change");
  head = repository.commit("More", { "checks.txt": "a\nb\n" });
  for (const words of [["snapshot"], ["packet", "create", "--base", "main"]]) {
    expect((await runInProcess(["release", ...words], folder)).code, words.join(" ")).toBe(0);
  }
}, 60_000);

const id = (): string => head.slice(0, 12);
const packetFile = (): string => join(folder, ".git/agent33/packets", id(), "packet.json");
const open = () => testApi({}, { folder });

test("evidence is the installation's: other tenants are refused, whatever they ask", async () => {
  const api = await testApi();
  for (const { path, name } of releaseRoutes) {
    const one = name.includes("Packet") ? "0".repeat(12) : `${"0".repeat(12)}-${"0".repeat(8)}`;
    const answer = await api.ask("GET", path.replace("{id}", one), { as: "two/admin" });
    expect(answer, name).toMatchObject({ status: 403, body: { code: "api.installation_only" } });
  }
});

test("where nothing was kept lists are empty, and no name leads anywhere", async () => {
  const api = await testApi();
  for (const list of ["snapshots", "packets"]) {
    expect((await api.ask("GET", `/v1/releases/${list}`)).body, list).toEqual({
      items: [],
      nextCursor: null,
    });
  }
  const gone = `/v1/releases/packets/${"0".repeat(12)}`;
  expect(await api.ask("GET", gone)).toMatchObject({
    status: 404,
    body: { code: "release.unknown_packet" },
  });
  expect(await api.ask("GET", "/v1/releases/packets/..%2F..%2Fx")).toMatchObject({ status: 400 });
});

test("snapshots and packets are listed and shown, with nothing of the machine", async () => {
  const api = await open();
  const snapshots = await api.ask("GET", `/v1/releases/snapshots?commit=${id()}`);
  expect(snapshots.body).toMatchObject({
    items: [{ commit: head, clean: true, signed: false, groups: [{ counts: { tests: 2 } }] }],
  });
  const [snapshot] = (snapshots.body as { items: { id: string }[] }).items;
  const place = `/v1/releases/snapshots/${snapshot?.id}`;
  expect(await api.ask("GET", place)).toMatchObject({ body: { body: { commit: head } } });
  expect(await api.ask("GET", `${place}/check`)).toMatchObject({
    body: { ok: true, problems: [], signature: "no_key", head },
  });
  expect((await api.ask("GET", "/v1/releases/snapshots?commit=0000")).body).toMatchObject({
    items: [],
  });
  const packets = await api.ask("GET", `/v1/releases/packets?head=${head}`);
  expect(packets.body).toMatchObject({
    items: [{ id: id(), head, commits: 1, files: 1, gate: null, problems: [] }],
  });
  const shown = await api.ask("GET", `/v1/releases/packets/${id()}`);
  expect(shown.body, "as it is kept, with its seal").toEqual(
    JSON.parse(readFileSync(packetFile(), "utf8")),
  );
  const markdown = await api.ask("GET", `/v1/releases/packets/${id()}?format=markdown`);
  expect(markdown.headers.get("content-type")).toContain("text/markdown");
  expect(markdown.text).toContain(id());
  for (const { text } of [snapshots, packets, shown, markdown]) expect(text).not.toContain(folder);
});

test("a packet stands by what is there, and one that was edited does not", async () => {
  const api = await open();
  const check = () => api.ask("GET", `/v1/releases/packets/${id()}/check`);
  expect((await check()).body).toMatchObject({ ok: true, problems: [] });
  const good = readFileSync(packetFile(), "utf8");
  const kept = `${packetFile()}.good`;
  cpSync(packetFile(), kept);
  try {
    writeFileSync(packetFile(), good.replace('"tests": 2', '"tests": 500'));
    expect((await check()).body).toMatchObject({
      ok: false,
      problems: [expect.stringContaining("was edited"), expect.stringContaining("snapshot says")],
    });
    writeFileSync(packetFile(), "{");
    expect(await check()).toMatchObject({ status: 422, body: { code: "release.bad_packet" } });
    const listed = await api.ask("GET", "/v1/releases/packets");
    expect(listed.body).toMatchObject({ items: [], damaged: [expect.any(String)] });
    expect(listed.text).not.toContain(folder);
  } finally {
    cpSync(kept, packetFile());
  }
});

test("a packet of a commit that is not checked out is stale", async () => {
  const api = await open();
  git("checkout", "-q", "main");
  try {
    expect((await api.ask("GET", `/v1/releases/packets/${id()}/check`)).body).toMatchObject({
      ok: false,
      problems: [expect.stringContaining("stale")],
    });
  } finally {
    git("checkout", "-q", "change");
  }
});
