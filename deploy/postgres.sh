#!/bin/sh
# Run once by the database's image, on an empty volume: makes the owner and the database.
set -eu
owner=$(cat /run/secrets/owner_password)
psql --set ON_ERROR_STOP=1 --username postgres --set owner_password="'$owner'" \
    --file /run/dochub/roles.sql
