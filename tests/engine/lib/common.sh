# Where things live and how the scripts speak. Sourced by the scripts one directory up.
# shellcheck shell=bash

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
engine_dir=${LAYERGATE_ENGINE_DIR:-$repo/target/engine}
mkdir -p "$engine_dir"

# stdout belongs to the command that is run; everything said here goes to stderr.
say() { printf 'engine: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# 77 is what test runners read as "skipped": this machine cannot have what was asked for.
unavailable() { say "$*"; exit 77; }

# A short directory for sockets: their paths may be 108 bytes long at most, a checkout may be anywhere.
# It is derived from the checkout, so that what a killed run left behind is found again.
run_dir() { printf '/run/layergate/%s-%s' "$1" "$(printf %s "$engine_dir" | cksum | cut -d' ' -f1)"; }

# What was begun last is undone first.
undo=()
at_exit() { undo=("$*" "${undo[@]}"); }
undo_all() {
    local step
    for step in "${undo[@]}"; do eval "$step" || say "could not undo: $step"; done
    undo=()
}

# A daemon of our own: deaf to the terminal's Ctrl-C (the command under test hears it), and ended by the
# kernel should this script be killed without a chance to clean up. Its pid is left in $pid.
daemon() { # LOG COMMAND...
    local log=$1
    shift
    setsid setpriv --pdeathsig TERM "$@" >>"$log" 2>&1 </dev/null 8>&- 9>&- &
    pid=$!
}

stop_pid() { # PID NAME
    kill -TERM "$1" 2>/dev/null || return 0
    local tenths
    for ((tenths = 0; tenths < 300; tenths++)); do
        kill -0 "$1" 2>/dev/null || { wait "$1" 2>/dev/null || true; return 0; }
        sleep 0.1
    done
    say "$2 (pid $1) did not stop within 30 s, killing it"
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# Wait until a check succeeds; if the daemon dies or 60 s pass, show why.
wait_until_up() { # NAME PID LOG CHECK...
    local name=$1 pid=$2 log=$3 tenths
    shift 3
    for ((tenths = 0; tenths < 600; tenths++)); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$log" >&2
    fail "$name did not come up; above are the last lines of $log"
}

# Mounts that a daemon left below a directory would keep it from being removed.
unmount_below() {
    local mount
    awk -v dir="$1/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
        while read -r mount; do umount -l "$mount" || true; done
}

# One user at a time of a thing below target/engine; the lock goes with the process.
lock() { # FD FILE WHAT
    eval "exec $1>\"\$2\""
    flock -n "$1" && return
    say "waiting for another run to be done with $3"
    flock "$1"
}
