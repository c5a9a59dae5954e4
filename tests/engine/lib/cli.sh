# The docker command with its buildx plugin, in a configuration of its own.
# shellcheck shell=bash

# Debian's buildx is 0.13: it has neither --call nor --check, and an export to the client never ends with a new buildkitd.
oldest_buildx=0.15
buildx_to_build=v0.30.1

# Prints where the machine's buildx plugin is. These are the directories that docker itself looks into, in its order,
# but distributions build docker with different lists, so the plugin is linked where every docker finds it.
buildx_plugin() {
    local dir
    for dir in "${DOCKER_CONFIG:-${HOME:-/}/.docker}" /usr/local/lib/docker /usr/local/libexec/docker /usr/lib/docker /usr/libexec/docker; do
        if [ -x "$dir/cli-plugins/docker-buildx" ]; then
            readlink -f "$dir/cli-plugins/docker-buildx"
            return
        fi
    done
    return 1
}

buildx_version() { # PLUGIN
    "$1" version 2>/dev/null | sed -n '1s/^[^ ]* v\{0,1\}\([0-9][0-9.]*\).*/\1/p'
}

is_new_buildx() { # VERSION
    [ -n "$1" ] && printf '%s\n' "$oldest_buildx" "$1" | sort -V -C
}

# Sets plugin and LAYERGATE_BUILDX: the machine's buildx if it is new enough, else one built here if
# there is Go, else the machine's all the same.
choose_buildx() {
    local built=$engine_dir/bin/buildx
    if plugin=$(buildx_plugin) && is_new_buildx "$(buildx_version "$plugin")"; then
        :
    elif go_build buildx github.com/docker/buildx "$buildx_to_build" buildx && [ -x "$built" ]; then
        plugin=$built
    elif [ -z "$plugin" ]; then
        unavailable "docker has no buildx plugin; install the package docker-buildx."
    fi
    LAYERGATE_BUILDX=$(buildx_version "$plugin")
    export LAYERGATE_BUILDX
}

# Builders, contexts and credentials of the user are neither seen nor changed.
private_cli() {
    local plugin dir=$engine_dir/cli-$$
    choose_buildx
    at_exit "rm -rf '$dir'"
    mkdir -p "$dir/cli-plugins" "$dir/buildx"
    ln -s "$plugin" "$dir/cli-plugins/docker-buildx"
    echo '{}' >"$dir/config.json"
    export DOCKER_CONFIG=$dir BUILDX_CONFIG=$dir/buildx BUILDX_BUILDER=default
    unset DOCKER_CONTEXT
}

# What a killed run could not remove: directories of this name whose process is gone.
sweep() {
    local dir
    for dir in "$engine_dir"/cli-* "$engine_dir"/registry-*; do
        [ ! -d "$dir" ] || kill -0 "${dir##*-}" 2>/dev/null || rm -rf "$dir"
    done
}
