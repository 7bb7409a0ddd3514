import { messageOf } from "../../base/errors.ts";
import { decodeText } from "../http/charset.ts";
import { longestReading, type Reading, type TimedJob } from "./reading.ts";

/**
 * A process that reads one document, so that one which was made to take all time or all memory
 * takes nobody's but its own. The first argument is the job, the document comes on standard input;
 * it prints what it read, or why it could not.
 */
async function read(job: TimedJob, bytes: Uint8Array): Promise<Reading> {
  // Each library is loaded for what it reads only: a process lives for one document.
  switch (job.how) {
    case "html": {
      const { readHtml } = await import("./html-reader.ts");
      return readHtml(decodeText(bytes, job.contentType), job.url, job.whole);
    }
    case "plain": {
      const { readPlainHtml } = await import("./plain-html.ts");
      const { title, text } = readPlainHtml(decodeText(bytes, job.contentType));
      return { ...(title === undefined ? {} : { title }), text, notes: [] };
    }
    case "pdf": {
      const { readPdf } = await import("./pdf-reader.ts");
      return readPdf(bytes, job.pagesMs);
    }
    case "docx": {
      const { readDocx } = await import("./docx-reader.ts");
      return readDocx(bytes);
    }
  }
}

async function input(): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  // A copy of its own: pdf.js takes what it is given away from its owner.
  return Uint8Array.from(Buffer.concat(pieces));
}

let answer: string;
try {
  const { text, ...rest } = await read(
    JSON.parse(process.argv[2] ?? "") as TimedJob,
    await input(),
  );
  const cut = text.length > longestReading;
  const notes = [
    ...rest.notes,
    ...(cut ? [`Only its first ${longestReading} characters were read.`] : []),
  ];
  answer = JSON.stringify({ reading: { ...rest, text: text.slice(0, longestReading), notes } });
} catch (error) {
  answer = JSON.stringify({ problem: messageOf(error).replaceAll(/\s+/g, " ").slice(0, 300) });
}
process.stdout.write(answer);
