#!/bin/bash
# One database and one role for each service. The postgres image runs this once, when its volume is empty.
# A database can be opened by its own role (and the superuser) alone: CONNECT is PUBLIC's unless it is revoked.
set -euo pipefail

sql() { psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres "$@"; }

create() { # DATABASE ROLE PASSWORD
  sql --set=database="$1" --set=role="$2" --set=password="$3" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE DATABASE :"database" OWNER :"role";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
}

create userdb user_service "$USER_DATABASE_PASSWORD"
create orderdb order_service "$ORDER_DATABASE_PASSWORD"
sql --command='REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC'
