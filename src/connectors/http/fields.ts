import { z } from "zod";

/**
 * An address over HTTP, for settings. No request can have a name and a password in its address, and
 * settings are no place for secrets.
 */
export const addressField = z
  .url({ protocol: /^https?$/, error: "Must be an address that begins with http:// or https://" })
  .refine((text) => {
    const url = URL.parse(text);
    return url === null || (url.username === "" && url.password === "");
  }, "Must hold no name and no password");

/** Headers that belong to the connection or to the body, and are no setting's. */
const ofTheRequest =
  /^(?:host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect)$/i;

/** A header's name, for settings. */
export const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]+$/, "Must be a header's name")
  .refine((name) => !ofTheRequest.test(name), "Is set for each request, and cannot be set here");

/** Headers that carry credentials, by their names. */
export const secretHeader = /auth|cookie|key|token|secret|passw|credential/i;

/** A header's value, for settings (RFC 9110, section 5.5). */
export const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, "Must be one line of characters that a header can have");
