# shellcheck shell=bash disable=SC2034
# Functions shared by the scripts. Sourced by scripts in scripts/ with set -euo pipefail.
#
# Exit statuses of every script: 0 done; 1 something failed; 2 wrong usage; 3 something is missing on this machine.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
script_name=$(basename "$0")

# Perl and PostgreSQL warn about locales that the machine lacks. This one is built in.
export LC_ALL=C.UTF-8

# shellcheck source=scripts/lib/certificate.sh
. "$checkout/scripts/lib/certificate.sh"

# The scripts name their databases in full; the caller's settings for psql must not select others.
unset "${!PG@}"

# say TEXT: one line of progress.
say() { printf '%s\n' "== $1"; }

# fail TEXT STATUS: prints what is wrong and what to do about it, and exits.
fail() { printf '%s\n' "$script_name: $1" >&2; exit "$2"; }

# wait_until SECONDS COMMAND...: repeats the command until it succeeds; returns 1 if it does not in time.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# attended COMMAND...: runs an external command in the background and waits for it, so that a trap runs when the signal
# comes and not when the command ends. The process ID is in attended_pid.
attended_pid=
attended() {
  local status=0
  "$@" &
  attended_pid=$!
  wait "$attended_pid" || status=$?
  attended_pid=
  return "$status"
}

# filtered SED-SCRIPT COMMAND...: the same, with the command's output filtered by sed, line by line.
filtered() {
  local script=$1 output sed_pid status=0
  shift
  exec {output}> >(exec sed -u -e "$script")
  sed_pid=$!
  attended "$@" >&"$output" 2>&1 || status=$?
  exec {output}>&-
  wait "$sed_pid" || true
  return "$status"
}

process_is_gone() { ! kill -0 "$1" 2>/dev/null; }

# stop_process PID SECONDS: SIGTERM, then SIGKILL if the process is still there after that time.
# Only for processes that the script has started, or identified by more than their ID.
stop_process() {
  kill -TERM "$1" 2>/dev/null || return 0
  wait_until "$2" process_is_gone "$1" && return 0
  echo "$script_name: process $1 did not stop within $2 seconds; killing it" >&2
  kill -KILL "$1" 2>/dev/null || return 0
  wait_until 10 process_is_gone "$1" || true
}

# --- Debian's packages ------------------------------------------------------------------------------------------------

# The first line is what the Swift toolchain needs from Debian.
build_packages=(
  g++ git libcurl4 libncurses6 libsqlite3-0 libxml2
  pkg-config libgnutls28-dev libmicrohttpd-dev libpq-dev libssl-dev
)
migration_packages=(sqitch libdbd-pg-perl postgresql-client)

# as_root COMMAND...: runs it as root, by sudo if necessary.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "this needs root, and sudo is missing: run as root: $*" 3
  fi
}

# may_become_root: whether as_root can work, without a password or by asking for one.
may_become_root() {
  [ "$(id -u)" -ne 0 ] || return 0
  command -v sudo >/dev/null || return 1
  [ -t 0 ] || sudo --non-interactive true 2>/dev/null
}

# need_packages PACKAGE...: installs missing packages. Needs neither root nor a network if none is missing.
need_packages() {
  local package missing=()
  command -v dpkg-query >/dev/null || fail "this is not Debian; install the equivalents of these packages: $*" 3
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  may_become_root ||
    fail "these Debian packages are missing; install them as root: apt-get install ${missing[*]}" 3
  say "installing from Debian: ${missing[*]}"
  local apt=(as_root env DEBIAN_FRONTEND=noninteractive apt-get --quiet -o DPkg::Lock::Timeout=300)
  # Another repository that is unavailable does not matter if Debian's is available.
  "${apt[@]}" update >/dev/null ||
    echo "$script_name: apt-get update failed in part; continuing with the lists available" >&2
  "${apt[@]}" install --yes --no-install-recommends "${missing[@]}" | sed -u -n 's/^Setting up/   &/p' ||
    fail "the packages could not be installed; run: apt-get install ${missing[*]}" 3
}

# --- Swift ------------------------------------------------------------------------------------------------------------

# Prints nothing if it does not start.
swift_major_version() { { "$1" --version 2>/dev/null || true; } | sed -n 's/.*Swift version \([0-9]*\).*/\1/p'; }

# need_swift: puts a Swift 6 toolchain at the front of PATH.
need_swift() {
  local swift found unfit=
  for swift in "$(command -v swift || true)" /opt/swift/usr/bin/swift ~/.local/share/swiftly/bin/swift; do
    [ -x "$swift" ] || continue
    found=$(swift_major_version "$swift")
    if [ "${found:-0}" -ge 6 ]; then
      PATH=$(dirname "$swift"):$PATH
      return 0
    fi
    if [ -n "$found" ]; then unfit="$swift is Swift $found; "; else unfit="$swift does not run; "; fi
  done
  fail "${unfit}Swift 6 or newer is required, on PATH, in /opt/swift/usr/bin or by swiftly; \
https://www.swift.org/install/linux has it for Debian 12" 3
}

# Where SwiftPM builds; SwiftPM reads this variable as well.
build_folder=${SWIFTPM_BUILD_DIR:-$checkout/.build}
release_binary=$build_folder/release/ccs-jobstore

# source_version: the version of this checkout.
source_version() { sed -n 's/.*static let text = "\(.*\)"/\1/p' "$checkout/Sources/ccs-jobstore/Version.swift"; }

# build_release: builds release_binary. Takes a second if it is up to date.
build_release() {
  # The linker warns of mktemp(3) in Foundation, which never calls it.
  filtered '/the use of .mktemp. is dangerous/d' swift build --package-path "$checkout" \
    --scratch-path "$build_folder" -c release --static-swift-stdlib \
    --explicit-target-dependency-import-check error -Xswiftc -warnings-as-errors --product ccs-jobstore ||
    fail "the build failed; the first error above says where. If the checkout was moved, remove $build_folder" 1
}

# --- Python -----------------------------------------------------------------------------------------------------------

# python_environment DIR REQUIREMENTS: a virtual environment in DIR with exactly the packages of that file, from PyPI.
# It is kept, and made anew when the file has changed.
python_environment() {
  ! cmp -s "$2" "$1/installed.txt" || return 0
  say "from PyPI: the packages of $2"
  rm -rf "$1"
  /usr/bin/python3 -m venv "$1"
  attended "$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$2" ||
    fail "the packages of $2 could not be installed from PyPI" 1
  cp "$2" "$1/installed.txt"
}

# --- A private PostgreSQL cluster -------------------------------------------------------------------------------------
# It accepts no TCP connections, and its socket is in a folder that only its owner and root can enter. Any number of
# clusters run side by side, next to Debian's, without passwords. A cluster's folder contains
#   data      PostgreSQL's data folder, once it is complete
#   log       PostgreSQL's log
#   sockets   a link to the socket's folder, while it runs

# PostgreSQL refuses to run as root; root uses the user of Debian's package.
cluster_user() { if [ "$(id -u)" -eq 0 ]; then echo postgres; else id -un; fi; }

as_cluster_user() {
  if [ "$(id -u)" -eq 0 ]; then
    # This user may not enter every folder, such as /root.
    (cd / && exec runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

# cluster_programs [DATA]: the folder of PostgreSQL's programs for the data; without data, of the newest version.
cluster_programs() {
  local version programs
  if [ -n "${1:-}" ]; then
    version=$(as_cluster_user cat "$1/PG_VERSION")
    programs=/usr/lib/postgresql/$version/bin
    [ -x "$programs/pg_ctl" ] ||
      fail "PostgreSQL $version, which made $1, is missing; apt-get install postgresql-$version, or remove $1" 3
  else
    programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    [ -x "$programs/pg_ctl" ] || fail "PostgreSQL is missing; apt-get install postgresql" 3
  fi
  echo "$programs"
}

# cluster_create DIR [SETTING...]: creates a cluster unless it exists. A setting is a line of postgresql.conf.
cluster_create() {
  local folder=$1 user home programs setting
  shift
  [ ! -d "$folder/data" ] || return 0
  user=$(cluster_user)
  programs=$(cluster_programs)

  if [ "$user" = "$(id -un)" ]; then
    install -d -m 700 "$folder"
  else
    [ -L "$folder" ] || install -d -o "$user" -m 700 "$folder"
    if ! as_cluster_user test -w "$(readlink -f "$folder")"; then
      # The path leads through a folder that only root may enter. The same name is used for the same place, so
      # that files of a removed state folder are replaced and do not accumulate.
      [ -L "$folder" ] || rmdir "$folder"
      home=/var/lib/postgresql/ccs-jobstore-$(printf %s "$(readlink -f "$(dirname "$folder")")/" | sha256sum | cut -c1-12)
      echo "   its files are in $home, since $user may not enter $folder"
      [ ! -d "$home/data" ] || cluster_stop "$home"
      rm -rf "$home"
      install -d -o "$user" -m 700 "$home"
      ln -sfn "$home" "$folder"
    fi
  fi
  home=$(readlink -f "$folder")

  as_cluster_user rm -rf "$home/incomplete"
  as_cluster_user "$programs/initdb" --pgdata="$home/incomplete" --username=postgres --encoding=UTF8 --locale=C.UTF-8 \
    --auth=peer >/dev/null || fail "initdb could not make $home/incomplete" 1
  {
    echo "listen_addresses = ''"
    echo "max_connections = 60"
    echo "log_line_prefix = '%m [%p] %q%u '"
    for setting in "$@"; do printf '%s\n' "$setting"; done
  } | as_cluster_user tee -a "$home/incomplete/postgresql.conf" >/dev/null
  echo "local all all peer map=scripts" | as_cluster_user tee "$home/incomplete/pg_hba.conf" >/dev/null
  # The owner and root may connect as any of the three roles.
  local system_user role
  for system_user in "$user" root; do
    for role in postgres ccs_jobstore ccs_jobstore_admin; do
      printf 'scripts "%s" %s\n' "$system_user" "$role"
    done
  done | sort -u | as_cluster_user tee "$home/incomplete/pg_ident.conf" >/dev/null
  as_cluster_user mv "$home/incomplete" "$home/data"
}

cluster_runs() {
  local home programs
  home=$(readlink -f "$1")
  [ -d "$home/data" ] || return 1
  programs=$(cluster_programs "$home/data") || exit
  as_cluster_user "$programs/pg_ctl" status -D "$home/data" >/dev/null 2>&1
}

# cluster_sockets DIR: the folder of its socket, for PGHOST.
cluster_sockets() { readlink -f "$1/sockets"; }

# cluster_pid DIR: the process ID of its postmaster.
cluster_pid() { head -n 1 "$1/data/postmaster.pid"; }

cluster_remove_sockets() {
  local sockets
  sockets=$(readlink "$1/sockets") || return 0
  # A Unix socket's path has at most 107 bytes, so the folder is in /tmp. A crash leaves its files behind.
  case $sockets in
    /tmp/ccs-jobstore.*) rm -f "$sockets/.s.PGSQL.5432" "$sockets/.s.PGSQL.5432.lock"
      rmdir "$sockets" 2>/dev/null || true ;;
  esac
  rm -f "$1/sockets"
}

# cluster_start DIR: starts it unless it runs; returns when it accepts connections.
cluster_start() {
  local home programs sockets
  home=$(readlink -f "$1")
  programs=$(cluster_programs "$home/data")
  if cluster_runs "$home"; then
    [ ! -S "$home/sockets/.s.PGSQL.5432" ] || return 0
    cluster_stop "$home"
  fi
  cluster_remove_sockets "$home"
  sockets=$(mktemp -d /tmp/ccs-jobstore.XXXXXX)
  if [ "$(id -u)" -eq 0 ]; then
    chown postgres:root "$sockets"
    chmod 710 "$sockets"
  fi
  ln -sfn "$sockets" "$home/sockets"
  # pg_ctl starts it in a separate session, so an interrupt from the terminal does not reach it.
  if ! as_cluster_user "$programs/pg_ctl" start --silent -D "$home/data" -w -t 60 \
    -l "$home/log" -o "-k $sockets"; then
    tail -n 20 "$home/log" >&2 || true
    cluster_remove_sockets "$home"
    fail "PostgreSQL did not start within 60 seconds; the end of $home/log is above" 1
  fi
}

# cluster_stop DIR: stops it if it runs; returns when it has exited.
cluster_stop() {
  local home programs
  home=$(readlink -f "$1")
  if cluster_runs "$home"; then
    programs=$(cluster_programs "$home/data") || exit
    as_cluster_user "$programs/pg_ctl" stop --silent -D "$home/data" -m fast -w -t 60 ||
      as_cluster_user "$programs/pg_ctl" stop --silent -D "$home/data" -m immediate -w -t 30 || return 1
  fi
  cluster_remove_sockets "$home"
}

# cluster_psql DIR [OPTION...]: psql, as the cluster's superuser.
cluster_psql() {
  local folder=$1
  shift
  psql --no-psqlrc --set=ON_ERROR_STOP=1 --quiet --host="$(cluster_sockets "$folder")" --username=postgres "$@"
}
