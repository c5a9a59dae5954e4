# Programs built from source with the machine's Go toolchain, kept in target/engine/bin.
# shellcheck shell=bash

# Builds commands of a Go module, once: target/engine/bin/COMMAND, and beside it a file that tells the version.
go_build() { # NAME MODULE VERSION COMMAND...
    local built=$engine_dir/bin/$1-$3 status=0
    [ -e "$built" ] && return
    command -v go >/dev/null || return
    # One at a time, whatever it is for: a compiler uses every core anyway, and much of the code is the same.
    lock 7 "$engine_dir/go.lock" "building with Go"
    [ -e "$built" ] || go_compile "$@" || status=$?
    exec 7>&-
    return "$status"
}

go_compile() ( # a subshell, for it works in other directories
    name=$1 module=$2 version=$3 log=$engine_dir/$1-build.log
    shift 3
    say "building $name $version from source: takes minutes, once"
    new=$(mktemp -d "$engine_dir/bin-XXXXXX")
    trap 'rm -rf "$new"' EXIT
    cd / # away from any go.mod
    # Built inside its own module, because 'go install module@version' refuses a module with exclude directives.
    source=$(go mod download -json "$module@$version" 2>"$log" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p') || true
    if [ -z "$source" ]; then
        say "could not download $module $version with 'go mod download'; check the Go module proxy."
        exit 1
    fi
    cd "$source" || exit 1
    CGO_ENABLED=0 GOWORK=off nice go build -mod=readonly -trimpath -ldflags "-s -w -X $module/version.Version=$version" \
        -o "$new/" "${@/#/./cmd/}" >>"$log" 2>&1 7>&- || {
        tail -n 20 "$log" >&2
        say "building $name $version failed; see $log"
        exit 1
    }
    # Moved, not written over: an older one may be running.
    mkdir -p "$engine_dir/bin"
    mv "$new"/* "$engine_dir/bin/"
    rm -f "$engine_dir/bin/$name"-v*
    touch "$engine_dir/bin/$name-$version"
)
