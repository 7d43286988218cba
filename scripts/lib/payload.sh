# shellcheck shell=bash disable=SC2034,SC2154
# What is installed where: the one list for install, uninstall and package. Sourced after common.sh.

# The packages that the installed files need, beside the libraries of the program: openssl makes the certificate, the
# rest is for migrate, backup and restore.
runtime_packages=(openssl systemd "${migration_packages[@]}")

# What build_manual writes.
manual_pages=(ccs-jobstore.8 ccs-jobstore.json5.5 ccs-jobstore-directory.5)

# payload BINARY MANUAL: lines of MODE, SOURCE and TARGET, separated by tabs. MANUAL is the folder of the manual pages.
payload() {
  local share=/usr/share/ccs-jobstore file
  file() { printf '%s\t%s\t%s\n' "$@"; }
  file 755 "$1" /usr/bin/ccs-jobstore
  for file in ccs-jobstore.service ccs-jobstore-backup.service ccs-jobstore-backup.timer; do
    file 644 "$checkout/config/systemd/$file" "/usr/lib/systemd/system/$file"
  done
  file 644 "$checkout/config/sysusers.conf" /usr/lib/sysusers.d/ccs-jobstore.conf
  file 644 "$checkout/config/bash-completion" /usr/share/bash-completion/completions/ccs-jobstore
  while IFS= read -r file; do
    file 644 "$checkout/migrations/$file" "$share/migrations/$file"
  done < <(cd "$checkout/migrations" && find . -type f | cut -c3- | sort)
  for file in migrate backup restore lib/prepare; do
    file 755 "$checkout/scripts/$file" "$share/scripts/$file"
  done
  for file in database.sh certificate.sh; do
    file 644 "$checkout/scripts/lib/$file" "$share/scripts/lib/$file"
  done
  for file in "${manual_pages[@]}"; do
    file 644 "$2/$file" "/usr/share/man/man${file##*.}/$file"
  done
  file 644 "$checkout/config/demo-directory.json5" /usr/share/doc/ccs-jobstore/examples/demo-directory.json5
  file 755 "$checkout/scripts/sample-collector" /usr/share/doc/ccs-jobstore/examples/sample-collector
  file 644 "$checkout/config/ccs-jobstore.json5" /etc/ccs-jobstore/ccs-jobstore.json5
}

# build_manual BINARY FOLDER: writes the manual pages, from the help of the program and the comments of the samples.
build_manual() {
  need_packages python3
  "$checkout/scripts/lib/build-manual" "$1" "$2" || fail "the manual pages could not be made" 1
}

# refuse_package: fails if these files belong to Debian's package manager.
refuse_package() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' ccs-jobstore 2>/dev/null)" != installed ] ||
    fail "the package ccs-jobstore is installed; $1" 1
}
