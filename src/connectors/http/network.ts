import { systemCodeOf } from "../../base/errors.ts";

/** The first code in a chain of causes that means something about the network. */
export function networkCodeOf(causes: readonly unknown[]): string | undefined {
  return causes.map(systemCodeOf).find((code) => code !== undefined && isNetworkCode(code));
}

/** Codes of failures in which no byte of the request can have left. */
export function failedBeforeSending(code: string): boolean {
  return beforeSending.has(code) || isCertificateCode(code);
}

/** Whether a code says that the other side's certificate was not accepted. */
export function isCertificateCode(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/.test(code);
}

const beforeSending = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const inFlight = new Set([
  "ECONNRESET",
  "ECONNABORTED",
  "ETIMEDOUT",
  "EPIPE",
  "UND_ERR_SOCKET",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

function isNetworkCode(code: string): boolean {
  return (
    beforeSending.has(code) ||
    inFlight.has(code) ||
    isCertificateCode(code) ||
    code.startsWith("HPE_") ||
    code.startsWith("ERR_TLS_") ||
    code.startsWith("ERR_SSL_")
  );
}
