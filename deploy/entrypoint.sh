#!/bin/sh
# Reads secrets from files into the variables the programs know, then becomes the program.
# FROM_FILE_NAME=/run/secrets/x sets NAME to what stands in the file.
set -eu
for variable in $(env | sed -n 's/^FROM_FILE_\([A-Z0-9_]*\)=.*/\1/p'); do
    eval "file=\$FROM_FILE_$variable"
    value=$(cat "$file")
    export "$variable=$value"
    unset "FROM_FILE_$variable"
done
exec "$@"
