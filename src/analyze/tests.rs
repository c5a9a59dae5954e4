//! What every analyzer must bear, and how their own tests show what was found.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::found::MAX_COMPONENTS;
use super::models::{gguf, keras_model, onnx, safetensors, tensorflow_model};
use super::nvidia::{cuda_library, cuda_program};
use super::{ANALYZERS, Analyzer, Found, Input, Set, bundle, jar, native_image};
use crate::format::pe_version::made::dll;
use crate::format::zip::made::zip;
use crate::model::{Component, LayerPath, Standing};

/// An analyzer's id, a path that it wants, and a good file.
pub(crate) type Good = (&'static str, &'static str, fn() -> Vec<u8>);

const HUB_LINK: &str =
    "h/models--a--b/snapshots/0123456789012345678901234567890123456789/model.bin";

/// One for each analyzer, in the order of their ids. A binary format makes its
/// file in a function beside its own tests.
pub(crate) const GOOD: &[Good] = &[
    ("accelerator", "opt/rocm/.info/version", || b"6.1.0-82\n".into()),
    ("apk", "lib/apk/db/installed", || {
        b"P:musl\nV:1.2-r0\nA:x86_64\no:musl\nL:MIT\nF:lib\nR:libc.so\n\nP:b\nV:1\no:c\n\n".into()
    }),
    ("asar", "opt/a/app.asar", super::asar::made::sample),
    ("beam", "lib/a-1.0/ebin/a.app", || {
        b"%% x\n{application, a, [{vsn, \"1.0\"}, {modules, ['A', b]}, {licenses, [\"MIT\"]}]}.\n"
            .into()
    }),
    ("bitnami", "opt/bitnami/.bitnami_components.json", || {
        br#"{"redis": {"arch": "amd64", "distro": "debian-12", "version": "7.2.4-0"}}"#.into()
    }),
    ("bottlerocket", "usr/share/bottlerocket/application-inventory.json", || {
        br#"{"Content": [{"Name": "a", "Version": "1", "Release": "2", "Epoch": "3"}]}"#.into()
    }),
    ("bower", "bower_components/a/.bower.json", || br#"{"name": "a", "version": "1.0.0"}"#.into()),
    ("busybox-distro", "bin/busybox", || b"\x7fELF\0BusyBox v1.36.1 (2024)\0".into()),
    ("chisel", "var/lib/chisel/manifest.wall", || {
        super::chisel::tests::packed(
            r#"{"jsonwall":"1.0","schema":"1.0","count":3}
{"kind":"package","name":"a","version":"1","sha256":"00","arch":"amd64"}
{"kind":"path","path":"/usr/bin/a","mode":"0755","slices":["a_bins"]}
"#,
        )
    }),
    ("classifier", "usr/sbin/nginx", || b"\0nginx version: nginx/1.25.1\n\0".into()),
    ("composer", "vendor/composer/installed.json", || {
        br#"{"packages": [{"name": "a/b", "version": "v1.0", "license": ["MIT"]}]}"#.into()
    }),
    ("conda", "opt/conda/conda-meta/a-1.0-py_0.json", || {
        br#"{"build": "py_0", "files": ["bin/a", "lib/libb.so.1"], "license": "BSD 3", "name": "a",
            "paths_data": {"paths": [{"_path": "bin/a"}]}, "url": "https://h/c/noarch/a-1.0-py_0.conda",
            "version": "1.0"}"#
            .into()
    }),
    ("cos", "etc/cos-package-info.json", || {
        br#"{"installedPackages": [{"category": "a", "name": "b", "version": "1"}]}"#.into()
    }),
    ("cpan", ".meta/A-B-1.0/install.json", || {
        br#"{"dist": "A-B-1.0", "pathname": "A/AB/ABC/A-B-1.0.tar.gz"}"#.into()
    }),
    ("cuda-header", "i/nccl.h", || {
        b"#define NCCL_MAJOR 2\n#define NCCL_MINOR 21\n#define NCCL_PATCH 5\n".into()
    }),
    ("cuda-library", "a/libcurand.so.10", cuda_library::made::sample),
    ("cuda-program", "bin/nvcc", cuda_program::made::sample),
    ("cuda-version", "cuda/version.json", || br#"{"cuda": {"version": "12.4.1"}}"#.into()),
    ("deb-copyright", "usr/share/doc/a/copyright", || {
        b"Format: https://a/copyright-format/1.0/\n\nFiles: *\nLicense: MIT\n text\n".into()
    }),
    ("deb-copyright-link", "usr/share/doc/b", || b"../doc/a".into()),
    ("distro-files", "etc/redhat-release", || b"CentOS Linux release 7.9.2009 (Core)\n".into()),
    ("dotnet", "app/App.deps.json", || {
        br#"{"libraries": {"A/1.0.0": {"type": "package", "path": "a/1.0.0"}}}"#.into()
    }),
    ("dotnet-assembly", "app/A.dll", || dll(true, &[("ProductVersion", "1.0.0")])),
    ("dotnet-bundle", "app/App", bundle::made::sample),
    ("dotnet-config", "app/App.runtimeconfig.json", || {
        br#"{"runtimeOptions": {"framework": {"name": "A", "version": "1.0.0"}}}"#.into()
    }),
    ("dpkg", "var/lib/dpkg/status", || {
        b"Package: a\nStatus: install ok installed\nArchitecture: amd64\nSource: b (1)\nVersion: 1+b1\n\n"
            .into()
    }),
    ("dpkg-files", "var/lib/dpkg/info/a:amd64.list", || b"/.\n/usr\n/usr/bin\n/usr/bin/a\n".into()),
    ("executable", "usr/bin/a", super::executable::made::sample),
    ("gem", "specifications/a-1.0.gemspec", || {
        b"# stub: a 1.0 java lib\nGem::Specification.new do |s|\n  s.name = \"a\".freeze\n  \
          s.version = \"1.0\"\n  s.licenses = [\"MIT\".freeze]\nend\n"
            .into()
    }),
    ("gguf", "m.gguf", gguf::made::sample),
    ("git", "a/.git/logs/HEAD", || {
        let ids = ["0".repeat(40), "a1".repeat(20)].join(" ");
        format!("{ids} A <a@b> 1 +0000\tclone: from https://host.example/a/b.git\n").into()
    }),
    ("homebrew", "Cellar/a/1.0/.brew/a.rb", || {
        b"class A < Formula\n  license any_of: [\"MIT\", \"Zlib\"]\nend\n".into()
    }),
    ("hub-cache", "models--a--b/refs/main", || "0123456789".repeat(4).into_bytes()),
    ("hub-link", HUB_LINK, || b"../../blobs/ab".into()),
    ("jar", "opt/a-1.0.jar", jar::made::sample),
    ("jar-unpacked", "srv/META-INF/maven/org.a/b/pom.properties", || {
        b"version=1.0\ngroupId=org.a\nartifactId=b\n".into()
    }),
    ("julia", "packages/A/abcde/Project.toml", || {
        b"name = \"A\"\nuuid = \"682c06a0\"\nversion = \"1.0.0\"\n".into()
    }),
    ("jupyter-kernel", "v/share/jupyter/kernels/a/kernel.json", || {
        br#"{"argv": ["/opt/b/bin/python", "-m"], "env": {"X": "y"}}"#.into()
    }),
    ("jvm", "opt/java/release", || b"JAVA_VERSION=\"17.0.1\"\nIMPLEMENTOR=\"A\"\n".into()),
    ("keras", "m.h5", || br#"HDF {"class_name": "Lambda"}"#.into()),
    ("keras-model", "m.keras", keras_model::made::sample),
    ("labextension", "share/jupyter/labextensions/a/install.json", || {
        br#"{"packageManager": "python", "packageName": "a"}"#.into()
    }),
    ("luarocks", "rocks-5.1/a/1.0-1/a-1.0-1.rockspec", || {
        b"package = \"a\" -- x\nversion = '1.0-1'\ndescription = { license = [[MIT]] }\n".into()
    }),
    ("model-card", "m/config.json", || {
        br#"{"architectures": ["Llama"], "model_type": "llama"}"#.into()
    }),
    ("native-image", "srv/app", native_image::made::sample),
    ("nix", "nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-a-1-bin", Vec::new),
    ("npm", "node_modules/a/package.json", || {
        br#"{"name": "a", "version": "1.0.0", "x": [{}, 1e9]}"#.into()
    }),
    ("numpy", "x.npy", || {
        b"\x93NUMPY\x01\0\x12\0{'descr': '|O', }\n\x80\x04cbuiltins\neval\n.".into()
    }),
    ("ollama", "models/manifests/h/library/a/latest", || br#"{"layers": []}"#.into()),
    ("onnx", "m.onnx", onnx::made::sample),
    ("opkg", "usr/lib/opkg/status", || {
        b"Package: a\nVersion: 1\nStatus: install user installed\nArchitecture: all\n\n".into()
    }),
    ("os-release", "etc/os-release", || b"ID=debian\nVERSION_ID=\"12\"\n".into()),
    ("pacman", "var/lib/pacman/local/a-1-1/desc", || {
        b"%NAME%\na\n\n%VERSION%\n1-1\n\n%ARCH%\nany\n\n%LICENSE%\nMIT\n\n".into()
    }),
    ("pear", ".registry/a.reg", || {
        br#"a:2:{s:4:"name";s:1:"a";s:7:"version";a:1:{s:7:"release";s:3:"1.0";}}"#.into()
    }),
    ("perllocal", "lib/perl/perllocal.pod", || {
        b"=head2 Mon Jan 1 2024: C<Module> L<A::B|A::B>\n\n=item *\n\nC<VERSION: 1.0>\n\n".into()
    }),
    ("pickle", "m.pkl", || {
        b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R.".into()
    }),
    ("portage", "var/db/pkg/a/b-1.0-r1/CONTENTS", || {
        b"dir /usr\nobj /usr/bin/b d41d8cd9 1\nsym /usr/bin/c -> b 1\n".into()
    }),
    ("python", "p/a.dist-info/METADATA", || "Name: A_b\nVersion: 1.0\nSummary: é\n\nbody\n".into()),
    ("python-archive", "s/a.pex", || {
        zip(&[
            ("x/a.dist-info/METADATA.z", b"Name: a\nVersion: 1.0\n"),
            ("b.egg-info/PKG-INFO", b"Name: b\nVersion: 2\n"),
        ])
    }),
    ("python-editable", "s/a.egg-link", || b"/src/a\n.".into()),
    ("python-link", "s/a-1.dist-info/METADATA", || {
        b"/c/uv/archive-v0/x/a-1.dist-info/METADATA".into()
    }),
    ("python-origin", "p/a-1.dist-info/direct_url.json", || {
        br#"{"url": "https://u:p@h/a.git", "vcs_info": {"vcs": "git", "commit_id": "0a"}}"#.into()
    }),
    ("python-record", "p/a-1.dist-info/RECORD", || {
        b"\"a,\"\"b\".so,sha256=x,1\na-1.dist-info/METADATA,,\n../bin/a,,\n".into()
    }),
    ("python-venv", "opt/v/pyvenv.cfg", || b"home = /usr/bin\nversion = 3.11.2\n".into()),
    ("pytorch-model", "m.pt", || zip(&[("m/data.pkl", b"\x80\x02}."), ("m/data/0", b"w")])),
    ("r", "R/library/a/DESCRIPTION", || {
        b"Package: a\nVersion: 1.0\nLicense: GPL-2 | MIT\nBuilt: R 4.2.2; ; x; unix\n".into()
    }),
    ("redhat-build", "usr/share/buildinfo/labels.json", || {
        br#"{"com.redhat.component": "a", "version": "1", "release": "2"}"#.into()
    }),
    ("rpm", "var/lib/rpm/rpmdb.sqlite", super::rpm::tests::database),
    ("rpm-manifest", "var/lib/rpmmanifest/container-manifest-2", || {
        b"a\t1-2\t0\t0\tACME\t(none)\t9\tnoarch\t3\tb-1-2.src.rpm\n".into()
    }),
    ("runtime", "include/node/node_version.h", || {
        b"#define NODE_MAJOR_VERSION 20\n#define NODE_MINOR_VERSION 1\n#define NODE_PATCH_VERSION 2\n".into()
    }),
    ("safetensors", "m.safetensors", safetensors::made::sample),
    ("savedmodel", "saved_model.pb", || b"\x12\x09WriteFile".into()),
    ("sbom", "app/bom.json", || {
        br#"{"bomFormat": "CycloneDX", "components": [{"name": "a", "version": "1", "purl":
            "pkg:npm/a@1", "components": [{"name": "b", "version": "2"}]}]}"#
            .into()
    }),
    ("spack", "a-1.0-abc/.spack/spec.json", || {
        br#"{"spec": {"nodes": [{"name": "a", "version": "1.0", "arch": {"target": "x"}}]}}"#.into()
    }),
    ("tensorflow-model", "m/saved_model.pb", tensorflow_model::made::sample),
    ("tensorrt-engine", "m.plan", || [&b"ftrt"[..], &[0; 20], &[10, 0, 1, 6]].concat()),
    ("torch", "c.pt", || zip(&[("archive/data.pkl", b"\x80\x02cposix\nsystem\n)R.")])),
    ("ubuntu-pro", "var/lib/ubuntu-advantage/status.json", || {
        br#"{"services": [{"name": "esm-infra", "status": "enabled"}]}"#.into()
    }),
    ("wheel-sbom", "p/a-1.dist-info/sboms/b.json", || {
        br#"{"components": [{"name": "b", "version": "1", "purl": "pkg:cargo/b@1", "licenses":
            [{"license": {"id": "MIT"}}]}], "packages": [{"name": "c", "versionInfo": "2"}]}"#
            .into()
    }),
    ("wordpress", "wp-content/plugins/a/a.php", || {
        b"<?php\n/**\n * Plugin Name: A\n * Version: 1.0\n * License: GPL\n */\n".into()
    }),
    ("yarn", ".yarn/cache/a-npm-1.0.0-0123.zip", || {
        zip(&[("node_modules/a/package.json.z", br#"{"name": "a", "version": "1.0.0"}"#)])
    }),
];

/// Reads `bytes` as the file at `path`, which the analyzer must want.
#[track_caller]
pub(super) fn find(analyzer: &Analyzer, path: &str, bytes: &[u8]) -> Found {
    let path = LayerPath::new(path).unwrap();
    let by_path = by_path(analyzer, &path);
    let head = bytes.get(..super::HEAD).unwrap_or(bytes);
    let mut wanting = by_path.iter().chain(super::wanting_head(&path, head).iter());
    assert!(wanting.any(|it| it.id == analyzer.id), "{} does not want {path}", analyzer.id);
    super::analyze(analyzer, &Input { path: &path, content: &bytes }).unwrap()
}

/// Whether the analyzer wants the file at `path` by its path.
pub(super) fn wants(analyzer: &Analyzer, path: &str) -> bool {
    let path = LayerPath::new(path).unwrap();
    by_path(analyzer, &path).iter().any(|it| it.id == analyzer.id)
}

fn by_path(analyzer: &Analyzer, path: &LayerPath) -> Set {
    match analyzer {
        Analyzer { links: true, .. } => super::wanting_link(path),
        Analyzer { directories: true, .. } => super::wanting_directory(path),
        _ => super::wanting(path),
    }
}

/// What was found, a line each.
pub(super) fn shown(found: &Found) -> String {
    let mut text = String::new();
    if let Some(it) = &found.distro {
        writeln!(text, "distro {} {}", it.id, it.version.as_deref().unwrap_or("-")).unwrap();
    }
    for it in &found.components {
        writeln!(text, "{}", component(it)).unwrap();
    }
    for it in &found.owns {
        let name = it.name.as_ref().map_or(String::new(), |it| format!(" {it}"));
        let arch = it.arch.as_ref().map_or(String::new(), |it| format!(" {it}"));
        let (n_paths, n_files) = (it.paths.hashes().len(), it.n_files);
        writeln!(text, "{}{name}{arch} owns {n_paths} of {n_files}", it.of).unwrap();
    }
    for it in &found.about {
        let name = it.name.as_ref().map_or(String::new(), |it| format!(" {it}"));
        writeln!(text, "/{}{name} {}={}", it.of, it.key, it.value).unwrap();
    }
    for it in &found.hazards {
        let within = it.within.as_ref().map_or(String::new(), |it| format!(" in {it}"));
        writeln!(text, "{} {} {}{within}", it.severity, it.kind.id(), it.what).unwrap();
    }
    for it in &found.notes {
        writeln!(text, "note {it}").unwrap();
    }
    text
}

fn component(it: &Component) -> String {
    let mut text = format!("{} {} {}", it.ecosystem.purl_type(), it.name, it.version);
    if let Some(arch) = &it.arch {
        write!(text, " {arch}").unwrap();
    }
    if let Some(source) = &it.source {
        write!(text, " from {} {}", source.name, source.version).unwrap();
    }
    match it.standing {
        Standing::Installed => {}
        Standing::Bundled => text.push_str(" bundled"),
        Standing::Declared => text.push_str(" declared"),
    }
    if let Some(within) = &it.within {
        write!(text, " in {within}").unwrap();
    }
    if !it.licenses.is_empty() {
        write!(text, " licensed {:?}", it.licenses).unwrap();
    }
    for (key, value) in it.qualifiers.iter().chain(&it.properties) {
        write!(text, " {key}={value}").unwrap();
    }
    text
}

/// Keeps a file as a seed of a fuzz target; see `fuzz/README.md`.
pub(super) fn seed(target: &str, name: &str, bytes: &[u8]) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/seeds").join(target);
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join(name), bytes).unwrap();
}

fn each(test: impl Fn(&Analyzer, &str, &[u8])) {
    for (analyzer, (id, path, good)) in ANALYZERS.iter().zip(GOOD) {
        assert_eq!(analyzer.id, *id, "both tables are sorted by id");
        test(analyzer, path, &good());
    }
    assert_eq!(GOOD.len(), ANALYZERS.len());
}

#[test]
fn every_file_here_is_registered() {
    let registry = include_str!("mod.rs");
    let mut open: Vec<PathBuf> = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/src/analyze").into()];
    while let Some(path) = open.pop() {
        if let Ok(entries) = fs::read_dir(&path) {
            open.extend(entries.map(|it| it.unwrap().path()));
            continue;
        }
        let text: String = fs::read_to_string(&path).unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let is_one = stem != "tests" && text.contains("const ANALYZER: Analyzer =");
        let is_listed = registry.contains(&format!(" {stem}::ANALYZER,"));
        assert_eq!(is_one, is_listed, "{} is not listed in ANALYZERS", path.display());
    }
}

#[test]
fn a_good_file_has_facts_and_no_notes() {
    each(|analyzer, path, good| {
        let found = find(analyzer, path, good);
        assert!(found.notes.is_empty(), "{:?}", found.notes);
        assert_ne!(shown(&found), "", "{}", analyzer.id);
    });
}

#[test]
fn a_file_may_end_anywhere_and_hold_any_byte() {
    each(|analyzer, path, good| {
        // Every byte of a small file; of a large one its beginning, its end and a sample between.
        let is_tried = |at: usize| at < 600 || good.len() - at < 600 || at.is_multiple_of(37);
        let path = LayerPath::new(path).unwrap();
        let read = |bytes: &[u8]| {
            drop(super::analyze(analyzer, &Input { path: &path, content: &bytes }));
        };
        for end in (0..good.len()).filter(|it| is_tried(*it)) {
            read(&good[..end]);
            let mut bad = good.to_vec();
            for byte in [0, b'\n', b' ', b':', 0x7f, 0xff] {
                bad[end] = byte;
                read(&bad);
            }
        }
    });
}

#[test]
fn garbage_takes_bounded_time_and_gives_bounded_notes() {
    let mut noise = 1_u32;
    let random = std::iter::repeat_with(move || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.to_be_bytes()[0]
    });
    let inputs: [Vec<u8>; 6] = [
        random.take(1 << 20).collect(),
        vec![0; 1 << 20],
        vec![b'\n'; 1 << 20],
        b"a: \n\n".repeat(200_000),
        vec![b'['; 1 << 20],
        vec![b'"'; 1 << 20],
    ];
    each(|analyzer, path, good| {
        let path = LayerPath::new(path).unwrap();
        let many = [good, b"\n"].concat().repeat((2 << 20) / good.len().max(1));
        let begun: Vec<Vec<u8>> = inputs.iter().map(|it| [good, it].concat()).collect();
        for input in inputs.iter().chain(&begun).chain([&many]) {
            let start = Instant::now();
            let input = Input { path: &path, content: &input.as_slice() };
            let found = super::analyze(analyzer, &input).unwrap();
            assert!(start.elapsed() < Duration::from_secs(10), "{}", analyzer.id);
            assert!(found.notes.len() < 30, "{}", analyzer.id);
        }
    });
}

#[test]
fn too_many_packages_are_cut_and_noted() {
    let mut text = String::new();
    for number in 0..=MAX_COMPONENTS {
        write!(text, "P:p{number}\nV:1\n\n").unwrap();
    }
    let found = find(&super::apk::ANALYZER, "lib/apk/db/installed", text.as_bytes());
    assert_eq!(found.components.len(), MAX_COMPONENTS);
    assert_eq!(found.notes, ["apk: more than 100000 packages; the rest is not read"]);
}
