import type { secureHeaders } from "hono/secure-headers";

type Options = NonNullable<Parameters<typeof secureHeaders>[0]>;
type Policy = NonNullable<Options["contentSecurityPolicy"]>;

/** For answers and the reference: nothing runs in them. */
export const answerPolicy: Policy = {
  defaultSrc: ["'none'"],
  styleSrc: ["'self'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
};

/** For the dashboard: scripts, styles and requests of this origin alone, and nothing written in the page itself. */
export const pagePolicy: Policy = {
  ...answerPolicy,
  scriptSrc: ["'self'"],
  imgSrc: ["'self'"],
  connectSrc: ["'self'"],
};

/** @param strictTransportSecurity its value where the server has TLS; false without */
export function headersOf(
  contentSecurityPolicy: Policy,
  strictTransportSecurity: string | false,
): Options {
  return {
    contentSecurityPolicy,
    referrerPolicy: "no-referrer",
    xFrameOptions: "DENY",
    permissionsPolicy: { camera: [], geolocation: [], microphone: [], payment: [], usb: [] },
    strictTransportSecurity,
  };
}
