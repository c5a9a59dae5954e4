//! Archives that were unpacked: a web application in a server, a service in its image's layers.
//!
//! Maven's metadata then lie in the filesystem as they do in an archive, at
//! `META-INF/maven/<group>/<artifact>/pom.properties`. Elsewhere a file of this name is left over
//! from a build.

use super::pom;
use crate::analyze::{Analyzer, Found, Want};
use crate::model::{Component, Ecosystem, LayerPath};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "jar-unpacked",
    wants: &[Want::Name("pom.properties")],
    accepts: |path| coordinates(path).is_some(),
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

/// Group and artifact, as the directories have them.
fn coordinates(path: &LayerPath) -> Option<(&str, &str)> {
    let (directory, artifact) = path.parent().rsplit_once('/')?;
    let (directory, group) = directory.rsplit_once('/')?;
    let is_of_archive = directory == "META-INF/maven" || directory.ends_with("/META-INF/maven");
    is_of_archive.then_some((group, artifact))
}

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let Some(pom) = pom::properties(bytes) else {
        found.remark("no readable group, artifact and version");
        return found;
    };
    if coordinates(path) == Some((&pom.group, &pom.artifact)) {
        let name = format!("{}:{}", pom.group, pom.artifact);
        found.component(Component::new(Ecosystem::Maven, name, pom.version));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    #[test]
    fn metadata_stand_for_an_archive_that_was_unpacked() {
        let path = "srv/app/META-INF/maven/org.a/b/pom.properties";
        let shown = |text: &str| shown(&find(&ANALYZER, path, text.as_bytes()));
        assert_eq!(shown("version=1.0\ngroupId=org.a\nartifactId=b\n"), "maven org.a:b 1.0\n");
        assert_eq!(shown("version=1.0\ngroupId=org.a\nartifactId=c\n"), "");
        assert_eq!(
            shown("version=1.0\n"),
            "note jar-unpacked: no readable group, artifact and version\n"
        );
        assert!(wants(&ANALYZER, "META-INF/maven/org.a/b/pom.properties"));
        assert!(!wants(&ANALYZER, "src/app/target/maven-archiver/pom.properties"));
        assert!(!wants(&ANALYZER, "META-INF/maven/pom.properties"));
    }
}
