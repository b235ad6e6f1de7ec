#!/usr/bin/env bash
# Installs a release for the systemd unit beside this file, or goes back to the one before:
#
#     sudo deploy/install.sh [dist]
#     sudo deploy/install.sh --rollback
#
# Each release lies in a folder of its own under /opt/yaksok/releases; `current` is a link to one of them, which is switched
# in one step. A server that runs keeps its own files until it is restarted; this restarts it. The release before stays, for
# --rollback. INSTALL_TO names another place than /opt/yaksok.
set -euo pipefail

PLACE=${INSTALL_TO:-/opt/yaksok}
HERE=$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { printf '· %s\n' "$*"; }

fail() {
    printf '✗ %s\n' "$*" >&2
    exit 1
}

# The release that a link leads to, such as releases/0.1.0-1a2b3c4d; empty where there is none.
release() { readlink "$PLACE/$1" 2>/dev/null || true; }

# A link is replaced by a rename, so there is one at every moment.
point() {
    ln -sfn "$2" "$PLACE/.$1.new"
    mv -fT "$PLACE/.$1.new" "$PLACE/$1"
}

# Copied beside its place and moved there when whole.
put() {
    local from=$1 to=$2
    [[ ! -d $PLACE/$to ]] || return 0
    rm -rf "$PLACE/releases/.new"
    mkdir -p "$PLACE/releases/.new"
    cp -R "$from/yaksok" "$from/site" "$from/hash.txt" "$PLACE/releases/.new/"
    chmod -R u=rwX,go=rX "$PLACE/releases/.new"
    sync
    mv -T "$PLACE/releases/.new" "$PLACE/$to"
}

switch() {
    local to=$1 before
    before=$(release current)
    if [[ $before == "$to" ]]; then
        say "$to is installed already."
        return
    fi
    [[ -z $before ]] || point previous "$before"
    point current "$to"
    say "Switched from ${before:-nothing} to $to."
}

# All but the current release and the one before.
prune() {
    local path name
    for path in "$PLACE"/releases/*; do
        name=releases/${path##*/}
        [[ $name == "$(release current)" || $name == "$(release previous)" ]] || rm -rf "$path"
    done
}

restart() {
    if [[ ! -d /run/systemd/system || $PLACE != /opt/yaksok ]]; then
        return
    fi
    if ! systemctl cat yaksok 2>/dev/null | grep -q "^ExecStart=$PLACE/current/yaksok"; then
        say "Install the unit, which starts $PLACE/current/yaksok:  cp $HERE/yaksok.service /etc/systemd/system/ && systemctl daemon-reload"
    fi
    if systemctl is-active --quiet yaksok; then
        systemctl restart yaksok
        say "Restarted. If it does not start (journalctl -u yaksok), go back:  $0 --rollback"
    else
        say "Start it:  systemctl enable --now yaksok"
    fi
}

install() {
    local dist=$1 version sum
    [[ -x $dist/yaksok && -d $dist/site && -f $dist/hash.txt ]] || fail "$dist is no release. Make one:  make build"
    version=$("$dist/yaksok" --version)
    sum=$(cat "$dist/yaksok" "$dist/hash.txt" | sha256sum)
    mkdir -p "$PLACE/releases"
    # What was copied to the place itself, as earlier releases were.
    if [[ ! -L $PLACE/current && -x $PLACE/yaksok && -d $PLACE/site && -f $PLACE/hash.txt ]]; then
        put "$PLACE" releases/before
        point current releases/before
    fi
    local to=releases/${version#yaksok }-${sum:0:8}
    put "$dist" "$to"
    switch "$to"
    prune
}

rollback() {
    local to
    to=$(release previous)
    [[ -n $to && -d $PLACE/$to ]] || fail "There is no release before this one in $PLACE."
    switch "$to"
}

case ${1:-} in
--rollback) rollback ;;
-*) fail "usage: deploy/install.sh [dist] | --rollback" ;;
*) install "$(cd -P "${1:-$HERE/../dist}" && pwd)" ;;
esac
restart
