//! The classifiers: which files, what they are, and how the version stands in them.
//!
//! Of one file, the first row that fits counts, and in it the first pattern; so what is derived from
//! something else stands before it. Patterns are explained in `pattern.rs`. They were found in
//! programs as their projects, distributions and wheels build them.

use crate::analyze::Want;
use crate::model::Ecosystem;

use Want::{Library, Name, Program};

/// One program or library.
#[derive(Debug)]
pub(super) struct Classifier {
    pub(super) id: &'static str,
    pub(super) files: &'static [Want],
    pub(super) name: &'static str,
    /// `vendor:product` of CPE names that it goes by, the most likely first.
    pub(super) cpe: &'static str,
    pub(super) patterns: &'static [&'static [u8]],
    /// It is written in Go: what its build information tells is better, and the linker may have set
    /// the version.
    pub(super) is_go: bool,
    /// What is in the file where the library is only loaded, and not a part of it. Empty where the
    /// file is the thing itself.
    pub(super) unless: &'static [u8],
    pub(super) ecosystem: Ecosystem,
}

const fn row(
    id: &'static str,
    files: &'static [Want],
    name: &'static str,
    cpe: &'static str,
    patterns: &'static [&'static [u8]],
) -> Classifier {
    let ecosystem = Ecosystem::Generic;
    Classifier { id, files, name, cpe, patterns, is_go: false, unless: b"", ecosystem }
}

const fn go(
    id: &'static str,
    files: &'static [Want],
    name: &'static str,
    cpe: &'static str,
    patterns: &'static [&'static [u8]],
) -> Classifier {
    Classifier { is_go: true, ..row(id, files, name, cpe, patterns) }
}

#[rustfmt::skip]
pub(super) const CLASSIFIERS: &[Classifier] = &[
    // Interpreters and compilers.
    row("python", &[Program("python"), Library("libpython")], "python", "python:python,python_software_foundation:python", &[
        b"\0{f}\0", b"\0{v}\0<prefix>/lib/pythonX.X", b"\0{v}\0strict\0<prefix>", b"\0{v}\0%.80s (%.80s) %.80s",
    ]),
    row("pypy", &[Program("pypy"), Library("libpypy")], "pypy", "pypy:pypy", &[b"[PyPy {v} with "]),
    row("node", &[Program("node"), Library("libnode")], "node", "nodejs:node.js", &[
        b"node.js/v{n}", b"/download/release/v{n}/node-v", b"\0node v{n}\0", b"\0v{n}\0--enable-ssl2", b"\0v{n}\0moduleLoadList",
    ]),
    row("deno", &[Program("deno")], "deno", "deno:deno", &[
        b"\nDeno/{n}", b"Deno/{n}Deno/", b"denover{n}Deno/", b"release/v{n}windows", b"Deno/{n}+",
        b"standalone.rsdeno-{#40}{n}release/v", b"deno-canary/{#40}{n}dl", b"already installed\n{n}{#40}DENO_",
    ]),
    row("bun", &[Program("bun"), Program("bunx")], "bun", "bun:bun,oven:bun", &[b"bun-v{n}\0", b"\nBun v{n}", b"Bun v{n} ("]),
    row("ruby", &[Program("ruby"), Library("libruby")], "ruby", "ruby-lang:ruby", &[b"\0ruby {v} (2", b"ruby {v} (2"]),
    row("perl", &[Program("perl"), Library("libperl")], "perl", "perl:perl", &[
        b"PERL_INTERNAL_RAND_SEED\0v{n}\0", b"/lib/perl5/{n}\0", b"/lib/perl5/{n}/", b"/share/perl/{n}\0",
    ]),
    row("php", &[Program("php"), Program("php-fpm"), Program("php-cgi"), Library("libphp")], "php", "php:php", &[b"X-Powered-By: PHP/{v}"]),
    row("lua", &[Program("lua"), Program("luac"), Library("liblua")], "lua", "lua:lua", &[b"$LuaVersion: Lua {n} ", b"$Lua: Lua {n} ", b"\0Lua {n} "]),
    row("luajit", &[Program("luajit"), Library("libluajit")], "luajit", "luajit:luajit", &[b"\0LuaJIT {v} -- ", b"\0LuaJIT {v}\0"]),
    row("julia", &[Library("libjulia"), Program("julia")], "julia", "julialang:julia", &[
        b"\0{v}\0julia version", b"{v}\0branch\0commit", b"\0__init__\0{v}\0verify_methods\0", b"cannot be serialized\0{v}\0BigInt\0",
        b"\0#kw#\0{v}\0", b"\0ObjectIdDict\0{v}\0jl_sysimg", b"\0require\0{v}\0core",
    ]),
    row("erlang", &[Name("beam.smp"), Name("beam"), Name("erlexec"), Name("liberts_internal.a")], "erlang", "erlang:erlang\\/otp", &[
        b"/otp_src_{d}/", b"\0{v}{0}Erlang/OTP ", b"[kernel-poll:%s]\n\0{v}\0", b"/erlang-{n}",
    ]),
    row("elixir", &[Name("elixir"), Name("elixir.app")], "elixir", "elixir-lang:elixir", &[b"ELIXIR_VERSION={v}\n", b"description,\"elixir\"{..40}vsn,\"{v}\""]),
    row("swipl", &[Program("swipl"), Library("libswipl")], "swipl", "erlang:swi-prolog", &[b"/swipl-{n}/"]),
    row("dart", &[Program("dart"), Program("dartvm")], "dart", "dart:dart_software_development_kit", &[b"\0{v} (stable) (", b"\0{v} (beta) (", b"\0{v} (dev) ("]),
    row("ghc", &[Program("ghc")], "haskell/ghc", "haskell:ghc", &[b"\0GHC {n}\0", b"libHSghc-{n}-"]),
    row("cabal", &[Program("cabal")], "haskell/cabal", "haskell:cabal", &[b"/cabal-install-{n}", b"\0Cabal-{n}"]),
    row("gcc", &[
        Program("gcc"), Program("g++"), Program("cc"), Program("c++"), Program("x86_64-linux-gnu-gcc"), Program("aarch64-linux-gnu-gcc"),
    ], "gcc", "gnu:gcc", &[b"GCC: (GNU) {n}\0", b"\0{n}\0({..60}) \0gcc version"]),
    row("rust", &[Library("libstd-"), Library("librustc_driver")], "rust", "rust-lang:rust", &[b"rustc version {v} (", b"c {v} ({#9} 20"]),
    row("go", &[Name("VERSION"), Name("VERSION.cache")], "go", "golang:go", &[b"{^}go{d}", b"{^}devel go{v} "]),
    row("go-binary", &[Program("go"), Name("go.exe")], "go", "golang:go", &[b"\0go{v}\0"]),
    row("composer", &[Name("composer"), Name("composer.phar")], "composer", "getcomposer:composer", &[b"'pretty_version' => '{v}'"]),
    row("wp-cli", &[Name("wp"), Name("wp-cli.phar")], "wp-cli", "wp-cli:wp-cli", &[b"wp-cli/wp-cli {v} ", b"wp-cli/wp-cli v{v} "]),

    // Shells and tools.
    row("busybox", &[Name("busybox"), Name("["), Name("[[")], "busybox", "busybox:busybox", &[b"BusyBox v{v}"]),
    row("bash", &[Program("bash")], "bash", "gnu:bash", &[b"Bash version {n}("]),
    row("util-linux", &[Name("getopt"), Name("mount"), Name("lsblk")], "util-linux", "kernel:util-linux", &[b"\0util-linux {v}\0"]),
    row("git", &[Name("git"), Name("git-remote-http")], "git", "git-scm:git", &[b"\0git/{n}\0", b"git/{n}\0GIT_USER_AGENT"]),
    row("curl", &[Program("curl"), Library("libcurl")], "curl", "haxx:curl,haxx:libcurl", &[
        b"\0curl {v} (", b"\0curl/{n}\0", b"libcurl/{n}", b"CLIENT libcurl {n}",
    ]),
    row("wget", &[Program("wget")], "wget", "gnu:wget", &[b"\0{=1.}\0{0}ABCDEFGHIJ", b"/wget-{n}="]),
    row("gzip", &[Program("gzip")], "gzip", "gnu:gzip", &[b"\0bad pack level\0{n}\0", b"size changed while zipping\n\0{n}\0"]),
    row("tar", &[Name("tar")], "tar", "gnu:tar", &[b"\0{n}\0%s-%s-%d\n"]),
    row("rsync", &[Program("rsync")], "rsync", "samba:rsync", &[b"%s  version {n}  protocol", b"\0rsync-{n}"]),
    row("sudo", &[Name("sudo")], "sudo", "sudo_project:sudo", &[b"Sudo version %s\n\0{v}\0"]),
    row("jq", &[Program("jq"), Library("libjq")], "jq", "jqlang:jq,jq_project:jq", &[
        b"\0{n}\0DEBUG:\0", b"\0jq-{v}\0", b"\0{v}\0DEBUG:\0",
    ]),
    row("xz", &[Name("xz"), Name("xzdec"), Name("unxz")], "xz", "tukaani:xz", &[b"(XZ Utils) {v}\0", b"(XZ Utils) {v}\n"]),
    row("zstd", &[Program("zstd")], "zstd", "facebook:zstandard", &[b"\0v{n}\0Zstandard CLI", b"\0v{n}\0{..60}Zstandard CLI", b"Yann Collet\0v{n}\0"]),
    row("openssh", &[Name("sshd"), Name("ssh"), Name("ssh-agent")], "openssh", "openbsd:openssh", &[b"\0OpenSSH_{n}"]),
    row("dropbear", &[Program("dropbear"), Name("dropbearmulti"), Name("dbclient")], "dropbear", "dropbear_ssh_project:dropbear_ssh", &[b"SSH-2.0-dropbear_{n}"]),
    row("openldap", &[Name("ldapsearch"), Name("ldapmodify"), Name("slapd")], "openldap", "openldap:openldap", &[b"$OpenLDAP: ldapsearch {n}", b"$OpenLDAP: ldapmodify {n}", b"$OpenLDAP: slapd {n}"]),

    // Servers.
    row("openresty", &[Program("nginx")], "nginx", "f5:nginx,nginx:nginx,openresty:openresty", &[b"nginx version: openresty/{n}.{#}\n"]),
    row("nginx", &[Program("nginx")], "nginx", "f5:nginx,nginx:nginx", &[b"nginx version: nginx/{n}", b"\0nginx/{n}\0"]),
    row("httpd", &[Program("httpd"), Program("apache")], "httpd", "apache:http_server", &[b"\0Apache/{n}", b"Apache/{n}"]),
    row("lighttpd", &[Program("lighttpd")], "lighttpd", "lighttpd:lighttpd", &[b"\0lighttpd/{n}"]),
    row("proftpd", &[Program("proftpd")], "proftpd", "proftpd:proftpd", &[b"ProFTPD Version {v}\0"]),
    row("haproxy", &[Program("haproxy")], "haproxy", "haproxy:haproxy", &[
        b"version {v}-{#7}, released 20", b"version {n}-{..20}, released 20", b"version {v}, released 20", b"HA-Proxy version {n} 20",
        b"\0{v}-{#7}{0}HAProxy version", b"\0{n}-{..20}{0}HAProxy version", b"\0{v}{0}HAProxy version",
    ]),
    row("varnish", &[Program("varnishd")], "varnish", "varnish-software:varnish_cache", &[b"\0varnish-{n} revision"]),
    row("squid", &[Program("squid")], "squid", "squid-cache:squid", &[b"\0squid/{n}\0"]),
    row("unbound", &[Program("unbound")], "unbound", "nlnetlabs:unbound", &[b"\0unbound {n}\0"]),
    row("bind", &[Program("named")], "bind", "isc:bind", &[b"\0libisc-{n}"]),
    row("envoy", &[Program("envoy")], "envoy", "envoyproxy:envoy", &[
        b"\0{=1.3}\0envoy", b"\0{=1.2}\0envoy", b"\0{=1.4}\0envoy", b"\0{v}\0RELEASE\0", b"\0{v}\0Unable to convert YAML",
        b"\0{=1.4}\0{..1000}envoy", b"\0{=1.3}\0{..1000}envoy", b"envoy{..1000}\0{=1.4}\0", b"envoy{..1000}\0{=1.3}\0",
        b"\0{=1.2}\0{..1000}envoy", b"envoy{..1000}\0{=1.2}\0", b"\0{=1.1}\0{..1000}envoy", b"envoy{..1000}\0{=1.1}\0",
        b"[source/{..200}\0{=1.1}\0",
    ]),
    row("valkey", &[Program("valkey-server"), Program("valkey-cli"), Program("valkey-sentinel")], "valkey", "lfprojects:valkey,linuxfoundation:valkey", &[
        b"valkey{n}buildkitsandbox-{#}", b"\0{n}buildkitsandbox-{#}", b"valkey{n}{#12}-{#}000000000\0", b"valkey{n}-{#}\0", b"\0{n}\0c11-builtin\0",
    ]),
    row("redis", &[Program("redis-server"), Program("redis-check-rdb"), Program("redis-check-aof"), Program("redis-sentinel"), Program("redis-cli")], "redis", "redis:redis,redislabs:redis", &[
        b"Redis version {n}\0", b"{n}buildkitsandbox-{#}", b"{n}{#12}-{#}000000000\0", b"\0{n}\0c11-builtin\0", b"\0{n}\0 (git:%s", b"\0{n}\0{..80}redis_version:",
    ]),
    row("memcached", &[Program("memcached")], "memcached", "memcached:memcached", &[b"\0memcached {n}", b"VERSION {n}\0"]),
    row("postgresql", &[Program("postgres"), Program("postmaster")], "postgresql", "postgresql:postgresql", &[b"PostgreSQL {d} on ", b"PostgreSQL {d} (", b"\0PostgreSQL {d}\0"]),
    row("percona-xtradb-cluster", &[Program("mysql"), Program("mysqld")], "percona-xtradb-cluster", "percona:xtradb_cluster", &[b"/Percona-XtraDB-Cluster-{n}"]),
    row("percona-server", &[Program("mysql"), Program("mysqld")], "percona-server", "percona:percona_server", &[b"/percona-server-{n}"]),
    row("percona-xtrabackup", &[Program("xtrabackup")], "percona-xtrabackup", "percona:xtrabackup", &[b"BUILD/percona-xtrabackup-{n}"]),
    row("mariadb", &[
        Program("mariadb"), Program("mariadbd"), Program("mysqld"), Program("mysql"), Program("mariadb-dump"), Program("mariadb-admin"),
    ], "mariadb", "mariadb:mariadb", &[b"\0{n}-MariaDB", b"/mariadb-{n}", b"MARIADB_UNIX_PORT\0{n}\0"]),
    row("mysql-cluster", &[Program("mysqld"), Program("ndbd"), Program("ndbmtd"), Program("ndb_mgmd")], "mysql-cluster", "oracle:mysql_cluster", &[b"/mysql-cluster-gpl-{n}", b"-ndb-{n}\0"]),
    row("mysqld", &[Program("mysqld")], "mysql-server", "oracle:mysql,oracle:mysql_server", &[b"/mysql-{n}", b"\0{n}{0}mysql"]),
    row("mysql", &[Program("mysql"), Program("mysqldump"), Program("mysqladmin")], "mysql", "oracle:mysql", &[b"/mysql-{n}", b"\0{n}{0}mysql_real_escape"]),
    row("mongodb", &[Program("mongod"), Program("mongos")], "mongodb", "mongodb:mongodb", &[
        b"\0{v}\0tcmalloc\0", b"\0{v}\0heap_size\0", b"\0{v}\0cppdefines\0", b"\0{v}\0gitVersion\0",
    ]),
    row("arangodb", &[Program("arangod"), Program("arangosh")], "arangodb", "arangodb:arangodb", &[b"\0{v} [linux]", b"\0{v} enterprise [linux]"]),
    row("fluent-bit", &[Program("fluent-bit")], "fluent-bit", "treasuredata:fluent_bit", &[
        b"\0{v}{0}Fluent Bit v", b"\0{v}{0}%sFluent Bit v", b"\0{v}{0}\x1b[1m\0%sFluent Bit v",
    ]),
    row("sqlcipher", &[Program("sqlcipher"), Library("libsqlcipher")], "sqlcipher", "zetetic:sqlcipher", &[b"\0community\0{n}\0"]),
    row("sqlite", &[Program("sqlite"), Library("libsqlite")], "sqlite", "sqlite:sqlite", &[b"\0{=3.}\0"]),
    row("dnsmasq", &[Program("dnsmasq")], "dnsmasq", "thekelleys:dnsmasq", &[b"\0dnsmasq-{n}\0", b"started, version {n} "]),

    // Written in Go.
    go("helm", &[Name("helm"), Name("tiller")], "helm", "helm:helm", &[]),
    go("kubectl", &[Name("kubectl"), Name("kubelet"), Name("kubeadm")], "kubernetes", "kubernetes:kubernetes", &[]),
    go("traefik", &[Name("traefik")], "traefik", "traefik:traefik", &[]),
    go("consul", &[Name("consul")], "consul", "hashicorp:consul", &[b"CONSUL_VERSION: {v}\n", b"/consul/version.GitDescribe={n}"]),
    Classifier {
        ecosystem: Ecosystem::Golang,
        ..go("vault", &[Name("vault")], "github.com/hashicorp/vault", "hashicorp:vault", &[
            b"%s.%s:revoke{n})", b"index_state{v}\n", b"0x%016x{n}\n123-abc", b"0x%016x{n}123-abc",
        ])
    },
    go("grafana", &[Name("grafana"), Name("grafana-server")], "grafana", "grafana:grafana", &[b"\0release-{v}\0"]),
    go("pilot-discovery", &[Name("pilot-discovery")], "pilot-discovery", "istio:istio", &[b"\0Modified{0}{v}\0"]),
    go("pilot-agent", &[Name("pilot-agent")], "pilot-agent", "istio:istio", &[b"\0Modified{0}{v}\0"]),
    go("ingress-nginx", &[Name("nginx-ingress-controller")], "nginx-ingress-controller", "kubernetes:ingress-nginx", &[]),
    go("ollama", &[Name("ollama")], "ollama", "ollama:ollama", &[]),
    go("filebeat", &[Name("filebeat")], "filebeat", "elastic:filebeat", BEATS),
    go("metricbeat", &[Name("metricbeat")], "metricbeat", "elastic:metricbeat", BEATS),
    go("heartbeat", &[Name("heartbeat")], "heartbeat", "elastic:heartbeat", BEATS),
    go("packetbeat", &[Name("packetbeat")], "packetbeat", "elastic:packetbeat", BEATS),
    go("auditbeat", &[Name("auditbeat")], "auditbeat", "elastic:auditbeat", BEATS),
    go("elastic-agent", &[Name("elastic-agent")], "elastic-agent", "elastic:elastic_agent", &[
        b"enroll: true{n}-header", b"enroll{n}-header", b"enroll{n}header", b"PM{n}:https",
    ]),

    // Cryptography and the network.
    row("aws-lc", &[Program("openssl"), Library("libcrypto"), Library("libssl")], "aws-lc", "amazon:aws-lc", &[b"(compatible; AWS-LC {n})"]),
    row("libressl", &[Program("openssl"), Library("libcrypto"), Library("libssl")], "libressl", "openbsd:libressl", &[b"LibreSSL {n}"]),
    row("openssl", &[Program("openssl"), Library("libcrypto"), Library("libssl")], "openssl", "openssl:openssl", OPENSSL),
    Classifier {
        unless: b"libcrypto.so",
        ..row("openssl-in-module", &[Library("_rust.abi3"), Library("_openssl.abi3")], "openssl", "openssl:openssl", OPENSSL)
    },
    row("gnutls", &[Library("libgnutls.so"), Library("libgnutls-")], "gnutls", "gnu:gnutls", &[b"Enabled GnuTLS {n} "]),
    row("libsodium", &[Library("libsodium")], "libsodium", "libsodium:libsodium", &[b"\0{=1.}\0"]),
    row("libssh2", &[Library("libssh2")], "libssh2", "libssh2:libssh2", &[b"SSH-2.0-libssh2_{n}"]),
    row("libssh", &[Library("libssh")], "libssh", "libssh:libssh", &[b"SSH-2.0-libssh_{n}"]),
    row("nghttp2", &[Library("libnghttp2")], "nghttp2", "nghttp2:nghttp2", &[b"{=1.}\0"]),
    row("heimdal", &[Library("libkrb5")], "heimdal-krb5", "heimdal_project:heimdal", &[b"$Version: Heimdal {n} ", b"\0Heimdal {n}\0"]),
    row("krb5", &[Library("libkrb5")], "krb5", "mit:kerberos_5", &[b"KRB5_BRAND: krb5-{n}-", b"KRB5_BRAND: krb5-{n}"]),
    row("cyrus-sasl", &[Library("libsasl2")], "cyrus-sasl", "cyrusimap:cyrus-sasl", &[b"Cyrus SASL\0{n}\0"]),

    // Compression.
    row("zlib", &[Library("libz.so"), Library("libz-"), Library("libz.1"), Library("libz.dylib")], "zlib", "zlib:zlib", &[b" deflate {n} Copyright", b" inflate {n} Copyright"]),
    row("liblzma", &[Library("liblzma")], "xz", "tukaani:xz", &[b"\0{=5.}\0"]),
    row("libzstd", &[Library("libzstd")], "zstd", "facebook:zstandard", &[b"{=1.}\0"]),
    row("libbz2", &[Library("libbz2")], "bzip2", "bzip:bzip2", &[b"\0{n}, 13-Jul-2019", b"\0{n}, 6-Sept-2010"]),
    row("liblz4", &[Library("liblz4")], "lz4", "lz4_project:lz4", &[b"\0{=1.}\0"]),
    row("libarchive", &[Library("libarchive.so"), Library("libarchive-")], "libarchive", "libarchive:libarchive", &[b"\0libarchive {n}\0", b"software: libarchive/{n}"]),

    // Text and data.
    row("expat", &[Library("libexpat")], "expat", "libexpat_project:libexpat", &[b"\0expat_{n}\0"]),
    row("libxml2", &[Library("libxml2")], "libxml2", "xmlsoft:libxml2", &[b"{5}{0}xmlGetGlobalState", b"added to file hash\n\0{5}\0"]),
    Classifier {
        unless: b"libxml2.so",
        ..row("libxml2-in-module", &[Library("etree.cpython"), Library("objectify.cpython")], "libxml2", "xmlsoft:libxml2", &[
            b"\0{5}\0{..12}\0lxml.etree", b"added to file hash\n\0{5}\0",
        ])
    },
    row("libxslt", &[Library("libxslt")], "libxslt", "xmlsoft:libxslt", &[b"text/xsl\0{5}\0"]),
    row("pcre2", &[Library("libpcre2")], "pcre2", "pcre:pcre2", &[b"{n} 20{#2}-{#2}-{#2}\0"]),
    row("gmp", &[Library("libgmp.so"), Library("libgmp-")], "gmp", "gmplib:gmp", &[b"{=6.}\0", b"{=5.}\0"]),
    row("libyaml", &[Library("libyaml-")], "libyaml", "pyyaml:libyaml", &[b"\0{=0.}\0"]),
    row("libgit2", &[Library("libgit2")], "libgit2", "libgit2:libgit2", &[b"libgit2 {n}\0", b"libgit2 {n}\n"]),
    row("hdf5", &[Library("libhdf5.so"), Library("libhdf5-"), Library("libhdf5_serial")], "hdf5", "hdfgroup:hdf5", &[b"HDF5 library version {n}", b"HDF5 Version: {v}\n"]),
    row("openblas", &[Library("libopenblas"), Library("libscipy_openblas")], "openblas", "openblas_project:openblas", &[b"OpenBLAS {n}"]),
    row("qt", &[Library("libQt")], "qtbase", "qt:qt", &[b"\0Qt {n} (", b"QtCore library version {n}"]),

    // Images, sound and video.
    row("ffmpeg", &[
        Program("ffmpeg"), Program("ffprobe"), Program("ffplay"), Library("libavcodec"), Library("libavformat"), Library("libavutil"),
        Library("libavfilter"), Library("libavdevice"), Library("libswscale"), Library("libswresample"),
    ], "ffmpeg", "ffmpeg:ffmpeg", &[b"FFmpeg version {n}", b"FFmpeg version n{n}", b"\0%s version {n}", b"\0%s version n{n}"]),
    row("libpng", &[Library("libpng")], "libpng", "libpng:libpng", &[b"libpng version {n}"]),
    row("libjpeg-turbo", &[Library("libjpeg"), Library("libturbojpeg")], "libjpeg-turbo", "libjpeg-turbo:libjpeg-turbo", &[b"libjpeg-turbo version {n} "]),
    row("libtiff", &[Library("libtiff")], "libtiff", "libtiff:libtiff", &[b"LIBTIFF, Version {n}"]),
    row("openjpeg", &[Library("libopenjp2")], "openjpeg", "uclouvain:openjpeg", &[b"\0{=2.}\0"]),
    row("libvpx", &[Library("libvpx")], "libvpx", "webmproject:libvpx", &[b"\0v{n}\0", b"WebM Project VP8 Decoder v{n}"]),
    row("libaom", &[Library("libaom")], "libaom", "aomedia:aomedia", &[b"\0{=3.}\0", b"AOMedia Project AV1 Encoder v{n}"]),
    row("opus", &[Library("libopus")], "opus", "opus-codec:opus", &[b"\0libopus {n}\0"]),
    row("svt-av1", &[Library("libSvtAv1")], "svt-av1", "aomedia:svt-av1", &[b"\0v{n}\0SVT [build]"]),
    row("lame", &[Library("libmp3lame")], "lame", "lame_project:lame", &[b"\0LAME{n} "]),
    row("dav1d", &[Library("libdav1d")], "dav1d", "videolan:dav1d", &[b"\0{=1.}\0"]),

    // Models.
    row("onnxruntime", &[Library("libonnxruntime")], "onnxruntime", "microsoft:onnxruntime", &[b"\0VERS_{=1.}\0", b"CPUExecutionProvider\0{n}\0"]),
    row("tensorflow", &[Library("libtensorflow")], "tensorflow", "google:tensorflow", &[b"\0v{n}-{#}-g", b"\0v{n}-rc{#}-{#}-g"]),
    row("ggml", &[Library("libggml")], "ggml", "ggml:ggml", &[b"GGML status: unknown\0{n}\0"]),

    // Browsers.
    row("chromium", &[Name("chrome"), Name("chromium"), Name("headless_shell"), Name("chrome-headless-shell")], "chrome", "google:chrome,chromium:chromium", &[
        b"\0{n}\0chrome\0", b"\0{n}\0Default\n", b"HeadlessChrome/{n}", b"Chrome/{n}\0", b"\0Chrome/{n} ",
    ]),
    row("firefox", &[Name("application.ini")], "firefox", "mozilla:firefox", &[b"\nName=Firefox\n{..300}\nVersion={v}\n"]),
];

const OPENSSL: &[&[u8]] =
    &[b"\0OpenSSL {v} ", b"OpenSSL {v}  ", b"part of OpenSSL {v} ", b"@OpenSSL {v} "];

const BEATS: &[&[u8]] = &[
    b"setupTest {n}%s",
    b"setupTest {n}input",
    b"createplugin{n}-global",
    b"createplugin{n}global",
    b"5m.rate{n}-",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::CLASSIFIERS;
    use crate::analyze::binary::pattern::{Pattern, Window};

    /// A text that the pattern fits, and the version in it.
    fn sample(pattern: &[u8]) -> (Vec<u8>, String) {
        let text = String::from_utf8(pattern.to_vec()).unwrap();
        let (mut made, mut version) = (Vec::new(), None);
        for (at, part) in text.split(['{', '}']).enumerate() {
            let word = (at % 2 == 1).then_some(part);
            let told = match word {
                None => {
                    made.extend(part.bytes());
                    continue;
                }
                Some("n" | "v" | "d") => "7.8.9".to_owned(),
                Some("f") => "3.11.2".to_owned(),
                Some("5") => "20914".to_owned(),
                Some("0") => {
                    made.extend([0, 0]);
                    continue;
                }
                Some("^") => continue,
                Some("#") => {
                    made.extend(b"42");
                    continue;
                }
                Some(other) => match (other.strip_prefix('='), other.strip_prefix('#')) {
                    (Some(begin), _) => format!("{}.4.5", begin.trim_end_matches('.')),
                    (_, Some(n)) => {
                        made.extend(std::iter::repeat_n(b'e', n.parse().unwrap()));
                        continue;
                    }
                    _ => {
                        made.extend(b"?");
                        continue;
                    }
                },
            };
            made.extend(told.bytes());
            version = Some(if told == "20914" { "2.9.14".to_owned() } else { told });
        }
        (made, version.unwrap())
    }

    #[test]
    fn every_pattern_finds_the_version_in_a_text_that_is_made_like_it() {
        for classifier in CLASSIFIERS {
            for pattern in classifier.patterns {
                let (bytes, version) = sample(pattern);
                let mut pattern = Pattern::parse(pattern, Some("3.11")).unwrap();
                let window = Window { bytes: &bytes, is_first: true };
                let found = pattern.find(window, &(0..bytes.len()));
                assert_eq!(found, Some(version), "{} {pattern:?}", classifier.id);
            }
        }
    }

    #[test]
    fn every_row_has_an_id_of_its_own_and_a_way_to_tell_the_version() {
        let ids: BTreeSet<_> = CLASSIFIERS.iter().map(|it| it.id).collect();
        assert_eq!(ids.len(), CLASSIFIERS.len());
        for it in CLASSIFIERS {
            assert!(!it.files.is_empty() && (it.is_go || !it.patterns.is_empty()), "{}", it.id);
            assert!(it.cpe.split(',').all(|it| it.split(':').count() == 2), "{}", it.id);
        }
    }
}
