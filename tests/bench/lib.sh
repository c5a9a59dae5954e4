# What the measurements share. Sourced.
# shellcheck shell=bash

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bench_dir=$repo/target/bench
mkdir -p "$bench_dir"
runs=${LAYERGATE_BENCH_RUNS:-5}

say() { printf 'bench: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Prints how long a command took, in microseconds. Its stdout goes to stderr.
time_of() {
    local begin=${EPOCHREALTIME/[.,]/} end
    "$@" >&2 || return
    end=${EPOCHREALTIME/[.,]/}
    echo $((end - begin))
}

# Reads one number a line and prints the middle one, or the mean of the middle two.
median() {
    sort -n | awk '{ at[NR] = $1 } END { if (NR) printf "%.0f\n", (at[int((NR + 1) / 2)] + at[int(NR / 2) + 1]) / 2 }'
}

# A piece of text that is in no cache.
fresh() { printf '%s-%s' "$EPOCHREALTIME" "$RANDOM$RANDOM"; }

# Some 20 MB of real source code: what a scan has to read in most files.
source_text() {
    local text=$bench_dir/text
    [ -s "$text" ] || {
        "$repo/tests/engine/base-rootfs"
        tar -xf "$repo/target/engine/base.tar" -O --wildcards './usr/lib/python3*.py' >"$text.new"
        mv "$text.new" "$text"
    }
    echo "$text"
}
