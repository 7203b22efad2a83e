/**
 * What is run in the pod of a PostgreSQL server, by its own programs and as its superuser, whom it knows by its own socket: no password is needed
 * anywhere. Names come as arguments and go into SQL as psql's variables.
 */

const begin = `set -euo pipefail
export PGUSER=postgres PGDATABASE=postgres PGCONNECT_TIMEOUT=10
sql() { psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 "$@"; }
`;

/** Whatever the database's own settings are, equal rows have equal texts. */
const equalTexts = `SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'; SET extra_float_digits = 1;`;

/** A line of JSON for each table: how many rows, and a sum over them in which their order doesn't show. */
const tableLines = String.raw`SELECT format($$SELECT json_build_object('table', %L::text, 'rows', count(*),
    'hash', coalesce(sum(('x' || left(encode(sha256(convert_to(t::text, 'UTF8')), 'hex'), 15))::bit(60)::bigint), 0)::text) FROM ONLY %I.%I AS t$$,
    CASE nspname WHEN 'public' THEN relname ELSE nspname || '.' || relname END, nspname, relname)
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE relkind = 'r' AND nspname <> 'information_schema' AND nspname !~ '^pg_'
  ORDER BY nspname, relname \gexec`;

/**
 * Arguments: the database, the query for its schema. Prints a copy: its facts, its tables, an empty line, and pg_dump's custom format, all of one
 * snapshot.
 */
export const dumpScript = String.raw`${begin}
exec 3>&1
sql --dbname="$1" --set=schema_query="$2" <<'SQL'
${equalTexts}
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \gset
\setenv BERTH_SNAPSHOT :snapshot
SELECT current_database() AS database \gset
\setenv BERTH_DATABASE :database
-- what goes through a program is written out before the next is begun
\o | cat >&3
SELECT json_build_object('service', service, 'schema', schema, 'server', 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1),
  'size', pg_database_size(current_database())) FROM (:schema_query) AS newest;
${tableLines}
\qecho
\o
\set dumped ${'`'}pg_dump --dbname="$BERTH_DATABASE" --format=custom --snapshot="$BERTH_SNAPSHOT" >&3 && echo true || echo false${'`'}
\if :dumped
\else
\warn the dump is not whole
ROLLBACK;
DO $$ BEGIN RAISE 'pg_dump failed'; END $$;
\endif
COMMIT;
SQL
`;

/** Whether a database holds data: arguments as {@link statusScript}'s. */
const holdsData = String.raw`holds_data() {
  found=$(sql --dbname="$1" --set=bookkeeping="$2" <<'SQL'
SELECT format('SELECT EXISTS (SELECT FROM %I.%I)', nspname, relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE relkind = 'r' AND nspname <> 'information_schema' AND nspname !~ '^pg_' AND relname <> ALL (string_to_array(:'bookkeeping', ',')) \gexec
SQL
)
  case "$found" in *t*) return 0 ;; *) return 1 ;; esac
}
number_of() {
  sql --set=name="$1" <<'SQL'
SELECT oid FROM pg_database WHERE datname = :'name';
SQL
}
`;

/** Arguments: the database, tables that hold no data of the service's own. Prints JSON: which databases there are, and whether it holds data. */
export const statusScript = String.raw`${begin}${holdsData}
live=$(number_of "$1")
holds=false
if [ -n "$live" ] && holds_data "$1" "$2"; then holds=true; fi
version=$(sql --command='SHOW server_version_num' </dev/null)
echo "{\"live\":\"$live\",\"staged\":\"$(number_of "$1_berth_staged")\",\"version\":\"$((version / 10000))\",\"holdsData\":$holds}"
`;

/**
 * Argument: the database. A database that was put aside and has no successor is put back; then what earlier runs left goes. This is also what is left
 * to do after a restore.
 */
export const discardScript = String.raw`${begin}
sql --set=database="$1" --set=staged="$1_berth_staged" --set=before="$1_berth_before" <<'SQL'
SET client_min_messages = warning;
SELECT format('ALTER DATABASE %I RENAME TO %I', :'before', :'database') FROM pg_database
  WHERE datname = :'before' AND NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
DROP DATABASE IF EXISTS :"staged" WITH (FORCE);
DROP DATABASE IF EXISTS :"before" WITH (FORCE);
SQL
`;

/**
 * Arguments: the database, its role, the query for its schema, the bytes that it takes. Reads pg_dump's custom format from stdin into a new database
 * beside it. Prints the facts and tables of what is there then.
 */
export const stageScript = String.raw`${discardScript}
staged="$1_berth_staged"
folder=$(sql --command='SHOW data_directory' </dev/null)
free=$(df --output=avail -B1 "$folder" | tail -n 1)
if [ "$free" -lt "$4" ]; then
  echo "a second copy of the database $1 takes $(($4 / 1048576)) MiB on the server's volume, and $((free / 1048576)) MiB are free: make the volume larger" >&2
  exit 1
fi
sql --set=staged="$staged" --set=role="$2" >/dev/null <<'SQL'
CREATE DATABASE :"staged" OWNER :"role" ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE :"staged" FROM PUBLIC;
SQL
pg_restore --dbname="$staged" --no-owner --no-privileges --role="$2" --single-transaction --exit-on-error
sql --dbname="$staged" --set=schema_query="$3" <<'SQL'
${equalTexts}
SELECT json_build_object('service', service, 'schema', schema) FROM (:schema_query) AS newest;
${tableLines}
ANALYZE;
SQL
`;

/**
 * Arguments: the database, tables that hold no data of the service's own, `overwrite` where data may be lost. Lets the staged database take its place,
 * in one transaction: whoever is connected to the old one is cut off, and nobody new gets in while the names change hands. Where data may not be lost,
 * the old one is put aside first, so that nobody can write to it any more, and put back where it holds some: then it prints `holds data`.
 */
export const switchScript = String.raw`${begin}${holdsData}
# its arguments: SQL that renames the database, and that gives the name to another
rename() {
  for attempt in 1 2 3 4 5; do
    printf '%s\n' 'BEGIN;' "$@" 'COMMIT;' | sql --set=database="$database" --set=staged="$database"_berth_staged --set=before="$database"_berth_before &
    renaming=$!
    # a rename waits five seconds for those who are connected, and lets nobody in meanwhile
    for look in 1 2 3 4 5 6 7 8; do
      sleep 0.2
      kill -0 "$renaming" 2>/dev/null || break
      sql --set=database="$database" >/dev/null <<'SQL'
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :'database';
SQL
    done
    if wait "$renaming"; then return 0; fi
  done
  echo "the database $database could not be replaced, because others stay connected to it" >&2
  return 1
}
database=$1
# one that never was, or was lost, is no fault
aside="SELECT format('ALTER DATABASE %I RENAME TO %I', datname, :'before') FROM pg_database WHERE datname = :'database' \gexec"
in_place='ALTER DATABASE :"staged" RENAME TO :"database";'
if [ "$3" = overwrite ]; then
  rename "$aside" "$in_place"
else
  rename "$aside"
  if [ -n "$(number_of "$1_berth_before")" ] && holds_data "$1_berth_before" "$2"; then
    rename 'ALTER DATABASE :"before" RENAME TO :"database";'
    echo 'holds data'
  else
    rename "$in_place"
  fi
fi
`;
