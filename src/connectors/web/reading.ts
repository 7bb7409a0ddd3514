import { z } from "zod";

/** What a reader makes of a document. */
export const readingSchema = z.object({
  title: z.string().optional(),
  /** Markdown, or plain text. */
  text: z.string(),
  /** What a person should know of how it was read. */
  notes: z.array(z.string()),
});
export type Reading = z.infer<typeof readingSchema>;

/** One document for the reader's process. */
export interface ReadingJob {
  /** `plain` is HTML without its structure. */
  readonly how: "html" | "plain" | "pdf" | "docx";
  /** Where it came from; links in it start from there. */
  readonly url: string;
  /** The whole page instead of what it is about. */
  readonly whole: boolean;
  readonly contentType: string;
}

/** A job as it is given to the process. */
export interface TimedJob extends ReadingJob {
  /** After this time the pages of a PDF that have been read are all that is given. Milliseconds. */
  readonly pagesMs: number;
}

/** What the reader's process writes. */
export const readingAnswerSchema = z.union([
  z.object({ reading: readingSchema }),
  z.object({ problem: z.string() }),
]);

/** No document is longer than this to us, in characters. */
export const longestReading = 2_000_000;
