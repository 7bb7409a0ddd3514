import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { unpackArchive } from "./unpack.ts";
import { archiveLimits } from "./unpacked.ts";
import { type ZipEntry, zipOf } from "../../../test/support/zip.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-archive-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function unpack(bytes: Buffer) {
  const file = join(root, "archive");
  await writeFile(file, bytes);
  return unpackArchive(file);
}
const textsOf = (files: Awaited<ReturnType<typeof unpack>>) =>
  [...files].map(([path, { bytes }]) => [path, Buffer.from(bytes).toString()]);

type TarEntry = Parameters<ReturnType<typeof pack>["entry"]>[0] & { readonly content?: string };
async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { content = "", ...header } of entries) tar.entry(header, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const good: readonly ZipEntry[] = [
  { name: "pdf/", mode: 0o040755 },
  { name: "pdf/SKILL.md", content: "text" },
  { name: "pdf/scripts/fill.py", content: "print()", mode: 0o100755 },
  { name: "__MACOSX/pdf/._SKILL.md", content: "x" },
  { name: "pdf/.DS_Store", content: "x" },
];

describe("an archive of a skill", () => {
  test("is unpacked from ZIP with its names, contents and what may be started", async () => {
    const files = await unpack(zipOf(good));
    expect(textsOf(files)).toEqual([
      ["pdf/SKILL.md", "text"],
      ["pdf/scripts/fill.py", "print()"],
    ]);
    expect([...files.values()].map(({ isExecutable }) => isExecutable)).toEqual([false, true]);
  });

  test.each([
    ["tar", (tar: Buffer) => tar],
    ["tar with gzip", (tar: Buffer) => gzipSync(tar)],
  ])("is unpacked from %s", async (_what, packed) => {
    const tar = await tarOf([
      { name: "./", type: "directory" },
      { name: "./SKILL.md", content: "text" },
      { name: "run.sh", content: "ls", mode: 0o755 },
      { name: `deep/${"x".repeat(150)}/a.md`, content: "long name" },
    ]);
    expect(textsOf(await unpack(packed(tar)))).toEqual([
      ["SKILL.md", "text"],
      ["run.sh", "ls"],
      [`deep/${"x".repeat(150)}/a.md`, "long name"],
    ]);
  });

  test("is known by what it is, whatever it is called, and nothing else is", async () => {
    await expect(unpack(Buffer.from("no archive at all"))).rejects.toMatchObject({
      code: "skills.archive_unknown_format",
    });
    await expect(unpack(Buffer.alloc(0))).rejects.toMatchObject({
      code: "skills.archive_unknown_format",
    });
  });
});

// Each row: what is wrong, its names, the code, a part of the reason.
const names: [string, string[], string, string][] = [
  ["a path out of it", ["../evil.md"], "unsafe_path", "leads out"],
  ["a path out of it further in", ["a/../../evil.md"], "unsafe_path", "leads out"],
  ["an absolute path", ["/etc/evil"], "unsafe_path", "absolute"],
  ["a drive", ["C:/evil"], "unsafe_path", "absolute"],
  ["backslashes", ["a\\..\\evil"], "unsafe_path", "backslash"],
  ["a NUL in a name", ["a\u0000.md"], "unsafe_path", "characters"],
  ["an escape in a name", ["a\u001b[31m.md"], "unsafe_path", "characters"],
  ["a name that reads backwards", ["a\u202Edm.exe"], "unsafe_path", "characters"],
  ["an empty part", ["a//b"], "unsafe_path", "empty part"],
  ["folders without end", [`${"a/".repeat(40)}b`], "unsafe_path", "folders deep"],
  ["the same name twice", ["SKILL.md", "SKILL.md"], "duplicate", "twice"],
  ["names that differ in capitals", ["SKILL.md", "skill.md"], "duplicate", "some machines"],
  ["folders that differ in capitals", ["A/x", "a/y"], "duplicate", "some machines"],
  ["names that differ in how é is written", ["\u00E9.md", "e\u0301.md"], "duplicate", "some"],
  ["a file that is a folder too", ["a", "a/b"], "duplicate", "twice"],
];

describe("an archive is refused, with the reason,", () => {
  test.each(names)("for %s, as ZIP and as tar", async (_what, paths, code, reason) => {
    const refused = { code: `skills.archive_${code}`, message: expect.stringContaining(reason) };
    const zip = zipOf(paths.map((name) => ({ name, content: "x" })));
    await expect(unpack(zip)).rejects.toMatchObject(refused);
    // A tar's names end at a NUL.
    if (paths.some((path) => path.includes("\u0000"))) return;
    const tar = await tarOf(paths.map((name) => ({ name, content: "x" })));
    await expect(unpack(tar)).rejects.toMatchObject(refused);
  });

  test("for a name that is no UTF-8", async () => {
    const zip = zipOf([{ name: Buffer.from([0x61, 0xff, 0xfe]) }]);
    await expect(unpack(zip)).rejects.toMatchObject({ code: "skills.archive_unsafe_path" });
  });

  test.each([
    ["link", 0o120777, "skills.archive_link"],
    ["device", 0o020666, "skills.archive_special"],
    ["pipe", 0o010666, "skills.archive_special"],
  ])("for a %s in a ZIP", async (_what, mode, code) => {
    const zip = zipOf([{ name: "x", content: "/etc/passwd", mode }]);
    await expect(unpack(zip)).rejects.toMatchObject({ code });
  });

  test.each([
    ["symlink", "skills.archive_link"],
    ["link", "skills.archive_link"],
    ["character-device", "skills.archive_special"],
    ["block-device", "skills.archive_special"],
    ["fifo", "skills.archive_special"],
  ] as const)("for a %s in a tar", async (type, code) => {
    const tar = await tarOf([{ name: "x", type, linkname: "../../etc/passwd" }]);
    await expect(unpack(gzipSync(tar))).rejects.toMatchObject({ code });
  });

  test("for an encrypted entry", async () => {
    const zip = zipOf([{ name: "x", content: "x", encrypted: true }]);
    await expect(unpack(zip)).rejects.toMatchObject({ code: "skills.archive_encrypted" });
  });

  test.each([
    ["says that it is too large", { claimedBytes: archiveLimits.fileBytes + 1 }],
    ["unpacks to far more than it is", { content: Buffer.alloc(8 * 1024 * 1024) }],
    ["is longer than it says", { content: Buffer.alloc(2_000_000), claimedBytes: 10 }],
  ])("for an entry that %s", async (_what, entry) => {
    const zip = zipOf([{ name: "x", content: "x", ...entry }]);
    await expect(unpack(zip)).rejects.toMatchObject({
      code: expect.stringMatching(/^skills\.archive_(too_large|malformed)$/),
    });
  });

  test("for a tar that unpacks to far more than it is", async () => {
    const tar = await tarOf([{ name: "x", content: "0".repeat(8 * 1024 * 1024) }]);
    await expect(unpack(gzipSync(tar))).rejects.toMatchObject({
      code: "skills.archive_too_large",
    });
    const zeros = gzipSync(Buffer.alloc(90 * 1024 * 1024));
    await expect(unpack(zeros)).rejects.toMatchObject({ code: "skills.archive_too_large" });
  });

  test("for more entries than any skill has", async () => {
    const many = Array.from({ length: archiveLimits.entries + 1 }, (_none, at) => ({
      name: `f${at}`,
    }));
    await expect(unpack(zipOf(many))).rejects.toMatchObject({ code: "skills.archive_too_large" });
  });

  test("for one that is broken anywhere, and never in another way", async () => {
    const zip = zipOf(good);
    const tar = gzipSync(await tarOf([{ name: "SKILL.md", content: "text" }]));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(zip, tar),
        fc.nat(),
        fc.nat({ max: 255 }),
        fc.boolean(),
        async (whole, at, byte, cut) => {
          const bytes = Buffer.from(cut ? whole.subarray(0, at % whole.length) : whole);
          if (!cut) bytes[at % bytes.length] = byte;
          try {
            await unpack(bytes);
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^skills\.archive_/) });
          }
        },
      ),
      { numRuns: 60 },
    );
    expect(await readdir(root)).toEqual(["archive"]);
  });
});
