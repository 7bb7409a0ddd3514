/** Keys of the API. Of a secret there is only the digest. */
export const schema005 = `
CREATE TABLE api_keys (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Whose installation it is, which need not be the tenant that the key is for.
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  for_tenant TEXT NOT NULL,
  for_user TEXT NOT NULL,
  scopes TEXT NOT NULL,
  digest TEXT NOT NULL,
  -- What the key was before it was rotated, and how long that still holds.
  former_digest TEXT,
  former_until INTEGER,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER,
  seal TEXT NOT NULL DEFAULT '',
  UNIQUE (tenant, id)
) STRICT;
`;

/** How a row is spelled for its seal. */
export const rows005 = `
ALTER TABLE api_keys ADD COLUMN spelled TEXT AS (concat_ws('|',
  typeof(created_at), octet_length(created_at), created_at, typeof(digest), octet_length(digest),
  digest, typeof(expires_at), octet_length(expires_at), expires_at, typeof(for_tenant),
  octet_length(for_tenant), for_tenant, typeof(for_user), octet_length(for_user), for_user,
  typeof(former_digest), octet_length(former_digest), former_digest, typeof(former_until),
  octet_length(former_until), former_until, typeof(id), octet_length(id), id, typeof(last_used_at),
  octet_length(last_used_at), last_used_at, typeof(name), octet_length(name), name,
  typeof(revoked_at), octet_length(revoked_at), revoked_at, typeof(scopes), octet_length(scopes),
  scopes, typeof(seq), octet_length(seq), seq, typeof(tenant), octet_length(tenant),
  tenant)) VIRTUAL;
`;

/** The same for PostgreSQL; see {@link import("./004-seals-postgres.ts").postgres004}. */
export const postgres005 = `
CREATE TRIGGER agent33_seal BEFORE INSERT OR UPDATE OR DELETE ON api_keys
  FOR EACH ROW EXECUTE FUNCTION agent33_seal('tenant id');
CREATE VIEW checked_api_keys WITH (security_invoker = true) AS SELECT * FROM api_keys
  WHERE agent33_holds('api_keys', 'tenant id', seal, to_jsonb(api_keys));
`;
