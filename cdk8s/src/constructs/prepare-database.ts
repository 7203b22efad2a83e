import { secretFolder } from './database';

/** Where the server's superuser is mounted. */
export const superuserFolder = '/run/secrets/superuser';

/** Any number, the same for every service; held until psql ends. */
const preparationLock = 4_130_517;

/**
 * Makes a service's role and database, or brings them up to date: run as often as one likes, also after a password was changed. A database
 * can be opened by its own role (and the superuser) alone: CONNECT is PUBLIC's unless it is revoked.
 * One service at a time: PostgreSQL fails one of two revocations on the same database ("tuple concurrently updated").
 */
export const prepareDatabase = `set -euo pipefail
export PGUSER=postgres PGDATABASE=postgres PGCONNECT_TIMEOUT=3 PGPASSWORD="$(cat ${superuserFolder}/password)"
for _ in $(seq 60); do pg_isready --quiet && break; sleep 1; done
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=database="$SERVICE_DATABASE" --set=role="$SERVICE_ROLE" <<'SQL'
SELECT pg_advisory_lock(${preparationLock}) \\g /dev/null
\\set password \`cat ${secretFolder}/password\`
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \\gexec
ALTER ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'role') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;
SQL
`;
