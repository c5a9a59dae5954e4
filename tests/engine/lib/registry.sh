# A registry on the loopback interface that lives as long as this run.
# shellcheck shell=bash

start_registry() {
    local dir=$engine_dir/registry-$$ pid
    at_exit "rm -rf '$dir'"
    mkdir -p "$dir"
    # Port 0: the kernel picks a free one, and the log tells which.
    cat >"$dir/config.yml" <<YAML
version: 0.1
log: { level: info, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: $dir/data }, delete: { enabled: true } }
http: { addr: "127.0.0.1:0" }
YAML
    daemon "$dir/log" docker-registry serve "$dir/config.yml"
    at_exit "stop_pid $pid docker-registry"
    wait_until_up docker-registry "$pid" "$dir/log" grep -q 'listening on 127' "$dir/log"
    LAYERGATE_REGISTRY=$(sed -n 's/.*listening on \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$dir/log" | head -n 1)
    export LAYERGATE_REGISTRY
}
