//! Installations of Java, by the file `release` in their directory.
//!
//! Lines of `NAME="value"`: JEP 223 (<https://openjdk.org/jeps/223>) says how the version is
//! written, the rest is what each vendor adds. What `jlink` makes has one, too. Builds of OpenJDK
//! are called `openjdk`, whoever built them, because their flaws are reported under that name; the
//! properties say whose it is. Other products keep their own: `zulu` of Azul, `java` and `java_sdk`
//! of IBM, `jdk` and `jre` of Oracle.

use std::collections::BTreeMap;

use crate::analyze::{Analyzer, Found, Owning, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

/// The longest file; the list of modules takes most of it.
const MAX_FILE: usize = 256 << 10;

/// Files that every installation has and that would be taken for something of its own.
const OWN: &[&str] = &[
    "bin/java",
    "bin/javac",
    "bin/jdb",
    "jre/bin/java",
    "lib/jrt-fs.jar",
    "lib/server/libjvm.so",
    "lib/libjava.so",
    "jre/lib/rt.jar",
];

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "jvm",
    wants: &[Want::Name("release")],
    read: |input| Ok(read(input.path, &input.part(0, MAX_FILE)?)),
    ..Analyzer::BASE
};

/// Distributions of OpenJDK, by a word in the name of their vendor or version.
const DISTRIBUTIONS: &[(&str, &str)] = &[
    ("graalvm", "graalvm"),
    ("temurin", "temurin"),
    ("adoptium", "temurin"),
    ("adoptopenjdk", "adoptopenjdk"),
    ("corretto", "corretto"),
    ("amazon", "corretto"),
    ("zulu", "zulu"),
    ("azul", "zulu"),
    ("liberica", "liberica"),
    ("bellsoft", "liberica"),
    ("sapmachine", "sapmachine"),
    ("sap se", "sapmachine"),
    ("dragonwell", "dragonwell"),
    ("alibaba", "dragonwell"),
    ("kona", "kona"),
    ("tencent", "kona"),
    ("semeru", "semeru"),
    ("microsoft", "microsoft"),
    ("jetbrains", "jetbrains"),
    ("debian", "debian"),
    ("ubuntu", "ubuntu"),
    ("red hat", "redhat"),
    ("red_hat", "redhat"),
];

type Fields<'a> = BTreeMap<&'a str, &'a str>;

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let fields: Fields<'_> = text::lines(bytes).filter_map(|(_, line)| field(line)).collect();
    // Other programs have a file of this name, too.
    if !fields.contains_key("JAVA_VERSION") && !fields.contains_key("JAVA_RUNTIME_VERSION") {
        return found;
    }
    let Some(version) = version(&fields) else {
        found.remark("an installation of Java without a readable version");
        return found;
    };
    let mut component = Component::new(Ecosystem::Generic, product(&fields), version);
    for (key, name) in [
        ("vendor", "IMPLEMENTOR"),
        ("image-type", "IMAGE_TYPE"),
        ("jvm", "JVM_VARIANT"),
        ("semantic-version", "SEMANTIC_VERSION"),
        ("graalvm-version", "GRAALVM_VERSION"),
    ] {
        if let Some(value) = fields.get(name) {
            component = component.property(key, value);
        }
    }
    if let Some(distribution) = distribution(&fields) {
        component = component.property("distribution", distribution);
    }
    let repository = fields.get("SOURCE_REPO").or(fields.get("BUILD_SOURCE_REPO"));
    if let Some(repository) = repository.filter(|it| it.starts_with("https://")) {
        component = component.qualifier("repository_url", repository);
    }
    component.arch = fields.get("OS_ARCH").map(|it| (*it).to_owned());
    found.component(component);
    let mut owning = Owning::new(path);
    for file in OWN {
        owning.add(path.parent(), file);
    }
    found.owns(owning);
    found
}

/// A field whose value can be shown.
fn field(line: &[u8]) -> Option<(&str, &str)> {
    let (name, value) = str::from_utf8(line).ok()?.split_once('=')?;
    let value = value.trim().trim_matches('"').trim();
    let fits = !value.is_empty() && value.len() <= 128 && !value.contains(char::is_control);
    fits.then_some((name, value))
}

/// The most exact version that is comparable.
fn version<'a>(fields: &Fields<'a>) -> Option<&'a str> {
    let get = |name| fields.get(name).copied().filter(|it| text::value(it.as_bytes()).is_some());
    let java = get("JAVA_VERSION");
    let full = || {
        let major = |it: &str| it.split('.').next().map(str::to_owned);
        get("FULL_VERSION").filter(|it| java.is_some_and(|java| major(it) == major(java)))
    };
    get("JAVA_RUNTIME_VERSION").or_else(full).or(java)
}

/// The product that flaws are reported for. Oracle's builds of OpenJDK have the same vendor as its
/// commercial product.
fn product(fields: &Fields<'_>) -> &'static str {
    let vendor = lower(fields, "IMPLEMENTOR");
    let is_jre = lower(fields, "IMAGE_TYPE") == "jre";
    if vendor.contains("azul") {
        "zulu"
    } else if vendor.contains("ibm") || vendor.contains("international business") {
        if is_jre { "java" } else { "java_sdk" }
    } else if lower(fields, "BUILD_TYPE") == "commercial" || vendor.starts_with("sun ") {
        if is_jre { "jre" } else { "jdk" }
    } else {
        "openjdk"
    }
}

fn distribution(fields: &Fields<'_>) -> Option<&'static str> {
    if fields.contains_key("GRAALVM_VERSION") {
        return Some("graalvm");
    }
    let names = ["IMPLEMENTOR_VERSION", "IMPLEMENTOR", "JAVA_RUNTIME_VERSION"];
    names.into_iter().find_map(|name| {
        let value = lower(fields, name);
        DISTRIBUTIONS.iter().find(|it| value.contains(it.0)).map(|it| it.1)
    })
}

fn lower(fields: &Fields<'_>, name: &str) -> String {
    fields.get(name).map(|it| it.to_ascii_lowercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown};

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "opt/java/release", text.as_bytes()))
    }

    #[test]
    fn an_installation_has_a_version_and_a_vendor() {
        let text = "IMPLEMENTOR=\"Eclipse Adoptium\"\nIMPLEMENTOR_VERSION=\"Temurin-21.0.4+7\"\n\
            JAVA_RUNTIME_VERSION=\"21.0.4+7-LTS\"\nJAVA_VERSION=\"21.0.4\"\nOS_ARCH=\"aarch64\"\n\
            MODULES=\"java.base java.xml\"\nSOURCE_REPO=\"https://example.org/jdk.git\"\n\
            FULL_VERSION=\"21.0.4+7-LTS\"\nSEMANTIC_VERSION=\"21.0.4+7\"\nIMAGE_TYPE=\"JRE\"\n";
        insta::assert_snapshot!(check(text), @r"
        generic openjdk 21.0.4+7-LTS aarch64 repository_url=https://example.org/jdk.git distribution=temurin image-type=JRE semantic-version=21.0.4+7 vendor=Eclipse Adoptium
        /opt/java/release owns 8 of 8
        ");
    }

    #[test]
    fn the_product_is_told_by_its_vendor() {
        let name = |text: &str| {
            let shown = check(&format!("{text}\nJAVA_VERSION=\"1.8.0_302\"\n"));
            let words: Vec<&str> = shown.lines().next().unwrap_or_default().split(' ').collect();
            words[1..3].join(" ")
        };
        assert_eq!(name(""), "openjdk 1.8.0_302");
        assert_eq!(name("FULL_VERSION=\"1.8.0_302-b08\""), "openjdk 1.8.0_302-b08");
        assert_eq!(name("FULL_VERSION=\"8.0.302+8\""), "openjdk 1.8.0_302");
        assert_eq!(name("IMPLEMENTOR=\"Azul Systems, Inc.\""), "zulu 1.8.0_302");
        assert_eq!(name("BUILD_TYPE=\"commercial\""), "jdk 1.8.0_302");
        assert_eq!(name("IMPLEMENTOR=\"Oracle Corporation\""), "openjdk 1.8.0_302");
        assert_eq!(name("IMPLEMENTOR=\"IBM Corporation\"\nIMAGE_TYPE=\"JRE\""), "java 1.8.0_302");
    }

    #[test]
    fn other_files_of_that_name_say_nothing() {
        assert_eq!(check("NAME=\"x\"\nVERSION=\"1\"\n"), "");
        assert_eq!(check("binary\0\x01"), "");
        assert_eq!(
            check("JAVA_VERSION=\"1 2\"\n"),
            "note jvm: an installation of Java without a readable version\n"
        );
    }
}
