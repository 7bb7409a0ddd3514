/**
 * Whether a text that should name a folder reads like a server's address, also a mistyped one: with
 * a scheme, with a colon or a slash of it forgotten, or as `user:password@host`. Such a text must
 * not become a folder, which would have a password in its name.
 */
export function isAddressLike(text: string): boolean {
  return (
    /^[a-z][a-z0-9+.-]+:\//i.test(text) ||
    /^postgres(?:ql)?(?::|\/\/)/i.test(text) ||
    /^[^/\s]*:[^/\s]*@/.test(text)
  );
}

/** An address, or what was meant as one, as it can be shown: without what may be its password. */
export function withoutPassword(text: string): string {
  const shown = text.replace(/([?&]password=)[^&]*/gi, "$1***");
  const end = shown.lastIndexOf("@");
  const slashes = shown.indexOf("//");
  const colon = shown.indexOf(":", slashes < 0 ? 0 : slashes + 2);
  return colon < 0 || colon > end ? shown : shown.slice(0, colon) + shown.slice(end);
}
