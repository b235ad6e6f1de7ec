#!/usr/bin/env bash
# Runs the stages of the tests, all of them or those named, and ends with a line that counts what passed:
#
#     scripts/test.sh [format|lint|sqlx|rust|build|browser|logs]…
#
# A stage that fails does not keep the others from running, so that one run tells everything.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Cargo would switch on features of both halves at once, if both were named together.
SERVER_HALF=(-p scheduling -p zones -p tls -p store -p calendars -p mailer -p booking -p app -p server -p bench --features app/ssr)
BROWSER_HALF=(-p app -p frontend --features app/hydrate)

# Where the servers of the tests leave their logs.
export YAKSOK_LOGS=$CARGO_TARGET_DIR/test-logs

LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT

format() { cargo fmt --all --check; }

lint() {
    cargo clippy --locked --quiet --all-targets "${SERVER_HALF[@]}" -- -D warnings
    cargo clippy --locked --quiet --all-targets "${BROWSER_HALF[@]}" -- -D warnings
    if has shellcheck; then
        shellcheck --external-sources --source-path="$ROOT" "$ROOT"/scripts/*.sh "$ROOT"/deploy/*.sh "$ROOT"/.ci/run
    fi
}

sqlx() { "$ROOT/scripts/sqlx.sh" check; }

# Unit, property, database and row-security tests, and the examples in the documentation.
rust() {
    rm -f "$YAKSOK_LOGS"/rust-*
    cargo test --locked --quiet --no-fail-fast "${SERVER_HALF[@]}"
}

build() { "$ROOT/scripts/build.sh"; }

browser() {
    [[ -x $ROOT/dist/yaksok ]] || fail "There is no dist/yaksok to test."
    rm -f "$YAKSOK_LOGS"/browser-*
    cd "$ROOT/end2end"
    browser_test_modules
    # Google Calendar and Outlook, as far as the browser tests see them.
    (cd "$ROOT" && cargo build --locked --quiet -p calendars --features fakes --bin fake-calendars)
    CHROMIUM=$(chromium_path) YAKSOK=$ROOT/dist/yaksok FAKE_CALENDARS=$CARGO_TARGET_DIR/debug/fake-calendars \
        npx playwright test
}

logs() { "$ROOT/scripts/logs.sh" "$YAKSOK_LOGS"; }

# Sums the numbers before a word, over the closing lines of cargo test and of Playwright.
count() {
    sed $'s|\x1b\\[[0-9;]*m||g' "$LOG" |
        awk -v word="$1" '
            /^test result:/ { for (i = 2; i <= NF; i++) if ($i == word ";") sum += $(i - 1) }
            /^ +[0-9]+ (passed|failed|flaky)( |$)/ && $2 == word { sum += $1 }
            END { print sum + 0 }'
}

failed_stages=()

# A stage in a shell of its own, so that its first failing command ends it.
stage() {
    local name=$1 title=$2 begin=$SECONDS status=0
    printf '\n\033[1m== %s\033[0m\n' "$title"
    set +e
    (set -e; cd "$ROOT"; "$name") 2>&1 | tee -a "$LOG"
    status=${PIPESTATUS[0]}
    set -e
    printf '\033[2m-- %s: %s s\033[0m\n' "$title" $((SECONDS - begin))
    ((status == 0)) || failed_stages+=("$title")
}

run() {
    case $1 in
    format) stage format "Formatting" ;;
    lint) stage lint "Lints" ;;
    sqlx) stage sqlx "Queries" ;;
    rust) stage rust "Rust tests" ;;
    build) stage build "Release build" ;;
    browser) stage browser "Browser tests" ;;
    logs) stage logs "Logs" ;;
    *) fail "There is no stage '$1'." ;;
    esac
}

# One line for each test that failed, or did not pass at once: what a report that was cut short must still say.
reasons() {
    sed $'s|\x1b\\[[0-9;]*m||g' "$LOG" | awk '
        /^✘ \[/ && !told[$0]++
        /^thread .* panicked at / { where = $0; getline; print "✘ " where " " $0 }' | cut -c 1-500
}

summary() {
    local passed failed
    passed=$(($(count passed) + $(count flaky)))
    failed=$(count failed)
    echo
    reasons
    if ((${#failed_stages[@]})); then
        printf '\033[31mFailed: %s\033[0m\n' "$(IFS=,; echo "${failed_stages[*]}")"
        # A stage without tests of its own, or one that broke before it counted them.
        ((failed)) || failed=${#failed_stages[@]}
    fi
    echo "$passed passed, $failed failed"
    ((failed == 0))
}

"$ROOT/scripts/setup.sh" test
# shellcheck source=/dev/null
. "$TOOLS/env"

(($#)) || set -- format lint sqlx rust build browser logs
mkdir -p "$YAKSOK_LOGS"
for name in "$@"; do
    run "$name"
done
summary
