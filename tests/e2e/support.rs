//! An engine, a directory to build, a build and what came of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, RwLock};

use tempfile::TempDir;

/// The engine that `tests/engine/with` made available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Docker Engine with graph-driver image store.
    Classic,
    /// Docker Engine with containerd image store.
    Containerd,
    /// BuildKit alone.
    Buildkitd,
}

pub(crate) fn engine() -> Engine {
    match variable("LAYERGATE_ENGINE").as_str() {
        "classic" => Engine::Classic,
        "containerd" => Engine::Containerd,
        "buildkitd" => Engine::Buildkitd,
        other => panic!("LAYERGATE_ENGINE is {other:?}"),
    }
}

pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run these tests with `make e2e` or tests/e2e/run KIND")
    })
}

pub(crate) fn base() -> String {
    variable("LAYERGATE_BASE")
}

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The reference of the frontend image with the tests' own advisories.
pub(crate) fn frontend() -> &'static str {
    static FRONTEND: OnceLock<String> = OnceLock::new();
    FRONTEND.get_or_init(|| frontend_with("tests/fixtures/advisories", "layergate/frontend:e2e"))
}

/// The day on which databases of tests are built.
fn today() -> String {
    let output = Command::new("date").args(["-u", "+%F"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Makes a frontend image whose database holds the advisories below `directory`.
pub(crate) fn frontend_with(directory: &str, tag: &str) -> String {
    let (_keep, database) = database_of(directory, &today());
    frontend_image(Path::new(&variable("LAYERGATE_BINARY")), &database, tag)
}

/// The database of the tests' own advisories.
pub(crate) fn database() -> (TempDir, PathBuf) {
    database_of("tests/fixtures/advisories", &today())
}

/// A database of the advisories below a directory of the repository, built on a day.
pub(crate) fn database_of(advisories: &str, built: &str) -> (TempDir, PathBuf) {
    let (keep, directory) = directory();
    let database = directory.join("layergate.db");
    let built = Command::new(variable("LAYERGATE_BINARY"))
        .args(["db", "build"])
        .arg(repository().join(advisories))
        .arg("-o")
        .arg(&database)
        .args(["--built", built])
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    (keep, database)
}

/// Makes a frontend image of any two files.
pub(crate) fn frontend_image(binary: &Path, database: &Path, tag: &str) -> String {
    let image = Command::new(repository().join("tests/engine/frontend-image"))
        .arg(binary)
        .arg(database)
        .arg(tag)
        .output()
        .unwrap();
    assert!(image.status.success(), "{}", String::from_utf8_lossy(&image.stderr));
    String::from_utf8(image.stdout).unwrap().trim().to_owned()
}

/// A text that no other test, and no earlier run, has used.
pub(crate) fn nonce() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("n{}x{}", now.as_nanos(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A token that the secret rules know, made up and put together here.
pub(crate) fn token() -> String {
    ["hf_", "QzXwVbNmKjHg", "FdSaPoIuYtRe", "WqLkJhGfDs"].concat()
}

/// A directory to build, with the Dockerfile as it will be written.
pub(crate) struct Project {
    directory: TempDir,
    dockerfile: String,
    syntax: String,
}

/// Starts from a Dockerfile without its `# syntax` line, in which `{base}` is the base image and
/// `{nonce}` something unique.
pub(crate) fn project(dockerfile: &str) -> Project {
    let dockerfile = dockerfile.replace("{base}", &base()).replace("{nonce}", &nonce());
    Project { directory: tempfile::tempdir().unwrap(), dockerfile, syntax: frontend().to_owned() }
}

impl Project {
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// A Python package in the directory `site`, as pip would leave it.
    pub(crate) fn python_package(self, name: &str, version: &str) -> Self {
        let path = format!("site/{name}-{version}.dist-info/METADATA");
        self.file(
            &path,
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText.\n"),
        )
    }

    /// A part of what a case of `tests/installs` has installed, at `to`.
    pub(crate) fn installed(self, case: &str, part: &str, to: &str) -> Self {
        let made =
            Command::new(repository().join("tests/installs/made")).arg(case).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let from = Path::new(String::from_utf8_lossy(&made.stdout).trim()).join(part);
        let to = self.path().join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        let copied = Command::new("cp").arg("-a").args([&from, &to]).status().unwrap();
        assert!(copied.success(), "{} could not be copied", from.display());
        self
    }

    /// Words after the image on the `# syntax` line.
    pub(crate) fn words(mut self, words: &str) -> Self {
        self.syntax = format!("{} {words}", self.syntax);
        self
    }

    pub(crate) fn syntax(mut self, image: &str) -> Self {
        image.clone_into(&mut self.syntax);
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A build with the frontend under test.
    pub(crate) fn build(&self) -> Build<'_> {
        Build::new(self, format!("# syntax={}\n{}", self.syntax, self.dockerfile))
    }

    /// The same build without it. The line stays, so that every other line keeps its number.
    pub(crate) fn build_ungated(&self) -> Build<'_> {
        Build::new(self, format!("# no syntax\n{}", self.dockerfile))
    }
}

/// Docker 26 may collect what a build is about to push while a prune runs beside it.
static PRUNING: RwLock<()> = RwLock::new(());

/// Throws one record of the build cache away.
pub(crate) fn prune(id: &str) {
    let _alone = PRUNING.write().unwrap();
    let filter = format!("--filter=id={id}");
    let pruned = Command::new("docker")
        .args(["buildx", "prune", "--force", "--all", &filter])
        .output()
        .unwrap();
    assert!(pruned.status.success(), "{}", String::from_utf8_lossy(&pruned.stderr));
}

/// One call of `docker buildx build`.
pub(crate) struct Build<'a> {
    project: &'a Project,
    args: Vec<String>,
    writes_output: bool,
    is_experiment: bool,
}

impl<'a> Build<'a> {
    fn new(project: &'a Project, dockerfile: String) -> Self {
        let path = project.path().join("Dockerfile");
        std::fs::write(path, dockerfile).unwrap();
        Self { project, args: Vec::new(), writes_output: false, is_experiment: false }
    }

    pub(crate) fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Where the result goes; nowhere without it.
    pub(crate) fn output(mut self, output: &str) -> Self {
        self.writes_output = true;
        self.args([format!("--output={output}")])
    }

    /// Asks the frontend something instead of building.
    pub(crate) fn call(mut self, call: &str) -> Outcome {
        self.writes_output = true;
        // `--call` is what buildx says since 0.15; before, it was an experiment of another name.
        if buildx_has("--call") {
            self.args([format!("--call={call}")]).run()
        } else {
            self.is_experiment = true;
            self.args([format!("--print={}", call.replace("check", "lint"))]).run()
        }
    }

    pub(crate) fn run(mut self) -> Outcome {
        if !self.writes_output {
            self.args.push("--output=type=cacheonly".to_owned());
        }
        let metadata = tempfile::NamedTempFile::new().unwrap();
        let _shared = PRUNING.read().unwrap();
        let output = Command::new("docker")
            .args(["buildx", "build", "--progress=plain", "--metadata-file"])
            .arg(metadata.path())
            .args(&self.args)
            .arg(self.project.path())
            .env("BUILDX_METADATA_WARNINGS", "1")
            .envs(self.is_experiment.then_some(("BUILDX_EXPERIMENTAL", "1")))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            metadata: std::fs::read_to_string(metadata.path()).unwrap_or_default(),
            log: text,
        }
    }

    /// The digest of the image's configuration: what it runs and every layer in it.
    pub(crate) fn config_digest(self) -> String {
        if engine() == Engine::Classic {
            let outcome = self.output("type=image").run().passes();
            let metadata: serde_json::Value = serde_json::from_str(&outcome.metadata).unwrap();
            return metadata["containerimage.config.digest"].as_str().unwrap().to_owned();
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        let output = format!("type=oci,dest={}", file.path().display());
        self.args(["--provenance=false"]).output(&output).run().passes();
        let blob = |digest: &serde_json::Value| {
            format!("blobs/{}", digest.as_str().unwrap().replace(':', "/"))
        };
        let index = untar(file.path(), "index.json");
        let manifest = untar(file.path(), &blob(&index["manifests"][0]["digest"]));
        manifest["config"]["digest"].as_str().unwrap().to_owned()
    }
}

/// Whether this buildx knows an option of `build`.
fn buildx_has(option: &str) -> bool {
    let help = Command::new("docker").args(["buildx", "build", "--help"]).output().unwrap();
    String::from_utf8_lossy(&help.stdout).contains(option)
}

fn untar(archive: &Path, name: &str) -> serde_json::Value {
    let output = Command::new("tar").arg("-xOf").arg(archive).arg(name).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a build printed and left.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) log: String,
    pub(crate) metadata: String,
}

impl Outcome {
    #[track_caller]
    pub(crate) fn passes(self) -> Self {
        assert_eq!(self.code, Some(0), "the build should pass:\n{}", self.log);
        self
    }

    /// The build stops with `>>>` at exactly the line that starts with `instruction`.
    #[track_caller]
    pub(crate) fn stops_at(self, instruction: &str) -> Self {
        assert_eq!(self.code, Some(1), "the build should stop:\n{}", self.log);
        let marked: Vec<&str> =
            self.log.lines().filter_map(|it| it.split_once("| >>> ")).map(|it| it.1).collect();
        assert!(!marked.is_empty(), "no line is marked:\n{}", self.log);
        assert!(
            marked.iter().any(|it| it.starts_with(instruction)),
            "{instruction:?} is not among the marked {marked:?}:\n{}",
            self.log
        );
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.log.contains(text), "{text:?} is missing in:\n{}", self.log);
        self
    }

    #[track_caller]
    pub(crate) fn does_not_say(self, text: &str) -> Self {
        assert!(!self.log.contains(text), "{text:?} should not be in:\n{}", self.log);
        self
    }

    /// Nothing whose name holds `text` was even begun.
    #[track_caller]
    pub(crate) fn did_not_run(self, text: &str) -> Self {
        let begun = self.log.lines().any(|it| it.starts_with('#') && it.contains(text));
        assert!(!begun, "{text:?} should not have run:\n{}", self.log);
        self
    }

    /// Whether the step whose name holds `text` came from the cache.
    pub(crate) fn is_cached(&self, text: &str) -> bool {
        let is_user_step = |it: &&str| it.contains(text) && !it.contains("[layergate]");
        let step = self.log.lines().find(is_user_step).and_then(|it| it.split_once(' '));
        step.is_some_and(|(number, _)| self.log.contains(&format!("\n{number} CACHED\n")))
    }

    /// The scans that ran, by name. Those that came from the cache are left out, and those whose
    /// output was pulled: BuildKit calls both done.
    pub(crate) fn scans_run(&self) -> Vec<String> {
        let mut names: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
        for line in self.log.lines() {
            let Some((number, rest)) = line.split_once(' ') else { continue };
            if rest.starts_with("[layergate] scan") {
                names.entry(number).or_insert((rest, true));
            } else if (rest == "CACHED" || rest.starts_with("sha256:"))
                && let Some(scan) = names.get_mut(number)
            {
                scan.1 = false;
            }
        }
        names.into_values().filter(|it| it.1).map(|it| it.0.to_owned()).collect()
    }

    /// The metadata value `frontend.layergate.<key>`.
    pub(crate) fn metadata(&self, key: &str) -> serde_json::Value {
        let all: serde_json::Value = serde_json::from_str(&self.metadata).unwrap_or_default();
        all[format!("frontend.layergate.{key}")].clone()
    }
}

/// Makes an image that later builds can start from, and returns its reference.
pub(crate) fn image(project: &Project, name: &str) -> String {
    let (reference, output) = if engine() == Engine::Buildkitd {
        let reference = format!("{}/{name}", variable("LAYERGATE_REGISTRY"));
        (reference.clone(), format!("type=image,push=true,name={reference}"))
    } else {
        (name.to_owned(), format!("type=image,name={name}"))
    };
    project.build_ungated().output(&output).args(["--provenance=false"]).run().passes();
    reference
}

/// A directory that lives as long as the value.
pub(crate) fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_owned();
    (directory, path)
}
