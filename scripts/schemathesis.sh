#!/usr/bin/env bash
# Asks a server whatever its OpenAPI document allows, and forbids, for FUZZ_SECONDS (60); fails on answers of 5xx and on
# those that the document does not know. The server is a debug build with a database of its own, and ends with this.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$ROOT/scripts/setup.sh" schemathesis
# shellcheck source=/dev/null
. "$TOOLS/env"

cd "$ROOT"
# As the tests build it, so that nothing is built twice.
cargo test --locked --quiet -p server --test program --no-run
PLACE=$(mktemp -d)
SERVER=
finish() {
    if [[ -n $SERVER ]]; then
        kill "$SERVER" || true
        wait "$SERVER" || true
    fi
    rm -rf "$PLACE"
}
trap finish EXIT

PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir -p "$PLACE/site/pkg"
export DATA_DIR=$PLACE/data LEPTOS_SITE_ROOT=$PLACE/site LEPTOS_SITE_ADDR=127.0.0.1:$PORT RUST_LOG=error
export RATE_LIMIT_WRITES_PER_MINUTE=0 RATE_LIMIT_READS_PER_MINUTE=0 TRUSTED_PROXY_HOPS=1
PLATFORM_API_KEY=$(head -c 32 /dev/urandom | base64 | tr -d '\n')
export PLATFORM_API_KEY
YAKSOK=$CARGO_TARGET_DIR/debug/yaksok
KEY=$("$YAKSOK" mentor create --json --handle kim-mentor --name Kim --email kim@example.com --timezone Asia/Seoul |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["api_key"])')
"$YAKSOK" serve &
SERVER=$!

# Calendars are asked at addresses that whoever calls names: not from here.
ask() {
    "$TOOLS/schemathesis/bin/schemathesis" run "http://$LEPTOS_SITE_ADDR/api/v1/openapi.json" --wait-for-schema 60 \
        --header "Authorization: Bearer $1" --exclude-operation-id connectCaldav --max-time "${FUZZ_SECONDS:-60}" \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
        --workers 2 --no-color --seed "${SEED:-1}" "${@:2}"
}
cd "$PLACE"
ask "$KEY"
ask "$PLATFORM_API_KEY" --include-tag Platform
