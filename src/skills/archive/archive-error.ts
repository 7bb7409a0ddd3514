import { Agent33Error } from "../../base/errors.ts";

const hint = "Nothing was unpacked. Ask whoever made the archive, or pack the skill's folder anew.";

/** Why an archive is not unpacked: all reasons that it could not be trusted, each a code. */
export const archiveErrors = {
  encrypted: (path: string) =>
    new Agent33Error("skills.archive_encrypted", `"${path}" is encrypted.`, { hint }),
  link: (path: string, target: string) =>
    new Agent33Error(
      "skills.archive_link",
      `"${path}" is a link${target === "" ? "" : ` to "${target}"`}; links are not unpacked.`,
      { hint },
    ),
  malformed: (why: string, cause?: unknown) =>
    new Agent33Error("skills.archive_malformed", `The archive cannot be read: ${why}.`, {
      hint,
      ...(cause === undefined ? {} : { cause }),
    }),
  special: (path: string, what: string) =>
    new Agent33Error(
      "skills.archive_special",
      `"${path}" is a ${what}, neither a file nor a folder.`,
      { hint },
    ),
  taken: (path: string, other: string) =>
    new Agent33Error(
      "skills.archive_duplicate",
      path === other
        ? `"${path}" is in the archive twice.`
        : `"${path}" and "${other}" are one file, or file and folder, on some machines.`,
      { hint },
    ),
  tooLarge: (what: string) =>
    new Agent33Error("skills.archive_too_large", `The archive has ${what}.`, { hint }),
  unknownFormat: () =>
    new Agent33Error("skills.archive_unknown_format", "This is no archive that can be read.", {
      hint: "Give a folder, or a .zip, .skill, .tar or .tar.gz file.",
    }),
  unsafePath: (path: string, why: string) =>
    new Agent33Error("skills.archive_unsafe_path", `"${path}" ${why}.`, { hint }),
} as const;
