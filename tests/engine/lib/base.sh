# The base image of the tests, put where the engine finds it.
# shellcheck shell=bash

load_base() {
    export LAYERGATE_BASE_TAR=$engine_dir/base.tar
    local sum
    sum=$(cat "$engine_dir/base.tar.sha256")
    if [ "$LAYERGATE_ENGINE" = buildkitd ]; then push_base; return; fi
    export LAYERGATE_BASE=layergate/base:dev
    [ "$(docker image inspect --format '{{index .Config.Labels "layergate.base"}}' "$LAYERGATE_BASE" 2>/dev/null)" = "$sum" ] && return
    docker import --change "LABEL layergate.base=$sum" --change 'CMD ["/bin/bash"]' \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        "$LAYERGATE_BASE_TAR" "$LAYERGATE_BASE" >/dev/null
}

# buildkitd has no image store, so the image goes to the registry. The engine keeps the layer cached; a fixed
# date keeps the image's digest, and with it every cached step on top, the same in each run.
push_base() {
    [ -n "${LAYERGATE_REGISTRY-}" ] || unavailable "buildkitd needs a registry for the base image: install docker-registry."
    export LAYERGATE_BASE=$LAYERGATE_REGISTRY/layergate/base:dev
    local context=$engine_dir/base-context log=$engine_dir/base-push.log
    mkdir -p "$context"
    ln -fL "$LAYERGATE_BASE_TAR" "$context/base.tar"
    SOURCE_DATE_EPOCH=0 docker buildx build --progress=plain --provenance=false \
        --output "type=image,name=$LAYERGATE_BASE,push=true" -f - "$context" >"$log" 2>&1 <<'DOCKERFILE' ||
FROM scratch
ADD base.tar /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["/bin/bash"]
DOCKERFILE
        { tail -n 20 "$log" >&2; fail "could not push the base image to $LAYERGATE_REGISTRY; see $log"; }
}
