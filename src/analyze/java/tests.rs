//! Whole archives, and archives that mean harm.

use super::jar::ANALYZER;
use crate::analyze::tests::{find, seed, shown, wants};
use crate::format::zip::made::zip;

fn check(path: &str, files: &[(&str, &[u8])]) -> String {
    let text = shown(&find(&ANALYZER, path, &zip(files)));
    // Hashes of whole archives say nothing to a reader.
    let is_hash = |it: &str| it.len() == 40 && it.bytes().all(|it| it.is_ascii_hexdigit());
    text.split_inclusive([' ', '=', '\n'])
        .map(|it| if is_hash(it.trim()) { it.replace(it.trim(), "#") } else { it.to_owned() })
        .collect()
}

fn pom(group: &str, artifact: &str, version: &str) -> Vec<u8> {
    format!("groupId={group}\nartifactId={artifact}\nversion={version}\n").into_bytes()
}

#[test]
fn archives_are_wanted_by_their_extension_at_any_place() {
    for path in ["a.jar", "opt/A.JAR", "x/y.war", "z.hpi", "p.jpi", "k.kar", "n.nar", "m.aar"] {
        assert!(wants(&ANALYZER, path), "{path}");
    }
    for path in ["a.zip", "jar", "java.base.jmod", "a.jar.original", ".jar"] {
        assert!(!wants(&ANALYZER, path), "{path}");
    }
}

#[test]
fn an_application_has_libraries_in_it_and_a_loader() {
    let shaded = zip(&[
        ("META-INF/maven/org.b/b/pom.properties", &pom("org.b", "b", "2.0")),
        ("META-INF/maven/org.c/c/pom.properties", &pom("org.c", "c", "3.0")),
        (
            "META-INF/maven/org.c/c/pom.xml.z",
            b"<project><artifactId>c</artifactId><groupId>org.c</groupId><licenses><license>\
              <name>MIT</name></license></licenses></project>",
        ),
    ]);
    let manifest = b"Start-Class: app.Main\nSpring-Boot-Version: 2.7.18\n\
        Implementation-Title: app\nImplementation-Version: 1.0-SNAPSHOT\n";
    let files: [(&str, &[u8]); 6] = [
        ("META-INF/MANIFEST.MF", manifest),
        ("org/springframework/boot/loader/JarLauncher.class", b""),
        ("BOOT-INF/classes/app/Main.class", b""),
        ("BOOT-INF/lib/b-2.0.jar", &shaded),
        (
            "BOOT-INF/lib/spring-core-5.3.31.jar.z",
            &zip(&[("META-INF/MANIFEST.MF.z", b"Implementation-Version: 5.3.31\n")]),
        ),
        ("BOOT-INF/lib/a-1.0-sources.jar", &zip(&[("A.java", b"")])),
    ];
    insta::assert_snapshot!(check("srv/app.jar", &files), @r#"
    maven app:app 1.0-SNAPSHOT group=assumed sha1=# told-by=manifest
    maven org.b:b 2.0 in BOOT-INF/lib/b-2.0.jar
    maven org.c:c 3.0 in BOOT-INF/lib/b-2.0.jar!/META-INF/maven/org.c/c/pom.properties licensed ["MIT"] shaded-into=org.b:b
    maven org.springframework.boot:spring-boot-loader 2.7.18 in org/springframework/boot/loader/ shaded-into=app:app
    maven org.springframework:spring-core 5.3.31 in BOOT-INF/lib/spring-core-5.3.31.jar sha1=# told-by=manifest
    "#);
}

#[test]
fn a_plugin_is_told_by_its_manifest() {
    let manifest = b"Group-Id: org.jenkins-ci.plugins\nShort-Name: git\nPlugin-Version: 5.2.0\n\
        Plugin-License-Name: MIT License\n";
    let inner = zip(&[("META-INF/MANIFEST.MF", manifest), ("hudson/plugins/git/A.class", b"")]);
    let files: [(&str, &[u8]); 2] =
        [("META-INF/MANIFEST.MF", manifest), ("WEB-INF/lib/git.jar", &inner)];
    // The plugin's own classes are an archive of the same name in it: the same thing again.
    insta::assert_snapshot!(
        check("var/jenkins_home/plugins/git.jpi", &files),
        @r#"maven org.jenkins-ci.plugins:git 5.2.0 licensed ["MIT License"] sha1=# told-by=manifest"#
    );
}

#[test]
fn metadata_that_are_told_twice_count_once() {
    let (own, other) = (pom("org.a", "a", "1.0"), pom("org.b", "b", "2.0"));
    let files: [(&str, &[u8]); 4] = [
        ("META-INF/maven/org.a/a/pom.properties", &own),
        ("BOOT-INF/classes/META-INF/maven/org.a/a/pom.properties", &own),
        ("x/META-INF/maven/org.b/b/pom.properties", &other),
        ("y/META-INF/maven/org.b/b/pom.properties", &other),
    ];
    insta::assert_snapshot!(check("l/a-1.0.jar", &files), @r"
    maven org.a:a 1.0
    maven org.b:b 2.0 in x/META-INF/maven/org.b/b/pom.properties shaded-into=org.a:a
    ");
}

#[test]
fn parts_of_a_java_installation_come_with_it() {
    let manifest = b"Specification-Title: Java Platform API Specification\n\
        Specification-Version: 17\nImplementation-Title: Java Runtime Environment\n\
        Implementation-Version: 17.0.15\n";
    insta::assert_snapshot!(
        check("opt/jdk/lib/jrt-fs.jar", &[("META-INF/MANIFEST.MF", manifest)]),
        @"maven jrt-fs:jrt-fs 17.0.15 bundled group=assumed sha1=# told-by=manifest"
    );
}

#[test]
fn a_classifier_is_a_qualifier_and_sources_are_no_code() {
    let own = pom("io.netty", "netty-x", "4.1");
    let files: [(&str, &[u8]); 1] = [("META-INF/maven/io.netty/netty-x/pom.properties", &own)];
    insta::assert_snapshot!(
        check("l/netty-x-4.1-linux-x86_64.jar", &files),
        @"maven io.netty:netty-x 4.1 classifier=linux-x86_64"
    );
    assert_eq!(check("l/netty-x-4.1-sources.jar", &files), "");
    assert_eq!(check("l/netty-x-4.1-javadoc.jar", &[("a.html", b"")]), "");
    let with_code: [(&str, &[u8]); 2] = [files[0], ("A.class", b"")];
    assert_ne!(check("l/netty-x-4.1-sources.jar", &with_code), "");
}

#[test]
fn what_is_no_archive_is_told_where_it_should_be_one() {
    let read = |path: &str, bytes: &[u8]| shown(&find(&ANALYZER, path, bytes));
    assert_eq!(read("a.jar", b""), "");
    assert_eq!(read("a.jar", b"text"), "note jar: the archive has no end record\n");
    assert_eq!(read("a.rar", b"Rar!\x1a\x07\x01\0"), "");
    let broken = zip(&[("lib/x.jar", b"text"), ("lib/y.jar", b"")]);
    assert_eq!(
        read("a.jar", &broken),
        "note jar: an archive in it: the archive has no end record\n"
    );
}

#[test]
fn what_an_archive_says_cannot_harm_a_terminal() {
    let name = "lib/\x1b[2J-1.0.jar";
    let inner = zip(&[("META-INF/maven/a/a/pom.properties", &pom("a", "a", "1"))]);
    let files: [(&str, &[u8]); 2] = [
        (name, &inner),
        (
            "META-INF/MANIFEST.MF",
            b"Implementation-Title: \x1b[2J\nImplementation-Version: 1\x1b[2J\n\
              Bundle-License: \x1b[2J\n",
        ),
    ];
    insta::assert_snapshot!(
        check("x.jar", &files),
        @"maven a:a 1 in lib/?[2J-1.0.jar!/META-INF/maven/a/a/pom.properties shaded-into=an archive"
    );
}

#[test]
fn archives_in_each_other_are_read_to_a_depth() {
    let mut bytes = zip(&[("META-INF/maven/a/b/pom.properties", &pom("a", "b", "1"))]);
    for depth in 1..=17 {
        let name = if depth % 2 == 0 { "in.jar" } else { "in.jar.z" };
        bytes = zip(&[(name, &bytes)]);
        let found = find(&ANALYZER, "out.jar", &bytes);
        assert_eq!(found.components.len(), usize::from(depth <= 16), "{depth}");
        assert_eq!(found.notes.len(), usize::from(depth > 16));
    }
    let found = find(&ANALYZER, "out.jar", &bytes);
    assert_eq!(found.notes, ["jar: more than 16 archives in each other; the rest is not read"]);
}

#[test]
fn archives_in_one_file_are_counted() {
    // Each holds ten of the next kind, so that there are 111,111.
    let mut bytes = zip(&[("META-INF/MANIFEST.MF", b"")]);
    let names: Vec<String> = (0..10).map(|it| format!("{it}.jar")).collect();
    for _ in 0..5 {
        let files: Vec<(&str, &[u8])> =
            names.iter().map(|it| (it.as_str(), bytes.as_slice())).collect();
        bytes = zip(&files);
    }
    let found = find(&ANALYZER, "out.jar", &bytes);
    assert_eq!(found.notes, ["jar: more than 10000 archives in the file; the rest is not read"]);
}

#[test]
fn an_archive_that_would_fill_the_memory_is_not_unpacked() {
    let mut bytes = zip(&[("bomb.jar.z", b"a bomb")]);
    // The directory claims 300 MiB; what does not fit its claim is tried in the tests of archives.
    let at = memchr::memmem::rfind(&bytes, b"PK\x01\x02").unwrap() + 24;
    bytes[at..at + 4].copy_from_slice(&(300_u32 << 20).to_le_bytes());
    let found = find(&ANALYZER, "out.jar", &bytes);
    assert_eq!(
        found.notes,
        ["jar: an archive in it: a file in the archive is too large, limit 268435456"]
    );
}

#[test]
fn archives_of_every_kind_are_seeds_for_fuzzing() {
    let project = b"<project><parent><groupId>org.a</groupId><version>1</version></parent>\
        <artifactId>b</artifactId><version>${v}</version><properties><v>2</v></properties>\
        <licenses><license><name>MIT</name></license></licenses></project>";
    let manifest = b"Implementation-Title: org.a#b;1\r\nBundle-SymbolicName: org.a.b;x:=y\r\n\
        Implementation-Version: 1.0\r\nBundle-License: \"A, B\";link=c, MIT\r\nShort-Name: b\r\n\
        Plugin-Version: 1.0 (x)\r\n\r\nName: x\r\n";
    let stored = zip(&[("META-INF/maven/org.a/b/pom.xml", project), ("org/a/b/C.class", b"")]);
    let deflated = zip(&[("META-INF/MANIFEST.MF.z", manifest), ("lib/b-2.jar.z", &stored)]);
    for (name, bytes, n_components) in [
        ("good", super::jar::made::sample(), 4),
        ("project", stored, 2),
        ("manifest", zip(&[("META-INF/MANIFEST.MF", manifest)]), 1),
        ("nested", deflated, 2),
    ] {
        let found = find(&ANALYZER, "opt/lib/a-1.0.jar", &bytes);
        assert_eq!((found.components.len(), found.notes.len()), (n_components, 0), "{name}");
        seed("jar", name, &bytes);
    }
}
