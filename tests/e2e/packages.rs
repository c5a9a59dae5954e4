//! Packages of every kind stop a build, by the file that proves them. Those of pip are in `stop`.
//!
//! They come from the cases of `tests/installs`, which really installed or built them.

use crate::judging::install_deb;
use crate::support::project;

#[test]
fn of_npm() {
    project("FROM {base}\nRUN echo {nonce}\nCOPY node_modules/ /app/node_modules/\n")
        .installed("npm", "1/app/node_modules", "node_modules")
        .build()
        .run()
        .stops_at("COPY node_modules/")
        .says("1 finding blocks this instruction")
        .says("CVE-2021-23337")
        .says("lodash 4.17.20")
        .says("fixed in 4.17.21")
        .says("/app/node_modules/lodash/package.json");
}

#[test]
fn of_rpm_in_a_root_without_debian() {
    project("FROM scratch\nCOPY etc/ /etc/\nCOPY root/ /\nCOPY Dockerfile /{nonce}\n")
        .installed("rpm", "1/etc", "etc")
        .installed("rpm", "1/var", "root/var")
        .build()
        .run()
        .stops_at("COPY root/ /")
        .says("TEST-2026-0010")
        .says("lgtest-rpm 1.0-1")
        .says("fixed in 0:1.1-1")
        .says("/var/lib/rpm/rpmdb.sqlite");
}

#[test]
fn of_go_in_a_program_from_another_stage() {
    project(
        "FROM {base} AS build\nRUN echo {nonce}\nCOPY tool /out/tool\n\
         FROM {base}\nRUN true\nCOPY --from=build /out/tool /usr/local/bin/\n",
    )
    .installed("go", "1/usr/local/bin/tool-stripped", "tool")
    .build()
    .run()
    .stops_at("COPY --from=build /out/tool")
    .says("TEST-2026-0011")
    .says("example.com/tool v1.7.2")
    .says("fixed in 1.8.0")
    .says("/usr/local/bin/tool")
    .says("made in build, line 4: COPY tool /out/tool");
}

#[test]
fn of_cuda_whose_libraries_were_only_copied() {
    project(
        "FROM {base} AS cuda\nCOPY lib64/ /usr/local/cuda/lib64/\n\
         FROM {base}\nRUN echo {nonce}\nCOPY --from=cuda /usr/local/cuda/lib64/ /opt/app/lib/\n",
    )
    .installed("nvidia", "2/usr/local/cuda-12.4/lib64", "lib64")
    .build()
    .run()
    .stops_at("COPY --from=cuda")
    .says("TEST-2026-0012")
    .says("cuda-cudart 12.4.127")
    .says("fixed in 12.5.39")
    .says("/opt/app/lib/libcudart.so.12.4.127");
}

/// A pickle that would run `id`, as Python writes it: posix.system is called with a text.
const PICKLE: &[u8] = b"\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.";

#[test]
fn of_a_model_that_runs_code() {
    let evil = project("FROM {base}\nRUN echo {nonce}\nCOPY models/ /models/\n")
        .file("models/model.pkl", PICKLE)
        .file("models/weights.safetensors", b"\x02\0\0\0\0\0\0\0{}");
    evil.build()
        .run()
        .stops_at("COPY models/ /models/")
        .says("1 finding blocks this instruction")
        .says("posix.system")
        .says("/models/model.pkl")
        .says("safetensors");
    evil.file(
        "layergate.toml",
        "[[exempt]]\nid = \"unsafe-model\"\npath = \"/models/model.pkl\"\nreason = \"a test's own\"\n",
    )
    .build()
    .run()
    .passes();
}

/// An instruction that lets dpkg install the Python module `lgtest` in version 1.0.
const DEBIAN_MODULE: &str = "RUN d=/d/usr/lib/python3/dist-packages/lgtest-1.0.dist-info; \
     mkdir -p /d/DEBIAN $d && printf 'Metadata-Version: 2.1\\nName: lgtest\\nVersion: 1.0\\n' > $d/METADATA && \
     printf 'Package: python3-lgtest\\nVersion: 1.0-1+deb1\\nArchitecture: all\\nMaintainer: none <none@example.com>\\nDescription: test\\n' > /d/DEBIAN/control && \
     dpkg-deb --build /d /d.deb && dpkg -i /d.deb && rm -rf /d /d.deb\n";

/// Debian repairs a module and keeps its version: what PyPI's advisories say is not true of it.
#[test]
fn of_python_that_debian_brought_are_left_to_debian() {
    project(&format!("FROM {{base}}\nRUN echo {{nonce}}\n{DEBIAN_MODULE}"))
        .build()
        .run()
        .passes()
        .does_not_say("TEST-2026-0001");
}

#[test]
fn stay_known_when_their_database_is_deleted() {
    project(&format!(
        "FROM {{base}}\nRUN echo {{nonce}}\n{DEBIAN_MODULE}RUN rm -r /var/lib/dpkg\n"
    ))
    .build()
    .run()
    .says("/var/lib/dpkg/status")
    .says("(line 5)");
}

/// dpkg writes its database anew with every package.
#[test]
fn in_a_rewritten_database_are_blamed_on_their_own_instruction() {
    let deb = install_deb("1.0");
    project(&format!("FROM {{base}}\nRUN echo {{nonce}}\n{deb}\n{DEBIAN_MODULE}"))
        .words("report-only")
        .build()
        .run()
        .passes()
        .says("TEST-2026-0003")
        .says("(line 4)")
        .does_not_say("(line 5)");
}
