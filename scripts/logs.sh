#!/usr/bin/env bash
# Looks through the logs that the servers of the tests have left in a directory. Fails on every line that holds an e-mail
# address, a token, or a secret that the tests have noted down there; and where the tests of either half have left no log.
#
#     scripts/logs.sh directory
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Also as a part of a form or a URL.
ADDRESS='[[:alnum:]._+-]+(@|%40)[[:alnum:]-]+(\.[[:alnum:]-]+)*\.[[:alpha:]]{2,}'
# API keys, manage tokens, sessions, links and watches; what the fakes of the calendar providers give out.
TOKEN='ys[kmslw]_[[:alnum:]_-]{20,}|1//refresh-[0-9]|4/0code[0-9]'

cd "${1:?a directory}"
shopt -s nullglob
SECRETS=$(mktemp)
trap 'rm -f "$SECRETS"' EXIT

for half in rust browser; do
    logs=("$half"-*.log) notes=("$half"-*.secrets)
    ((${#logs[@]} && ${#notes[@]})) || fail "The $half tests have left no log in $PWD."
    [[ -n $(find . -name "$half-*.log" -size +0) ]] || fail "Every log of the $half tests in $PWD is empty."
done

# What is shorter stands in every log.
awk 'length >= 8' ./*.secrets | sort -u >"$SECRETS"
[[ -s $SECRETS ]] || fail "The tests have noted down no secret in $PWD."

leaks=$({
    grep -nHE -e "$ADDRESS" -e "$TOKEN" -- ./*.log || true
    grep -nHF -f "$SECRETS" -- ./*.log || true
} | cut -d: -f1,2 | sort -u)
[[ -z $leaks ]] || fail "An address, a token or a secret stands in a log, in $PWD:
$leaks"
lines=$(cat ./*.log | wc -l)
say "$lines lines of $(find . -name '*.log' | wc -l) logs hold no address, no token and none of $(wc -l <"$SECRETS") secrets."
