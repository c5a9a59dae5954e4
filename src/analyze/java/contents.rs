//! The components that an archive makes: itself, and what was put into it.

use std::collections::BTreeSet;

use super::entries::LOADER;
use super::identity::{Evidence, Identity};
use super::pom::{self, Pom};
use crate::analyze::text;
use crate::model::{Component, Ecosystem, Standing};

/// The longest place in an archive that is shown.
const MAX_PLACE: usize = 400;

/// Where an archive is in the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) within: Option<String>,
    pub(super) depth: usize,
    /// Name and version of the archive around it.
    pub(super) around: Option<(String, String)>,
}

impl Place {
    /// The place of something in the archive, as it may be shown.
    pub(super) fn inside(&self, name: &str) -> String {
        let mut place = self.within.as_ref().map(|it| format!("{it}!/")).unwrap_or_default();
        let visible = |it: char| if it.is_control() { '?' } else { it };
        place.extend(name.chars().map(visible).take(MAX_PLACE.saturating_sub(place.len())));
        place
    }
}

/// An archive and what it is.
pub(super) struct Shell<'a> {
    pub(super) evidence: &'a Evidence<'a>,
    pub(super) identity: Option<&'a Identity>,
    pub(super) place: &'a Place,
}

impl Shell<'_> {
    /// All components, each once: the archive itself, unless it is the same as the one around it (a
    /// plugin has its classes in an archive of its own name), and those that were put into it. The
    /// `places` are those of Maven's metadata.
    pub(super) fn components(
        &self,
        places: &[String],
        sha1: Option<&str>,
        has_loader: bool,
    ) -> Vec<Component> {
        let own = self.identity.and_then(|it| it.pom);
        let others = self.evidence.poms.iter().zip(places).enumerate();
        let others =
            others.filter(|it| own != Some(it.0)).map(|(_, (pom, at))| self.shaded(pom, at));
        let loader = has_loader.then(|| self.loader()).flatten();
        let mut told = BTreeSet::new();
        told.extend(self.place.around.clone());
        let all = self.own(sha1).into_iter().chain(others).chain(loader);
        all.filter(|it| told.insert((it.name.clone(), it.version.clone()))).collect()
    }

    /// The archive itself.
    fn own(&self, sha1: Option<&str>) -> Option<Component> {
        let identity = self.identity?;
        let manifest = &self.evidence.manifest;
        let pom = identity.pom.and_then(|it| self.evidence.poms.get(it));
        let licenses = pom.map(|it| it.licenses.clone()).filter(|it| !it.is_empty());
        let mut component = Component {
            within: self.place.within.clone(),
            licenses: licenses.unwrap_or_else(|| manifest.licenses.clone()),
            ..Component::new(Ecosystem::Maven, identity.name(), &identity.version)
        };
        // Its own libraries come and go with a Java installation.
        if manifest.is_of_runtime() {
            component.standing = Standing::Bundled;
        }
        if let Some(classifier) = identity.classifier.as_deref().and_then(pom::coordinate) {
            component = component.qualifier("classifier", classifier);
        }
        if let Some(told_by) = identity.told_by {
            component = component.property("told-by", told_by);
        }
        // As old artifacts have it, and as their advisories name them.
        if identity.group.is_none() {
            component = component.property("group", "assumed");
        }
        if let Some(sha1) = sha1 {
            component = component.property("sha1", sha1);
        }
        Some(component)
    }

    /// Another artifact that was put into the archive without an archive of its own.
    fn shaded(&self, pom: &Pom, inside: &str) -> Component {
        let component = Component {
            within: Some(self.place.inside(inside)),
            licenses: pom.licenses.clone(),
            ..Component::new(
                Ecosystem::Maven,
                format!("{}:{}", pom.group, pom.artifact),
                &pom.version,
            )
        };
        component.property("shaded-into", &self.name())
    }

    /// Spring Boot's loader, whose classes are copied into each application.
    fn loader(&self) -> Option<Component> {
        let version = self.evidence.manifest.spring_boot_version.as_deref();
        let version = version.and_then(|it| text::value(it.as_bytes()))?;
        let component = Component {
            within: Some(self.place.inside(LOADER)),
            ..Component::new(
                Ecosystem::Maven,
                "org.springframework.boot:spring-boot-loader",
                version,
            )
        };
        Some(component.property("shaded-into", &self.name()))
    }

    /// Name and version, if the archive has both.
    pub(super) fn name_and_version(&self) -> Option<(String, String)> {
        self.identity.map(|it| (it.name(), it.version.clone()))
    }

    /// What the archive is called.
    fn name(&self) -> String {
        let file = || pom::coordinate(&self.evidence.file.stem).unwrap_or("an archive").to_owned();
        self.identity.map_or_else(file, Identity::name)
    }
}
