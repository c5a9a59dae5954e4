//! The modules of a Go program, by its build information.
//!
//! The main module is the program; the others, and the standard library, are compiled into it. A
//! module that was replaced is not there: its replacement is.

use super::go_modules::{BuildInfo, Module};
use super::{build_info, go_version};
use crate::analyze::Found;
use crate::analyze::text::{self, phrase};
use crate::format::FormatError;
use crate::format::executable::Executable;
use crate::model::{Component, Content, Ecosystem, Standing};

/// Settings of the build that are kept, named as `go version -m` shows them. Flags for the compiler
/// and the linker are not: they may hold anything.
const SETTINGS: &[&str] = &[
    "-buildmode",
    "-tags",
    "-trimpath",
    "CGO_ENABLED",
    "GOARCH",
    "GOEXPERIMENT",
    "GOFIPS140",
    "GOOS",
    "vcs.modified",
    "vcs.revision",
    "vcs.time",
];

/// Adds the modules of one executable, if it is a Go program.
pub(super) fn read(
    executable: &Executable,
    content: &dyn Content,
    found: &mut Found,
) -> Result<(), FormatError> {
    let Some(record) = build_info::read(executable, content)? else { return Ok(()) };
    let mut info = BuildInfo::parse(&record.modules);
    let main = main_module(&mut info);
    for module in &info.dependencies {
        match dependency(module) {
            Some(it) => found.component(it),
            None => found.remark("a Go module without a readable path and version"),
        }
    }
    let mut stdlib = part("stdlib", go_version::of_toolchain(&record.go));
    if let Some(go) =
        phrase(record.go.as_bytes()).filter(|it| it.strip_prefix("go") != Some(&stdlib.version))
    {
        stdlib = stdlib.property("go", go);
    }
    if let Some(mut component) = main.and_then(|it| dependency(&it)) {
        component.standing = Standing::Installed;
        complete(&mut component, &info, executable, content)?;
        found.component(component);
    }
    found.component(stdlib);
    Ok(())
}

/// Whether this is a Go program, and whether it tells what version it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tells {
    Version,
    NoVersion,
    Nothing,
}

pub(super) fn tells(content: &dyn Content) -> Result<Tells, FormatError> {
    let mut tells = Tells::Nothing;
    for executable in Executable::read(content)? {
        let mut found = Found::default();
        read(&executable, content, &mut found)?;
        let is_main = |it: &&Component| it.standing == Standing::Installed;
        if found.components.iter().filter(is_main).any(|it| !it.version.is_empty()) {
            return Ok(Tells::Version);
        }
        if !found.components.is_empty() {
            tells = Tells::NoVersion;
        }
    }
    Ok(tells)
}

/// Takes out the module that the program is.
fn main_module(info: &mut BuildInfo) -> Option<Module> {
    // What was built from a list of files is nobody's module; that of the files is a dependency.
    let is_files = |it: &str| it == "command-line-arguments";
    if let Some(main) = info.main.take().filter(|it| !is_files(&it.path)) {
        return Some(main);
    }
    let is_devel = |it: &Module| it.version == DEVEL && it.replacement.is_none();
    if info.dependencies.iter().filter(|it| is_devel(it)).count() == 1 {
        let at = info.dependencies.iter().position(is_devel)?;
        return Some(info.dependencies.remove(at));
    }
    // Built without modules: only the path of the package is known.
    let path = module_of(info.path.as_deref().filter(|it| !is_files(it))?)?;
    Some(Module { path: path.to_owned(), ..Module::default() })
}

const DEVEL: &str = "(devel)";

/// The module that a package most likely is of; `None` for one of the toolchain.
fn module_of(package: &str) -> Option<&str> {
    let host = package.split('/').next().filter(|it| it.contains('.'))?;
    let n_parts = match host {
        "github.com" | "gitlab.com" | "bitbucket.org" => 3,
        "golang.org" | "google.golang.org" if package.starts_with("golang.org/x/") => 3,
        "k8s.io" | "sigs.k8s.io" | "gopkg.in" | "google.golang.org" | "go.etcd.io" => 2,
        _ => return package.split("/cmd/").next(),
    };
    let end = package.match_indices('/').nth(n_parts - 1).map_or(package.len(), |it| it.0);
    package.get(..end)
}

/// Something that is compiled in.
fn part(name: &str, version: &str) -> Component {
    let component = Component::new(Ecosystem::Golang, name, version);
    Component { standing: Standing::Bundled, ..component }
}

fn dependency(module: &Module) -> Option<Component> {
    let name = text::value(module.path.as_bytes())?;
    let there = module.replacement.as_deref().unwrap_or(module);
    let mut component = if there.is_directory() {
        // The directory holds the module in some version, and perhaps changed.
        part(name, "").property("replaced-by", text::value(there.path.as_bytes())?)
    } else {
        let version = match there.version.as_str() {
            "" | DEVEL => "",
            version => text::value(version.as_bytes())?,
        };
        part(text::value(there.path.as_bytes())?, version)
    };
    if component.name != name {
        component = component.property("replaces", name);
    }
    if let Some(sum) = there.sum.strip_prefix("h1:").and_then(|it| text::value(it.as_bytes())) {
        component = component.property("h1", sum);
    }
    Some(component)
}

/// Adds what is known of the program as a whole.
fn complete(
    main: &mut Component,
    info: &BuildInfo,
    executable: &Executable,
    content: &dyn Content,
) -> Result<(), FormatError> {
    let mut add = |key: &str, value: &str| main.properties.insert(key.to_owned(), value.to_owned());
    if let Some(path) = info.path.as_deref().and_then(|it| phrase(it.as_bytes())) {
        add("path", path);
    }
    for key in SETTINGS {
        let usual = if *key == "-buildmode" { "exe" } else { "" };
        if let Some(value) =
            info.setting(key).and_then(|it| phrase(it.as_bytes())).filter(|it| *it != usual)
        {
            add(key, value);
        }
    }
    if !main.version.is_empty() && !go_version::is_pseudo(&main.version) {
        return Ok(());
    }
    // A version that somebody gave it says more than the name of a commit.
    let flags = info.setting("-ldflags").and_then(|it| go_version::of_flags(it, &main.name));
    let (from, version) = match flags {
        Some(version) => ("ldflags", Some(version)),
        // With C in it, such texts may be the versions of libraries.
        None if info.setting("CGO_ENABLED") == Some("1") => return Ok(()),
        None => ("constants", of_constants(executable, content)?),
    };
    if let Some(version) = version {
        main.version = version;
        main.properties.insert("version-from".to_owned(), from.to_owned());
    }
    Ok(())
}

fn of_constants(
    executable: &Executable,
    content: &dyn Content,
) -> Result<Option<String>, FormatError> {
    let is_constant = |name: &str| matches!(name, ".rodata" | ".rdata" | "__rodata");
    match executable.sections.iter().find(|it| is_constant(&it.name)) {
        Some(it) => go_version::of_constants(content, it.offset, it.size),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::module_of;
    use crate::analyze::binary::build_info::made;
    use crate::analyze::executable::ANALYZER;
    use crate::analyze::tests::{find, shown};

    fn check(go: &str, modules: &str, constants: &[u8]) -> String {
        let program = made::program(&made::inline(go, modules), constants);
        shown(&find(&ANALYZER, "usr/bin/a", &program))
    }

    #[test]
    fn the_modules_are_what_was_compiled_in() {
        let modules = "path\texample.org/a/cmd/a\nmod\texample.org/a\tv1.2.3\th1:AA=\n\
            dep\tgithub.com/gofrs/uuid\tv4.0.0+incompatible\th1:BB=\n\
            dep\tgolang.org/x/text\tv0.3.0\n=>\tgithub.com/golang/text\tv0.3.7\th1:CC=\n\
            dep\texample.org/local\tv1.0.0\n=>\t./local\t(devel)\t\n\
            dep\texample.org/work\t(devel)\t\n\
            build\t-buildmode=exe\nbuild\t-ldflags=\"-X main.token=secret\"\nbuild\tCGO_ENABLED=0\n\
            build\tGOARCH=amd64\nbuild\tGOOS=linux\nbuild\tvcs.revision=0123\n";
        insta::assert_snapshot!(check("go1.22.1", modules, b""), @r"
        golang example.org/a v1.2.3 CGO_ENABLED=0 GOARCH=amd64 GOOS=linux h1=AA= path=example.org/a/cmd/a vcs.revision=0123
        golang example.org/local  bundled replaced-by=./local
        golang example.org/work  bundled
        golang github.com/gofrs/uuid v4.0.0+incompatible bundled h1=BB=
        golang github.com/golang/text v0.3.7 bundled h1=CC= replaces=golang.org/x/text
        golang stdlib 1.22.1 bundled
        ");
    }

    #[test]
    fn a_program_of_no_release_has_no_version_unless_somebody_gave_it_one() {
        let modules =
            |settings: &str| format!("path\ta.org/b\nmod\ta.org/b\t(devel)\t\n{settings}");
        insta::assert_snapshot!(check("go1.22.1", &modules(""), b""), @r"
        golang a.org/b  path=a.org/b
        golang stdlib 1.22.1 bundled
        ");
        let flags = modules("build\t-ldflags=\"-X main.version=1.0.0\"\n");
        insta::assert_snapshot!(check("go1.22.1", &flags, b"\0v9.9.9\0"), @r"
        golang a.org/b v1.0.0 path=a.org/b version-from=ldflags
        golang stdlib 1.22.1 bundled
        ");
        insta::assert_snapshot!(check("go1.22.1", &modules("build\tCGO_ENABLED=0\n"), b"\0v9.9.9\0"), @r"
        golang a.org/b v9.9.9 CGO_ENABLED=0 path=a.org/b version-from=constants
        golang stdlib 1.22.1 bundled
        ");
        // It may be the version of a library in C.
        insta::assert_snapshot!(check("go1.22.1", &modules("build\tCGO_ENABLED=1\n"), b"\x001.2.13\0"), @r"
        golang a.org/b  CGO_ENABLED=1 path=a.org/b
        golang stdlib 1.22.1 bundled
        ");
    }

    #[test]
    fn a_commit_s_version_gives_way_to_one_that_was_given() {
        let modules = "path\ta.org/b\nmod\ta.org/b\tv0.0.0-20240102030405-0123456789ab+dirty\t\n";
        insta::assert_snapshot!(check("go1.24.0", modules, b"\0v2.1.0\0"), @r"
        golang a.org/b v2.1.0 path=a.org/b version-from=constants
        golang stdlib 1.24.0 bundled
        ");
        insta::assert_snapshot!(check("go1.24.0", modules, b""), @r"
        golang a.org/b v0.0.0-20240102030405-0123456789ab+dirty path=a.org/b
        golang stdlib 1.24.0 bundled
        ");
    }

    #[test]
    fn a_program_that_was_built_from_files_or_without_modules() {
        insta::assert_snapshot!(check("go1.22.1 X:loopvar", "path\tcommand-line-arguments\n", b""), @"golang stdlib 1.22.1 bundled go=go1.22.1 X:loopvar");
        let files =
            "path\tcommand-line-arguments\ndep\ta.org/b\t(devel)\t\ndep\tc.org/d\tv1.0.0\t\n";
        insta::assert_snapshot!(check("go1.22.1", files, b""), @r"
        golang a.org/b  path=command-line-arguments
        golang c.org/d v1.0.0 bundled
        golang stdlib 1.22.1 bundled
        ");
        let without = "path\tgithub.com/docker/docker/cmd/dockerd\nbuild\t-ldflags=\"-X \\\"github.com/docker/docker/dockerversion.Version=24.0.7\\\"\"\n";
        insta::assert_snapshot!(check("go1.20", without, b""), @r"
        golang github.com/docker/docker v24.0.7 path=github.com/docker/docker/cmd/dockerd version-from=ldflags
        golang stdlib 1.20 bundled
        ");
        insta::assert_snapshot!(check("devel go1.25-d524e1e Sun", "", b""), @"golang stdlib  bundled go=devel go1.25-d524e1e Sun");
    }

    #[test]
    fn a_module_without_a_readable_name_is_noted() {
        let modules = "mod\ta.org/b\tv1\t\ndep\t\tv1\t\ndep\ta b\tv1\t\ndep\tc.org/d\tv1 2\t\n";
        insta::assert_snapshot!(check("go1.22.1", modules, b""), @r"
        golang a.org/b v1
        golang stdlib 1.22.1 bundled
        note executable: a Go module without a readable path and version
        note executable: a Go module without a readable path and version
        note executable: a Go module without a readable path and version
        ");
    }

    #[test]
    fn a_package_s_module_is_guessed_by_where_it_is_hosted() {
        for (package, module) in [
            ("github.com/a/b/cmd/c", Some("github.com/a/b")),
            ("golang.org/x/tools/cmd/goimports", Some("golang.org/x/tools")),
            ("google.golang.org/grpc/x", Some("google.golang.org/grpc")),
            ("k8s.io/kubernetes/cmd/kubelet", Some("k8s.io/kubernetes")),
            ("example.org/a/b/cmd/c", Some("example.org/a/b")),
            ("example.org/a", Some("example.org/a")),
            ("github.com/a", Some("github.com/a")),
            ("cmd/go", None),
        ] {
            assert_eq!(module_of(package), module, "{package}");
        }
    }
}
