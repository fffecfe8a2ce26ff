#!/bin/sh
# Makes what a mesh in containers needs and nobody else may know: keys, certificate, passwords, the
# gateway's configuration. What is there stays, so that it can be run again.
#
#   prepare.sh FOLDER [NAME [ORIGIN]]    NAME is the gateway's, as clients call it
set -eu
folder=$1
name=${2:-localhost}
origin=${3:-}
seen_at=/run/secrets # where containers see the files

# The folder is closed to others; containers see single files of it, as whatever user they run.
umask 022
mkdir -p "$folder"
chmod 0700 "$folder"
dochub keys "$folder" --name "$name" --name localhost --name 127.0.0.1

password() {
    [ -s "$folder/$1" ] || python -c 'import secrets; print(secrets.token_urlsafe(24))' >"$folder/$1"
    cat "$folder/$1"
}
password postgres.password >/dev/null
for role in owner identity document; do
    secret=$(password "$role.password")
    rm -f "$folder/$role.dsn"
    echo "postgresql://dochub_$role:$secret@postgres:5432/dochub" >"$folder/$role.dsn"
done
password s3.password >/dev/null

dochub gateway render \
    --certificate "$seen_at/cert.pem" --key "$seen_at/key.pem" --jwks "$seen_at/edge.json" \
    --identity identity:50051 --document document:50051 --ocr ocr:50051 \
    --origin "${origin:-https://$name:8443}" --out "$folder/envoy.yaml"
chmod 0755 "$folder/keys" "$folder/tls" "$folder/jwks"
chmod 0444 "$folder"/keys/*.pem "$folder"/keys/*.key "$folder"/tls/*.pem "$folder"/*.dsn "$folder"/*.password
echo "prepared; now: docker compose up --detach"
