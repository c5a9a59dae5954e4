//! The group of an artifact whose archive has only a manifest.
//!
//! No field is made for it. What OSGi calls a bundle is often derived from group and artifact
//! (<https://felix.apache.org/documentation/subprojects/apache-felix-maven-bundle-plugin-bnd.html>),
//! and so are names of modules; vendors write what they like.

use super::known;
use super::manifest::Manifest;
use super::pom::coordinate;

/// Where reversed domain names begin.
const DOMAINS: &[&str] = &[
    "at", "be", "biz", "br", "ca", "ch", "cn", "co", "com", "cz", "de", "dev", "edu", "es", "eu",
    "fi", "fr", "gov", "in", "info", "io", "it", "jakarta", "javax", "jp", "kr", "me", "net", "nl",
    "no", "nu", "org", "pl", "pro", "ru", "se", "sh", "software", "tech", "uk", "us",
];

/// The group of `artifact`, as well as it can be told by its manifest and by the package that most
/// of its classes are in.
pub(super) fn of(artifact: &str, manifest: &Manifest, package: Option<&str>) -> Option<String> {
    let module = manifest.automatic_module_name.as_deref().and_then(known::of_module);
    if let Some(group) = known::group(artifact).or(module) {
        return Some(group.to_owned());
    }
    let text = |field: &Option<String>| field.as_deref().and_then(coordinate).map(str::to_owned);
    let stated = text(&manifest.group_id).or_else(|| text(&manifest.nar_group));
    let vendor = || text(&manifest.implementation_vendor_id).filter(|it| is_group(it, artifact));
    let named = || {
        [
            &manifest.bundle_symbolic_name,
            &manifest.automatic_module_name,
            &manifest.extension_name,
            &manifest.implementation_title,
        ]
        .into_iter()
        .find_map(|it| of_name(coordinate(it.as_deref()?)?, artifact))
    };
    let stated = stated.or_else(|| title(manifest).map(|it| it.0)).or_else(vendor).or_else(named);
    stated.or_else(|| of_beginning(package.filter(|it| is_domain(it))?, artifact))
}

/// Group and artifact where the title has both: `org.example#thing;1.0`, as a plugin for Gradle
/// writes it.
pub(super) fn title(manifest: &Manifest) -> Option<(String, String)> {
    let (group, rest) = manifest.implementation_title.as_deref()?.split_once('#')?;
    let artifact = rest.split_once(';')?.0;
    Some((coordinate(group)?.to_owned(), coordinate(artifact)?.to_owned()))
}

/// The group in the name of a file that has both: `org.apache.felix.framework`.
pub(super) fn of_dotted(artifact: &str) -> Option<&str> {
    let group = artifact.rsplit_once('.')?.0;
    (is_domain(group) && group.contains('.')).then_some(group)
}

/// A group is a reversed domain name, or the same word as the artifact.
fn is_group(name: &str, artifact: &str) -> bool {
    name == artifact || (is_domain(name) && name.contains('.') && name != "org.apache")
}

/// Whether the name begins as a reversed domain name does.
pub(super) fn is_domain(name: &str) -> bool {
    name.split('.').next().is_some_and(|it| DOMAINS.contains(&it))
}

/// The group in the name of a bundle or module, which goes on with the artifact or a part of it.
fn of_name(name: &str, artifact: &str) -> Option<String> {
    if !is_domain(name) || !name.contains('.') {
        return None;
    }
    let artifact = artifact.split('_').next().unwrap_or(artifact);
    if name == artifact {
        return of_dotted(artifact).map(str::to_owned);
    }
    // `com.example.thing.thing-core` of `thing-core`; of one word, the group has often all of it.
    if let Some(group) = name.strip_suffix(artifact).and_then(|it| it.strip_suffix('.'))
        && group.contains('.')
    {
        let last = group.rsplit('.').next().unwrap_or_default();
        let is_all = !artifact.contains('-') && !last.starts_with(artifact);
        return Some(if is_all { name } else { group }.to_owned());
    }
    let group = || name.rsplit_once('.').map(|it| it.0).filter(|it| it.contains('.'));
    of_beginning(name, artifact).or_else(|| Some(group().unwrap_or(name).to_owned()))
}

/// As much of the name as ends with the artifact's beginning: `org.slf4j.api` of `slf4j-api`,
/// `org.postgresql.jdbc` of `postgresql`.
fn of_beginning(name: &str, artifact: &str) -> Option<String> {
    let artifact = artifact.to_ascii_lowercase();
    let ends = name.match_indices('.').map(|it| it.0).skip(1).chain([name.len()]);
    let mut groups: Vec<&str> = ends.filter_map(|end| name.get(..end)).collect();
    groups.reverse();
    let begins = |group: &&&str| {
        let last = group.rsplit('.').next().unwrap_or_default();
        let rest = artifact.strip_prefix(last);
        // A long word may be a part of one.
        let is_word =
            |rest: &str| rest.is_empty() || rest.starts_with(['-', '_']) || last.len() > 5;
        last.len() > 2 && group.contains('.') && rest.is_some_and(is_word)
    };
    groups.iter().find(begins).map(|it| (*it).to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Manifest, of, of_beginning, of_name};

    #[test]
    fn a_bundle_or_module_goes_on_with_the_artifact() {
        for (name, artifact, expected) in [
            ("com.example.thing.thing-core", "thing-core", "com.example.thing"),
            ("org.apache.poi.poi", "poi", "org.apache.poi"),
            ("com.example.guice", "guice", "com.example.guice"),
            ("org.slf4j.api", "slf4j-api", "org.slf4j"),
            ("com.typesafe.akka.actor", "akka-actor_2.13", "com.typesafe.akka"),
            ("org.postgresql.jdbc", "postgresql", "org.postgresql"),
            ("org.apache.felix.framework", "org.apache.felix.framework", "org.apache.felix"),
            ("org.aspectj.weaver", "aspectjweaver", "org.aspectj"),
            ("io.grpc.internal", "grpc-core", "io.grpc"),
            ("com.h2database", "h2", "com.h2database"),
            ("org.mozilla.rhino", "js", "org.mozilla"),
        ] {
            assert_eq!(of_name(name, artifact).as_deref(), Some(expected), "{name}");
        }
        for name in ["bcprov", "okhttp3", "spring.core", "The Apache Software Foundation"] {
            assert_eq!(of_name(name, "x"), None, "{name}");
        }
    }

    #[test]
    fn what_is_stated_goes_before_what_is_derived() {
        let read = |text: &str| of("thing", &Manifest::read(text.as_bytes()), Some("io.thing.x"));
        let name = "Bundle-SymbolicName: org.example.bundle.thing\n";
        let vendor = "Implementation-Vendor-Id: org.example.vendor\n";
        let title = "Implementation-Title: org.example.title#thing;1.0\n";
        let group = "Group-Id: org.example.group\n";
        assert_eq!(read(name).as_deref(), Some("org.example.bundle.thing"));
        assert_eq!(read(&[name, vendor].concat()).as_deref(), Some("org.example.vendor"));
        assert_eq!(read(&[name, vendor, title].concat()).as_deref(), Some("org.example.title"));
        assert_eq!(
            read(&[name, vendor, title, group].concat()).as_deref(),
            Some("org.example.group")
        );
        assert_eq!(read("Implementation-Vendor-Id: Example Inc.\n").as_deref(), Some("io.thing"));
        assert_eq!(read("Implementation-Vendor-Id: org.apache\n").as_deref(), Some("io.thing"));
        assert_eq!(of("thing", &Manifest::default(), Some("thing.x")), None);
    }

    #[test]
    fn a_package_counts_where_it_goes_with_the_artifact() {
        assert_eq!(of_beginning("net.sf.saxon.expr", "Saxon-HE").as_deref(), Some("net.sf.saxon"));
        assert_eq!(of_beginning("com.example.app", "tool"), None);
        assert_eq!(of_beginning("com", "commons"), None);
        assert_eq!(of_beginning("", ""), None);
    }
}
