# shellcheck shell=bash
# Self-signed certificates. Sourced by scripts that define `fail`, with set -euo pipefail.

certificate_is_good() {
  [ -s "$1/certificate.pem" ] && [ -s "$1/private-key.pem" ] &&
    openssl x509 -in "$1/certificate.pem" -noout -checkend $((30 * 86400)) >/dev/null 2>&1 &&
    [ "$(openssl x509 -in "$1/certificate.pem" -noout -pubkey 2>/dev/null)" = \
      "$(openssl pkey -in "$1/private-key.pem" -pubout 2>/dev/null)" ]
}

# make_certificate DIR [NAME...]: makes a self-signed certificate.pem and its private-key.pem for this machine and the
# names given, unless a pair exists that is valid for 30 more days.
make_certificate() {
  local folder=$1 names=DNS:localhost,IP:127.0.0.1,IP:::1 name
  shift
  ! certificate_is_good "$folder" || return 0
  for name in "$(uname -n)" "$@"; do
    case ",$names," in *",DNS:$name,"*) ;; *) names+=,DNS:$name ;; esac
  done
  mkdir -p "$folder"
  (
    umask 077
    # 825 days is the maximum that clients accept. It is not a CA, so trusting it trusts only this server.
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 825 \
      -keyout "$folder/private-key.pem.new" -out "$folder/certificate.pem.new" -config /dev/stdin 2>/dev/null <<EOC
[req]
prompt = no
distinguished_name = subject
x509_extensions = extensions
[subject]
commonName = CCS job store, self-signed
[extensions]
subjectAltName = $names
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
EOC
  ) || fail "openssl could not make a certificate in $folder" 1
  chmod 644 "$folder/certificate.pem.new"
  mv "$folder/private-key.pem.new" "$folder/private-key.pem"
  mv "$folder/certificate.pem.new" "$folder/certificate.pem"
}
