/** Why something with {@link hasProtoKey} is not taken over. */
export const protoKeyReason =
  'it has the name "__proto__", which objects here cannot hold without losing it';

/**
 * Whether a JSON value has, at any depth, the one name that is lost where it is copied into another
 * object: assigning to `__proto__` sets an object's prototype.
 */
export function hasProtoKey(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(hasProtoKey);
}
