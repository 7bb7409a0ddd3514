import { z } from "zod";
import { type FileHandle, open } from "node:fs/promises";
import { Agent33Error, messageOf, systemCodeOf } from "../../base/errors.ts";
import { type ExportLine, headerSchema, lineSchema } from "./export-format.ts";
import type { Finding } from "./findings.ts";
import { type PublicKeys, readPublicKey, type SignedPlace } from "./signing.ts";
import type { AuditSource } from "./verify.ts";

/** An exported audit, read line by line. */
export interface ExportedAudit {
  readonly source: AuditSource;
  /** The keys that the file itself brings. */
  readonly keys: PublicKeys;
  close(): Promise<void>;
}

/**
 * Opens an export to be checked. A line that cannot be read is a finding; a first line that cannot
 * be, an error.
 * @throws Agent33Error `audit.bad_export`
 */
export async function openExportedAudit(path: string): Promise<ExportedAudit> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    const lines = handle.readLines()[Symbol.asyncIterator]();
    const first = await lines.next();
    const header = headerSchema.parse(JSON.parse(first.done === true ? "" : first.value));
    const keys = new Map(header.keys.map(readPublicKey));
    const file = handle;
    return {
      source: await sourceOf(header.tenant, cursorOf(lines)),
      keys,
      close: () => file.close(),
    };
  } catch (cause) {
    await handle?.close();
    const noHeader = cause instanceof z.ZodError || cause instanceof SyntaxError;
    const why = noHeader
      ? "its first line is not that of an export"
      : (systemCodeOf(cause) ?? messageOf(cause));
    throw new Agent33Error("audit.bad_export", `${path} cannot be read as an audit: ${why}.`, {
      hint: "Give a file that `agent33 audit export` wrote; its first line says so.",
      details: { path },
      cause,
    });
  }
}

interface Cursor {
  /** The next line that can be read; undefined at the end. */
  peek(): Promise<{ readonly number: number; readonly line: ExportLine } | undefined>;
  take(): void;
  readonly unreadable: Finding[];
}

function cursorOf(lines: AsyncIterator<string>): Cursor {
  const unreadable: Finding[] = [];
  let number = 1;
  let next: { readonly number: number; readonly line: ExportLine } | undefined;
  return {
    unreadable,
    take: () => {
      next = undefined;
    },
    peek: async () => {
      while (next === undefined) {
        const read = await lines.next();
        if (read.done === true) return undefined;
        number += 1;
        const line = lineOf(read.value);
        if (line === undefined) {
          const message = `Line ${number} is no line of an audit.`;
          unreadable.push({ kind: "changed", about: "line", message });
        } else next = { number, line };
      }
      return next;
    },
  };
}

function lineOf(text: string): ExportLine | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // What is not JSON is reported with its number, like any other line that is none.
    return undefined;
  }
}

async function sourceOf(tenant: string, cursor: Cursor): Promise<AuditSource> {
  /** The lines of one kind that come next. */
  async function* run<T>(pick: (line: ExportLine) => T | undefined): AsyncGenerator<T> {
    for (let next = await cursor.peek(); next !== undefined; next = await cursor.peek()) {
      const picked = pick(next.line);
      if (picked === undefined) return;
      cursor.take();
      yield picked;
    }
  }
  const headOf = (line: ExportLine): SignedPlace | undefined =>
    "head" in line ? line.head : undefined;
  const head = (await run(headOf).next()).value as SignedPlace | undefined;
  let end: SignedPlace | undefined;
  return {
    tenant,
    head,
    checkpoints: run((line) => ("checkpoint" in line ? line.checkpoint : undefined)),
    entries: run((line) => {
      if (!("link" in line)) return undefined;
      const { link, record, superseded, unchained } = line;
      return { link, row: record ?? undefined, superseded, unchained };
    }),
    unlinked: (async function* () {
      yield* run((line) =>
        "record" in line && !("link" in line)
          ? { row: line.record, unchained: line.unchained }
          : undefined,
      );
      for await (const place of run(headOf)) end = place;
      for (let next = await cursor.peek(); next !== undefined; next = await cursor.peek()) {
        const message = `Line ${next.number} does not belong to where it stands.`;
        cursor.unreadable.push({ kind: "reordered", about: "line", message });
        cursor.take();
      }
    })(),
    ending: () => ({ end, unreadable: cursor.unreadable }),
  };
}
