# The newest standalone buildkitd, built from source, as buildx's remote builder.
# shellcheck shell=bash

buildkit_version=v0.32.2

build_buildkit() {
    command -v go >/dev/null || [ -e "$engine_dir/bin/buildkitd-$buildkit_version" ] ||
        unavailable "building buildkitd needs a Go toolchain: install Go, or set BUILDKIT_HOST to a running buildkitd."
    # The Dockerfile frontend as a program: what images of it hold.
    go_build buildkitd github.com/moby/buildkit "$buildkit_version" buildkitd buildctl \
        ../frontend/dockerfile/cmd/dockerfile-frontend ||
        unavailable "there is no buildkitd $buildkit_version: see above, or set BUILDKIT_HOST to a running one."
}

start_buildkitd() {
    [ "$(id -u)" = 0 ] || unavailable "only root can start buildkitd: use sudo, or set BUILDKIT_HOST to a running one."
    "$here/install" runc
    build_buildkit
    local dir=$engine_dir/buildkitd run pid
    run=$(run_dir buildkitd)
    mkdir -p "$dir/tmp" "$run"
    lock 9 "$dir/lock" "the private buildkitd"
    at_exit "rm -rf '$run'"
    at_exit "unmount_below '$run'; unmount_below '$dir'"
    # RUN steps share the machine's network: nothing to set up, and --network=none still isolates.
    cat >"$dir/buildkitd.toml" <<TOML
root = "$dir/root"
insecure-entitlements = ["network.host", "security.insecure"]
[grpc]
address = ["unix://$run/buildkitd.sock"]
[otel]
socketPath = "$run/otel.sock"
[worker.oci]
networkMode = "host"
[worker.containerd]
enabled = false
TOML
    : >"$dir/buildkitd.log"
    # A build that is cut off leaves mounts in the temporary directory; here they are found and undone.
    daemon "$dir/buildkitd.log" env TMPDIR="$dir/tmp" "$engine_dir/bin/buildkitd" --config "$dir/buildkitd.toml"
    at_exit "stop_pid $pid buildkitd"
    export BUILDKIT_HOST=unix://$run/buildkitd.sock
    wait_until_up buildkitd "$pid" "$dir/buildkitd.log" "$engine_dir/bin/buildctl" debug workers
}

use_buildkitd() {
    docker buildx create --name layergate --driver remote "$BUILDKIT_HOST" >/dev/null
    export BUILDX_BUILDER=layergate PATH=$engine_dir/bin:$PATH
}
