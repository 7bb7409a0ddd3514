/**
 * A request whose length is not stated, as the platform's own `Request`. The server library hands out
 * one of its own kind, which the limit of bodies cannot put another body into.
 * @returns the same request where its length is stated, or where it has no body by its method
 */
export function plainRequest(request: Request): Request {
  const { method, headers, url, signal } = request;
  if (method === "GET" || method === "HEAD" || headers.has("content-length")) return request;
  const plain = { method, headers, signal };
  // Without either header there is no body (RFC 9112, section 6.3).
  if (!headers.has("transfer-encoding")) return new Request(url, plain);
  return new Request(url, { ...plain, body: request.body, duplex: "half" });
}
