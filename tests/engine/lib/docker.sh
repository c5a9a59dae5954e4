# A private Docker Engine that shares nothing with any other on the machine.
# shellcheck shell=bash

# Prints the image store of the engine at an address: classic or containerd. Fails if none answers
# there, or one that is too old.
docker_store() { # HOST
    local version
    version=$(timeout 20 docker -H "$1" version --format '{{.Server.Version}}' 2>/dev/null) || return 1
    if [ "${version%%.*}" -lt 24 ] 2>/dev/null; then
        say "Docker Engine $version at $1 is older than 24 and is left alone"
        return 1
    fi
    case $(docker -H "$1" info --format '{{.DriverStatus}}' 2>/dev/null) in
        *io.containerd.snapshotter*) echo containerd ;;
        *) echo classic ;;
    esac
}

# Prints the addresses where an engine may already be: the one the user works with, the machine's, and
# those that the `with` around this one started.
docker_hosts() {
    docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || true
    echo unix:///var/run/docker.sock
    tr ' ' '\n' <<<"${LAYERGATE_DOCKER_HOSTS-}"
}

start_docker() { # STORE
    [ "$(id -u)" = 0 ] || unavailable "no Docker Engine with the $1 image store answers, and only root can start one: start Docker, set DOCKER_HOST, or use sudo."
    "$here/install" docker
    local store=$1 dir=$engine_dir/$1 run pid containerd_pid snapshotter=false
    run=$(run_dir "$store")
    mkdir -p "$dir/tmp" "$run"
    lock 9 "$dir/lock" "the private $store engine"
    at_exit "rm -rf '$run'"
    at_exit "unmount_below '$run'; unmount_below '$dir'"

    # dockerd would otherwise join a containerd that happens to run on the machine.
    cat >"$dir/containerd.toml" <<TOML
version = 2
root = "$dir/containerd"
state = "$run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "$run/containerd.sock"
TOML
    : >"$dir/containerd.log"
    daemon "$dir/containerd.log" containerd --config "$dir/containerd.toml"
    containerd_pid=$pid
    at_exit "stop_pid $pid containerd"
    wait_until_up containerd "$containerd_pid" "$dir/containerd.log" test -S "$run/containerd.sock"

    local bridge mtu
    make_bridge "$store"
    [ "$store" = classic ] || snapshotter=true
    rm -f "$run/docker.pid"
    # Without iptables: an engine that manages them rewrites chains that it believes to be its alone.
    cat >"$dir/daemon.json" <<JSON
{
  "hosts": ["unix://$run/docker.sock"], "group": "$(id -gn)",
  "data-root": "$dir/data", "exec-root": "$run/exec", "pidfile": "$run/docker.pid",
  "containerd": "$run/containerd.sock",
  "bridge": "$bridge", "mtu": $mtu, "iptables": false, "ip6tables": false,
  "features": { "containerd-snapshotter": $snapshotter }
}
JSON
    : >"$dir/dockerd.log"
    daemon "$dir/dockerd.log" env TMPDIR="$dir/tmp" dockerd --config-file "$dir/daemon.json"
    at_exit "stop_pid $pid dockerd"
    wait_until_up dockerd "$pid" "$dir/dockerd.log" docker -H "unix://$run/docker.sock" version
    export DOCKER_HOST=unix://$run/docker.sock
    local got
    got=$(docker_store "$DOCKER_HOST")
    [ "$got" = "$store" ] || fail "the private engine came up with the $got image store instead of $store; see $dir/dockerd.log"
    if [ "$store" = classic ] && [ "$(docker info --format '{{.Driver}}')" != overlay2 ]; then
        fail "the private engine cannot use overlay2 on the file system of $dir; see $dir/dockerd.log"
    fi
}

# A bridge with a free subnet and a way out for it, so that RUN reaches the network the machine reaches.
# Sets bridge and mtu.
make_bridge() { # STORE
    local id subnet third device
    id=$(printf %s "$engine_dir/$1" | cksum | cut -d' ' -f1)
    bridge=lg-$id
    ip link delete "$bridge" 2>/dev/null || true # left by a run that was killed
    for ((third = id % 256; ; third = (third + 1) % 256)); do
        subnet=10.207.$third
        ip -4 route show | grep -q "^$subnet\." || break
    done
    device=$(ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
    mtu=$(cat "/sys/class/net/${device:-lo}/mtu")
    [ "$mtu" -le 1500 ] || mtu=1500
    ip link add "$bridge" type bridge
    at_exit "ip link delete $bridge"
    ip address add "$subnet.1/24" dev "$bridge"
    ip link set "$bridge" up
    local rule
    for rule in "nat POSTROUTING -s $subnet.0/24 ! -o $bridge -j MASQUERADE" \
        "filter FORWARD -i $bridge -j ACCEPT" "filter FORWARD -o $bridge -j ACCEPT"; do
        # shellcheck disable=SC2086
        set -- $rule
        iptables -w -t "$1" -D "${@:2}" 2>/dev/null || true
        iptables -w -t "$1" -I "${@:2}"
        at_exit "iptables -w -t $1 -D ${*:2}"
    done
}
