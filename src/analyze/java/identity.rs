//! What one archive is, by all that it says and where it lies.
//!
//! An archive may hold the metadata of many artifacts: its own, and those that were put into it.
//! Its own are those that fit its name. Without any, a repository's directories, the manifest and
//! the file name tell it, in this order.

use super::file_name::FileName;
use super::manifest::{Manifest, version};
use super::pom::{Pom, coordinate};
use super::repository::{self, Place};
use super::{group, known};

/// All that tells what an archive is.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    /// Where it lies, in the filesystem or in the archive around it.
    pub(super) path: &'a str,
    pub(super) file: FileName,
    pub(super) manifest: Manifest,
    /// Maven's metadata in it, in the order of their places.
    pub(super) poms: &'a [Pom],
    /// The package that most of its classes are in.
    pub(super) package: Option<String>,
}

/// What an archive is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) group: Option<String>,
    pub(super) artifact: String,
    pub(super) version: String,
    pub(super) classifier: Option<String>,
    /// Which of the metadata in it are its own.
    pub(super) pom: Option<usize>,
    /// Where that was found, unless in Maven's metadata.
    pub(super) told_by: Option<&'static str>,
}

impl Identity {
    /// Group and artifact. Old artifacts have the same word for both.
    pub(super) fn name(&self) -> String {
        let group = self.group.as_deref().unwrap_or(&self.artifact);
        format!("{group}:{}", self.artifact)
    }
}

impl Evidence<'_> {
    /// What the archive is; `None` if nothing tells.
    pub(super) fn identity(&self) -> Option<Identity> {
        if self.manifest.weaves {
            return None;
        }
        if let Some(place) = repository::place(self.path) {
            return Some(self.by_place(place));
        }
        if let Some(at) = self.own_pom() {
            return self.by_pom(at);
        }
        self.by_plugin().or_else(|| self.by_file())
    }

    fn by_place(&self, place: Place) -> Identity {
        let file = self.file.with_version(&place.version);
        let classifier = file.and_then(|it| it.classifier).or_else(|| self.file.classifier.clone());
        let own = |it: &&Pom| it.artifact == place.artifact;
        let pom = self.poms.iter().position(|it| own(&it));
        let stated = self.poms.iter().find(own).map(|it| it.group.clone());
        let derived = || self.group(&place.artifact);
        Identity {
            group: place.group.or(stated).or_else(derived),
            artifact: place.artifact,
            version: place.version,
            classifier,
            told_by: pom.is_none().then_some("path"),
            pom,
        }
    }

    fn by_pom(&self, at: usize) -> Option<Identity> {
        let pom = self.poms.get(at)?;
        let stated = Some(pom.version.as_str()).filter(|it| !it.is_empty());
        let version = stated.or(self.file.version.as_deref()).or(self.manifest.version())?;
        let file =
            self.file.with_version(version).filter(|it| it.artifact.ends_with(&pom.artifact));
        Some(Identity {
            group: Some(pom.group.clone()),
            artifact: pom.artifact.clone(),
            version: version.to_owned(),
            classifier: file.map_or_else(|| self.file.classifier.clone(), |it| it.classifier),
            pom: Some(at),
            told_by: None,
        })
    }

    /// The metadata that fit the archive's name best, or its manifest.
    fn own_pom(&self) -> Option<usize> {
        let rated = self.poms.iter().map(|it| self.rate(it)).enumerate();
        // Of equal ones the first.
        let (at, rating) = rated.max_by_key(|(at, it)| (*it, usize::MAX - at))?;
        let is_only = || self.poms.len() == 1 && self.may_be_renamed();
        (rating.0 > 0 || is_only()).then_some(at)
    }

    /// How well the metadata fit, and whether the version does.
    fn rate(&self, pom: &Pom) -> (u8, bool) {
        let Pom { group, artifact, version, .. } = pom;
        let stem = self.file.stem.as_str();
        // Quarkus and others put the group before the name.
        let full = stem.strip_prefix(group.as_str()).and_then(|it| it.strip_prefix(['.', '-']));
        let rest = [Some(stem), full]
            .into_iter()
            .flatten()
            .find_map(|it| it.strip_prefix(artifact.as_str()));
        let versioned = rest
            .and_then(|it| it.strip_prefix(['-', '_']))
            .and_then(|it| it.strip_prefix(version.as_str()));
        let fit = if versioned.is_some_and(|it| it.is_empty() || it.starts_with(['-', '.']))
            && !version.is_empty()
        {
            4
        } else if rest == Some("") {
            3
        } else if self.file.artifact == *artifact {
            2
        } else {
            u8::from(self.is_stated(pom))
        };
        let known = self.file.version.as_deref().or(self.manifest.version());
        (fit, known == Some(version.as_str()))
    }

    /// Whether the manifest names the same artifact.
    fn is_stated(&self, pom: &Pom) -> bool {
        let manifest = &self.manifest;
        let full = format!("{}.{}", pom.group, pom.artifact);
        let fields = [
            &manifest.bundle_symbolic_name,
            &manifest.short_name,
            &manifest.nar_id,
            &manifest.implementation_title,
        ];
        let mut names = fields.into_iter().filter_map(|it| it.as_deref());
        names.any(|it| it == pom.artifact || it == full)
            || group::title(manifest).is_some_and(|it| it.1 == pom.artifact)
    }

    /// Whether the only metadata in the archive may be its own although its name is another: its
    /// version says nothing else.
    fn may_be_renamed(&self) -> bool {
        let Some(pom) = self.poms.first() else { return false };
        self.file
            .version
            .as_deref()
            .or(self.manifest.own_version())
            .is_none_or(|it| it == pom.version)
    }

    /// Plugins for Jenkins and archives for NiFi state their coordinates in the manifest.
    fn by_plugin(&self) -> Option<Identity> {
        let manifest = &self.manifest;
        let name = manifest.short_name.as_ref().or(manifest.extension_name.as_ref());
        let (group, artifact, raw) = match (&manifest.plugin_version, &manifest.nar_id) {
            (Some(version), _) => (&manifest.group_id, name?, version),
            (None, Some(id)) => (&manifest.nar_group, id, manifest.nar_version.as_ref()?),
            (None, None) => return None,
        };
        let group = group.as_deref().and_then(coordinate);
        // Plugins from before the field are in the group of all plugins of that time.
        let group = group.or(manifest.plugin_version.as_ref().map(|_| "org.jenkins-ci.plugins"));
        Some(Identity {
            group: group.map(str::to_owned),
            artifact: coordinate(artifact)?.to_owned(),
            version: version(raw)?.to_owned(),
            classifier: None,
            pom: None,
            told_by: Some("manifest"),
        })
    }

    /// By the file name, and what the manifest says of the rest.
    fn by_file(&self) -> Option<Identity> {
        let manifest = &self.manifest;
        let versions = [&manifest.implementation_version, &manifest.bundle_version];
        let mut stated = versions.into_iter().filter_map(|it| version(it.as_deref()?));
        let file =
            stated.find_map(|it| self.file.with_version(it)).unwrap_or_else(|| self.file.clone());
        let named = coordinate(&file.artifact);
        let (artifact, version) = match (named, &file.version) {
            (Some(artifact), Some(version)) => (artifact, version.as_str()),
            (named, _) => (named.or_else(|| self.title())?, manifest.version()?),
        };
        let artifact = self.of_tomcat(artifact).unwrap_or(artifact);
        let (in_name, artifact) = match (self.is_of_quarkus(), artifact.rsplit_once('.')) {
            (true, Some((group, artifact))) if group.contains('.') => (Some(group), artifact),
            _ => (None, artifact),
        };
        let group = in_name.map(str::to_owned).or_else(|| self.group(artifact));
        let group = group.or_else(|| group::of_dotted(artifact).map(str::to_owned));
        let is_confirmed = manifest.version() == Some(version);
        Some(Identity {
            group,
            artifact: artifact.to_owned(),
            version: version.to_owned(),
            classifier: file.classifier.clone(),
            pom: None,
            told_by: Some(if is_confirmed { "manifest" } else { "file-name" }),
        })
    }

    fn group(&self, artifact: &str) -> Option<String> {
        let stated = group::of(artifact, &self.manifest, self.package.as_deref());
        stated.or_else(|| self.group_of_parts(artifact))
    }

    /// The group of the artifacts in it that are parts of it, by their name and version.
    fn group_of_parts(&self, artifact: &str) -> Option<String> {
        let is_part = |it: &&Pom| {
            it.artifact.strip_prefix(artifact).is_some_and(|it| it.starts_with('-'))
                && Some(it.version.as_str()) == self.file.version.as_deref()
        };
        self.poms.iter().find(is_part).map(|it| it.group.clone())
    }

    /// The artifact that one of Tomcat's own files is; there it goes by a shorter name.
    fn of_tomcat(&self, stem: &str) -> Option<&str> {
        let bundle = self.manifest.bundle_symbolic_name.as_deref();
        let artifact = bundle.and_then(|it| it.strip_prefix("org.apache."));
        artifact.filter(|it| it.starts_with("tomcat-")).or_else(|| {
            let title = self.manifest.implementation_title.as_deref()?;
            title.starts_with("Apache Tomcat").then(|| known::of_tomcat(stem)).flatten()
        })
    }

    /// A name in the manifest, where the file name is none.
    fn title(&self) -> Option<&str> {
        let manifest = &self.manifest;
        let titles = [
            &manifest.bundle_symbolic_name,
            &manifest.implementation_title,
            &manifest.extension_name,
            &manifest.specification_title,
        ];
        titles.into_iter().find_map(|it| coordinate(it.as_deref()?))
    }

    /// Quarkus names the archives in its directories `group.artifact-version.jar`.
    fn is_of_quarkus(&self) -> bool {
        let parent = self.path.rsplit_once('/').map_or("", |it| it.0);
        parent.ends_with("lib/main") || parent.ends_with("lib/boot")
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, FileName, Manifest, Pom};

    /// What an archive is that has this manifest and these artifacts' metadata in it.
    fn check(path: &str, manifest: &str, poms: &[&str]) -> String {
        let poms: Vec<Pom> = poms.iter().map(|it| pom(it)).collect();
        let name = path.rsplit('/').next().unwrap();
        let (file, manifest) = (FileName::new(name), Manifest::read(manifest.as_bytes()));
        let Some(it) = (Evidence { path, file, manifest, poms: &poms, package: None }).identity()
        else {
            return "-".to_owned();
        };
        let group = it.group.as_deref().unwrap_or("?");
        let classifier = it.classifier.map(|it| format!(" ({it})")).unwrap_or_default();
        let told_by = it.told_by.map(|it| format!(" by {it}")).unwrap_or_default();
        let pom = it.pom.map(|it| format!(" as {it}")).unwrap_or_default();
        format!("{group}:{} {}{classifier}{told_by}{pom}", it.artifact, it.version)
    }

    fn pom(text: &str) -> Pom {
        let parts: Vec<&str> = text.split(':').collect();
        let [group, artifact, version] = parts[..] else { panic!("{text}") };
        let (group, artifact, version) = (group.into(), artifact.into(), version.into());
        Pom { group, artifact, version, ..Pom::default() }
    }

    #[test]
    fn of_several_metadata_those_are_its_own_that_fit_the_name() {
        let poms = ["com.a:guava:31", "org.a:app:1.0", "org.b:app-core:1.0"];
        assert_eq!(check("l/app-1.0.jar", "", &poms), "org.a:app 1.0 as 1");
        assert_eq!(check("l/app-1.0-all.jar", "", &poms), "org.a:app 1.0 (all) as 1");
        assert_eq!(check("l/app-1.0-special.jar", "", &poms), "org.a:app 1.0 (special) as 1");
        assert_eq!(check("l/app.jar", "", &poms), "org.a:app 1.0 as 1");
        assert_eq!(check("l/app-2.0.jar", "", &poms), "org.a:app 1.0 as 1");
        assert_eq!(check("l/org.b.app-core-1.0.jar", "", &poms), "org.b:app-core 1.0 as 2");
        assert_eq!(
            check("l/x.jar", "Implementation-Title: app-core", &poms),
            "org.b:app-core 1.0 as 2"
        );
        assert_eq!(check("l/x.jar", "", &poms), "-");
        assert_eq!(check("l/org.a-app.jar", "", &poms), "org.a:app 1.0 as 1");
        assert_eq!(
            check("l/app-x-1.0.jar", "", &["b:c:1", "b:app-x-y:1.0"]),
            "b:app-x 1.0 by file-name"
        );
        let twice = ["org.a:app:0.9", "org.a:app:1.0", "org.z:app:1.0"];
        assert_eq!(check("l/app-1.0.jar", "", &twice), "org.a:app 1.0 as 1");
    }

    #[test]
    fn the_only_metadata_are_its_own_unless_the_version_says_otherwise() {
        let poms = ["org.a:thing:1.0"];
        assert_eq!(check("l/app.jar", "", &poms), "org.a:thing 1.0 as 0");
        assert_eq!(check("l/app-1.0.jar", "", &poms), "org.a:thing 1.0 as 0");
        assert_eq!(check("l/app-2.0.jar", "", &poms), "?:app 2.0 by file-name");
        assert_eq!(
            check("l/app.jar", "Implementation-Version: 2.0\n", &poms),
            "?:app 2.0 by manifest"
        );
    }

    #[test]
    fn without_metadata_manifest_and_file_name_tell() {
        let boot = "Implementation-Title: Spring Boot\nImplementation-Version: 2.7.18\n";
        assert_eq!(
            check("l/spring-boot-2.7.18.jar", boot, &[]),
            "org.springframework.boot:spring-boot 2.7.18 by manifest"
        );
        let tomcat = "Implementation-Title: Apache Tomcat\nImplementation-Version: 9.0.83\n";
        assert_eq!(
            check("t/lib/catalina.jar", tomcat, &[]),
            "org.apache.tomcat:tomcat-catalina 9.0.83 by manifest"
        );
        let part = "Bundle-SymbolicName: org.apache.tomcat-el-api\nBundle-Version: 9.0.83\n";
        assert_eq!(
            check("t/lib/el-api.jar", part, &[]),
            "org.apache.tomcat:tomcat-el-api 9.0.83 by manifest"
        );
        let tool = "Bundle-SymbolicName: org.a.thing\nBundle-Version: 1.0\n";
        assert_eq!(
            check("l/thing-1.0-tool.jar", tool, &[]),
            "org.a.thing:thing 1.0 (tool) by manifest"
        );
        assert_eq!(check("l/a thing.jar", tool, &[]), "org.a:org.a.thing 1.0 by manifest");
        assert_eq!(check("l/org.a.b.c-1.0.jar", "", &[]), "org.a.b:org.a.b.c 1.0 by file-name");
        assert_eq!(check("q/lib/main/org.a.b.c-1.0.jar", "", &[]), "org.a.b:c 1.0 by file-name");
        assert_eq!(check("l/app.jar", "Main-Class: x.Main\n", &[]), "-");
    }

    #[test]
    fn a_repository_s_directories_have_the_coordinates() {
        let path = "root/.m2/repository/org/a/app/1.0/app-1.0-tool.jar";
        assert_eq!(check(path, "", &[]), "org.a:app 1.0 (tool) by path");
        assert_eq!(check(path, "", &["org.b:app:1.0"]), "org.a:app 1.0 (tool) as 0");
    }

    #[test]
    fn plugins_state_their_coordinates() {
        let plugin = "Short-Name: git\nPlugin-Version: 5.2.0 (private-1)\n";
        assert_eq!(check("p/git.jpi", plugin, &[]), "org.jenkins-ci.plugins:git 5.2.0 by manifest");
        assert_eq!(
            check("p/git.hpi", &format!("{plugin}Group-Id: io.jenkins.plugins\n"), &["a:b:1"]),
            "io.jenkins.plugins:git 5.2.0 by manifest"
        );
        assert_eq!(
            check("n/x.nar", "Nar-Id: a-nar\nNar-Group: org.a\nNar-Version: 1.0\n", &[]),
            "org.a:a-nar 1.0 by manifest"
        );
    }

    #[test]
    fn what_changes_another_archive_is_not_taken_for_it() {
        let weaves = "Weave-Classes: a.B\nImplementation-Title: spring\n";
        assert_eq!(check("l/spring-4.3.0-1.0.jar", weaves, &[]), "-");
    }
}
