import { z } from "zod";
import { parseHost } from "../../../boundary/policy/host.ts";
import { descriptionField, variableField } from "../fields.ts";

/** How the connection to the mail server is secured. */
export const mailSecurities = ["starttls", "tls", "none"] as const;

/** E-mail through a mail server (SMTP submission). */
export const emailSettings = z
  .strictObject({
    kind: z.literal("email"),
    host: z
      .string()
      .refine((text) => parseHost(text) !== undefined, "Must be a host, such as smtp.example.org")
      .describe("the mail server, such as smtp.example.org"),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .exactOptional()
      .describe("its port; by security: starttls 587, tls 465, none 25"),
    security: z
      .enum(mailSecurities)
      .default("starttls")
      .describe(
        "starttls: encrypted or not at all; tls: encrypted from the start; none: everybody on the way can read it",
      ),
    user: z
      .string()
      .regex(/^\P{Cc}+$/u, "Must be one line that is not empty")
      .exactOptional()
      .describe("name to log in with, where the server asks"),
    passwordVariable: variableField(
      "environment variable that holds the password for it",
    ).exactOptional(),
    from: z.email().describe("address that the messages come from"),
    recipients: z.array(z.email()).min(1).describe("addresses that messages may go to"),
    description: descriptionField,
  })
  .refine(
    ({ user, passwordVariable }) => (user === undefined) === (passwordVariable === undefined),
    { message: "user and passwordVariable go together", path: ["passwordVariable"] },
  );
export type EmailSettings = z.infer<typeof emailSettings>;
