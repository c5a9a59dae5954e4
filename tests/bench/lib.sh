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

# Ungated and gated builds in turn, with their times in files below $samples; the first of a pair is now this, now that.
pairs() { # ROW PAIRS STEP
    local row=$1 pair which order
    say "$LAYERGATE_ENGINE: $row"
    for ((pair = 0; pair < $2; pair++)); do
        order="ungated gated"
        [ $((pair % 2)) = 0 ] || order="gated ungated"
        for which in $order; do "$3" "$which" >>"$samples/$row.$which"; done
    done
}

# Ratio and difference are medians over the pairs: both builds of a pair met the machine in the same mood.
line() { # TEXT ROW
    local pairs
    pairs=$(paste "$samples/$2.ungated" "$samples/$2.gated")
    paste <(cut -f1 <<<"$pairs" | median) <(cut -f2 <<<"$pairs" | median) \
        <(awk '{ print $2 / $1 * 1e6 }' <<<"$pairs" | median) <(awk '{ print $2 - $1 }' <<<"$pairs" | median) |
        awk -v text="$1" '
            function time(us) { return us < 1e6 ? sprintf("%.0f ms", us / 1e3) : sprintf("%.2f s", us / 1e6) }
            { printf "%-46s %9s %9s %7.2f %+8.0f ms\n", text, time($1), time($2), $3 / 1e6, $4 / 1e3 }'
}

# A piece of text that is in no cache.
fresh() { printf '%s-%s' "$EPOCHREALTIME" "$RANDOM$RANDOM"; }

# Two measurements at a time would measure each other. The lock goes with the process.
alone() {
    exec 6>"$bench_dir/lock"
    flock -n 6 || fail "another run is measuring; two would measure each other"
}

# Ends here if the disk cannot hold what comes.
need_space() { # GB FOR
    local free
    free=$(df --output=avail -B1G "$bench_dir" | tail -n 1 | tr -d ' ')
    [ "$free" -ge "$1" ] || fail "$2 needs $1 GB of disk below ${bench_dir#"$repo/"}, and $free GB are free"
}

# Peak memory of a command, from a run of its own, in MiB; "-" where there is no time command.
memory_of() {
    local report=$bench_dir/memory
    if [ -x /usr/bin/time ]; then
        /usr/bin/time -f %M -o "$report" "$@" >&2 || return
        echo "$(($(tail -n 1 "$report") / 1024)) MiB"
    else
        "$@" >&2 || return
        echo -
    fi
}

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

# 300,000 files in 40,000 directories: 200 copies of 200 directories with 1,500 files, source code and 23 npm packages.
large_tree() {
    local dir=$bench_dir/scan
    local one=$dir/one tree=$dir/tree package leaves pieces number
    if [ ! -d "$tree" ]; then
        say "making 300,000 files: takes a minute, once"
        rm -rf "$dir"
        mkdir -p "$one/docs" "$tree.new"
        mkdir -p "$one"/src/{00..09}/{00..13} "$one"/node_modules/package-{01..23}/lib
        leaves=("$one"/src/*/* "$one"/node_modules/*/lib)
        head -c 2954000 "$(source_text)" | split -b 2000 -a 3 - "$dir/piece-"
        pieces=("$dir"/piece-*)
        for number in "${!pieces[@]}"; do
            mv "${pieces[number]}" "${leaves[number % ${#leaves[@]}]}/file-$number.py"
        done
        for package in "$one"/node_modules/*; do
            printf '{"name": "%s", "version": "1.2.3"}\n' "${package##*/}" >"$package/package.json"
        done
        for number in {001..200}; do cp -r "$one" "$tree.new/$number"; done
        mv "$tree.new" "$tree"
    fi
    echo "$tree"
}

# Downloads wheels and all that they need, for the Python of the tests' base image, into a directory, once.
# What another benchmark has downloaded is linked.
wheels() { # DIRECTORY PACKAGE...
    local dir=$1 new=$1.new log=$1.log others=("$bench_dir"/*/wheels{,-*}/) machine minor pip python options wheel same
    shift
    [ ! -d "$dir" ] || return 0
    "$repo/tests/engine/base-rootfs"
    "$repo/tests/engine/install" pip
    pip=$(command -v pip3 || command -v pip)
    python=$(tar -tf "$repo/target/engine/base.tar" | sed -n 's#^\./usr/bin/python\(3\.[0-9]*\)$#\1#p' | head -n 1)
    options=(--no-cache-dir --only-binary=:all: --implementation cp --python-version "$python" "${others[@]/#/--find-links=}")
    # One platform does not mean those that are older: each is named, up to the C library of Debian 12.
    machine=$(uname -m)
    for minor in {17..36}; do options+=(--platform "manylinux_2_${minor}_$machine"); done
    options+=(--platform "manylinux2014_$machine" --platform "linux_$machine")
    say "downloading wheels for $*: takes minutes, once"
    rm -rf "$new"
    mkdir -p "$new"
    "$pip" download "${options[@]}" --dest "$new" "$@" >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        fail "pip could not download $* for Python $python; see $log"
    }
    for wheel in "$new"/*; do
        for same in "${others[@]/%/"${wheel##*/}"}"; do
            if [ -f "$same" ]; then ln -f "$same" "$wheel"; fi
        done
    done
    mv "$new" "$dir"
}
