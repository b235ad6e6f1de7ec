#!/usr/bin/env bash
# Joins the files of style/ into the one that cargo-leptos minifies. Prints the path of that file.
#
# The order: what declares the cascade layers and the tokens, then the rest by name, components last.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

FIRST=(layers.css tokens.css base.css layout.css)
OUTPUT=$CARGO_TARGET_DIR/style/yaksok.css

style_files() {
    local name
    cd "$ROOT/style"
    {
        for name in "${FIRST[@]}"; do
            [[ ! -f $name ]] || echo "$name"
        done
        find . -maxdepth 1 -name '*.css' | sed 's|^\./||' | LC_ALL=C sort
        find . -mindepth 2 -name '*.css' | sed 's|^\./||' | LC_ALL=C sort
    } | awk '!seen[$0]++'
}

join_files() {
    local name
    style_files | while read -r name; do
        printf '/* style/%s */\n' "$name"
        cat "$ROOT/style/$name"
        echo
    done
}

mkdir -p "${OUTPUT%/*}"
join_files >"$OUTPUT.new"
# Left alone when nothing has changed, so that nothing is built again.
if cmp -s "$OUTPUT.new" "$OUTPUT"; then
    rm "$OUTPUT.new"
else
    mv "$OUTPUT.new" "$OUTPUT"
fi
echo "$OUTPUT"
