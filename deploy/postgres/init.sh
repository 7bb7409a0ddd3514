#!/bin/sh
# Runs once, when the database is made: an ordinary role that owns its database. Row-level security
# keeps the tenants apart, and a superuser would walk through it.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$(cat "$AGENT33_PASSWORD_FILE")" \
  --username "${POSTGRES_USER:-postgres}" --dbname "${POSTGRES_DB:-postgres}" <<'SQL'
CREATE ROLE agent33 LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE DATABASE agent33 OWNER agent33;
SQL
