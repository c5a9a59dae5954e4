# The docker command with its buildx plugin, in a configuration of its own.
# shellcheck shell=bash

# Prints where the buildx plugin is. These are the directories that docker itself looks into, in its order,
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

# Builders, contexts and credentials of the user are neither seen nor changed.
private_cli() {
    local plugin dir=$engine_dir/cli-$$
    plugin=$(buildx_plugin) || unavailable "docker has no buildx plugin; install the package docker-buildx."
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
