# shellcheck shell=bash disable=SC2034
# Functions shared by migrate, backup and restore, which are installed together. Unlike the other scripts, these honour
# libpq's variables. Sourced with set -euo pipefail.

script_name=$(basename "$0")

# fail TEXT STATUS: prints what is wrong and what to do about it, and exits.
fail() { printf '%s\n' "$script_name: $1" >&2; exit "$2"; }

# need_value OPTION WHAT [VALUE]: fails unless an option has a value.
need_value() { case ${3:-} in '' | -*) fail "$1 expects $2; see $script_name --help" 2 ;; esac; }

# parse_database NAME|URI: sets database, database_name, and maintenance_database, which is on the same server and
# exists before the database does.
parse_database() {
  local rest query='' authority path=''
  database=$1
  case $1 in
    postgres://* | postgresql://*)
      rest=${1#*://}
      case $rest in *\?*) query="?${rest#*\?}" rest=${rest%%\?*} ;; esac
      authority=${rest%%/*}
      case $rest in */*) path=${rest#*/} ;; esac
      case $path$query in
        '' | \?* | *[?\&]dbname=*) fail "--database expects a URI with a database's name: postgresql://HOST/NAME" 2 ;;
      esac
      database_name=$(printf '%b' "${path//%/\\x}")
      maintenance_database=${1%%://*}://$authority/postgres$query ;;
    *=* | *://*) fail "--database expects a name or a URI: postgresql://USER@HOST:PORT/NAME" 2 ;;
    *) database_name=$1 maintenance_database=postgres ;;
  esac
}

# refuse_password: fails if the URI has a password.
refuse_password() {
  local authority=${database#*://}
  authority=${authority%%[/?]*}
  case $database in
    *://*) case $authority/$database in
      *:*@*/* | *[?\&]password=*)
        fail "--database has a password, which every user of this machine can read; put it into PGPASSFILE" 2 ;;
    esac ;;
  esac
}

# need_programs PROGRAM...: fails unless all of them are installed.
need_programs() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || fail "$program is missing: apt-get install postgresql-client sqitch" 3
  done
}

# client PROGRAM ARGUMENT...: runs a client of PostgreSQL. PostgreSQL knows no role root: over the local socket, root
# connects as the system user postgres.
client() {
  case $(id -u)/$database/${PGHOST:-}${PGUSER:-}${PGSERVICE:-} in
    0/*://*) "$@" ;;
    0/*/) (cd / && exec runuser -u postgres -- "$@") ;;
    *) "$@" ;;
  esac
}

# count_rows CONDITION: "SCHEMA.TABLE|ROWS" for each table of the schema whose name `t` fulfils the condition. Reads SQL
# that psql's \gexec runs, so the caller passes it to psql.
count_rows() {
  cat <<SQL
SELECT format('SELECT %L, count(*) FROM %I.%I', t.name, t.schema, t.relation)
FROM (
    SELECT n.nspname AS schema, c.relname AS relation, n.nspname || '.' || c.relname AS name
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname IN ('directory', 'store', 'auth', 'audit')
) t
WHERE $1
ORDER BY t.name
\gexec
SQL
}
