//! All sources: a small file of each, what becomes of it, and what it does when it is damaged.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::{Intake, Kind, read};
use crate::advisory::gather::Gathered;
use crate::advisory::{Affected, Database, End, Options, build};
use crate::format::tar::made::Tar;

/// Builds from `files`; says what is in the database, a line for each row, and what is bad.
fn check(files: &[(&str, &[u8])]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let (from, out) = (dir.path().join("in"), dir.path().join("out.db"));
    for (name, bytes) in files {
        let path = from.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let report = match build(&from, &out, Options::default()) {
        Ok(report) => report,
        Err(error) => return error.to_string().replace(&*from.to_string_lossy(), "DIR"),
    };
    let again = dir.path().join("again.db");
    build(&from, &again, Options::default()).unwrap();
    assert!(fs::read(&out).unwrap() == fs::read(&again).unwrap(), "the bytes differ");
    let database = Database::open(&out).unwrap();
    database.verify().unwrap();
    let mut lines = Vec::new();
    for (ecosystem, n_packages, _) in database.ecosystems() {
        let shard = database.shard(ecosystem).unwrap().unwrap();
        for number in 0..n_packages {
            let (name, rows) = shard.package(number).unwrap();
            lines.extend(rows.map(|it| {
                let it = it.unwrap();
                format!("{ecosystem} {name} {}", shown(&it.flaw().unwrap(), &it.affected))
            }));
        }
    }
    lines.extend(
        report.sources.iter().map(|it| format!("# {} {} {}", it.name, it.records, it.date)),
    );
    lines.extend(report.skipped.iter().map(|it| format!("skipped {} {}", it.1, it.0)));
    lines.extend(report.bad.iter().map(|it| {
        let path = it.path.strip_prefix(&from).unwrap().display();
        format!("bad {path}: {}", it.problem)
    }));
    lines.join("\n")
}

fn shown(flaw: &crate::advisory::Flaw, affected: &Affected<&str>) -> String {
    let ranges = affected.ranges.iter().map(|it| {
        let end = match it.end {
            End::Fixed(it) => format!("={it}"),
            End::LastAffected(it) | End::Limit(it) => it.to_owned(),
            End::Open => String::new(),
        };
        format!("{}..{end}", it.introduced.unwrap_or_default())
    });
    let names: Vec<&str> =
        std::iter::once(&flaw.id).chain(&flaw.aliases).map(String::as_str).collect();
    let names = names.join("+");
    let (severity, status) = (flaw.severity.to_string(), format!("{:?}", flaw.status));
    let ranges = ranges.collect::<Vec<_>>().join(" ");
    let words = [&names, &flaw.rated_by, &flaw.module, &severity, &status, &ranges];
    words.into_iter().filter(|it| !it.is_empty()).cloned().collect::<Vec<_>>().join(" ")
}

const DEBIAN: &str = r#"{"curl":{
 "CVE-2024-1":{"description":"One","scope":"remote","releases":{
  "bookworm":{"status":"resolved","repositories":{"bookworm":"7.88.1-10"},"fixed_version":"7.88.1-10+deb12u1","urgency":"medium**"},
  "trixie":{"status":"resolved","repositories":{},"fixed_version":"0","urgency":"unimportant"},
  "bullseye":{"status":"open","repositories":{},"urgency":"not yet assigned","nodsa":"Minor","nodsa_reason":"postponed"},
  "buster":{"status":"open","repositories":{},"urgency":"end-of-life"},
  "sid":{"status":"open","repositories":{},"urgency":"low"},
  "zurg":{"status":"open","repositories":{},"urgency":"low"}}},
 "CVE-2024-2":{"releases":{
  "bookworm":{"status":"open","urgency":"low","nodsa":"Minor","nodsa_reason":""},
  "trixie":{"status":"open","urgency":"high","nodsa":"Minor","nodsa_reason":"ignored"},
  "forky":{"status":"undetermined","urgency":"low"},
  "bullseye":{"status":"resolved","fixed_version":"not a version","urgency":"low"},
  "buster":{"status":"odd","urgency":"low"}}}},
 "zlib":{"TEMP-0000000-ABCDEF":{"releases":{"bookworm":{"status":"open","urgency":"unimportant"}}},
  "CVE-2024-3":7,
  "CVE-2024-4":{"releases":{"bookworm":{"status":"open","urgency":"not yet assigned"}}}}}"#;

const ALPINE: &str = r#"{"apkurl":"{{urlprefix}}/x.apk","archs":["x86_64"],"reponame":"main",
 "urlprefix":"https://dl-cdn.alpinelinux.org/alpine","distroversion":"v3.20","packages":[
 {"pkg":{"name":"busybox","secfixes":{"1.36-r0":["CVE-2022-1 XSA-7","CVE-2022-2 (+ a remark)"],
  "0":["CVE-2022-3","CVE-2022-2"],"1.36-r2":["CVE-2022-2"],"one":["CVE-2022-9"]}}},
 {"pkg":{"name":"xen","secfixes":{"4.1-r0":["CVE-2018-1 CVE-2018-2 XSA-1"]}}},
 {"pkg":{"name":"none","secfixes":null}}]}"#;

const WOLFI: &str = r#"{"apkurl":"x","archs":[],"reponame":"os","urlprefix":"https://packages.wolfi.dev",
 "packages":[{"pkg":{"name":"go","secfixes":{"1.21-r0":["CVE-2023-1"],"0":["GHSA-aaaa-bbbb-cccc"]}}}]}"#;

const REDHAT: &str = r#"{"document":{"category":"csaf_vex","csaf_version":"2.0","title":"A flaw",
 "aggregate_severity":{"text":"moderate"},"publisher":{"name":"Red Hat Product Security","namespace":"https://www.redhat.com"},
 "tracking":{"id":"CVE-2024-1","current_release_date":"2024-05-06T07:08:09+00:00","initial_release_date":"2024-05-01T00:00:00+00:00","status":"final"}},
 "product_tree":{"branches":[{"category":"vendor","name":"Red Hat","branches":[
  {"category":"product_name","name":"9","product":{"name":"9","product_id":"rhel9","product_identification_helper":{"cpe":"cpe:/o:redhat:enterprise_linux:9"}}},
  {"category":"product_name","name":"8","product":{"name":"8","product_id":"app8","product_identification_helper":{"cpe":"cpe:/a:redhat:enterprise_linux:8::appstream"}}},
  {"category":"product_name","name":"e","product":{"name":"e","product_id":"eus9","product_identification_helper":{"cpe":"cpe:/a:redhat:rhel_eus:9.2::baseos"}}},
  {"category":"product_name","name":"o","product":{"name":"o","product_id":"shift","product_identification_helper":{"cpe":"cpe:/a:redhat:openshift:4"}}},
  {"category":"product_version","name":"curl","product":{"name":"curl","product_id":"curl","product_identification_helper":{"purl":"pkg:rpm/redhat/curl?arch=src"}}},
  {"category":"product_version","name":"vim","product":{"name":"vim","product_id":"vim","product_identification_helper":{"purl":"pkg:rpm/redhat/vim?arch=src"}}},
  {"category":"product_version","name":"zip","product":{"name":"zip","product_id":"zip","product_identification_helper":{"purl":"pkg:rpm/redhat/zip?arch=src"}}},
  {"category":"product_version","name":"m","product":{"name":"m","product_id":"mod","product_identification_helper":{"purl":"pkg:rpmmod/redhat/nodejs@18:8090020240301:abc"}}},
  {"category":"architecture","name":"x86_64","branches":[
   {"category":"product_version","name":"b","product":{"name":"b","product_id":"curl-2:7.76-1.el9.x86_64","product_identification_helper":{"purl":"pkg:rpm/redhat/curl@7.76-1.el9?arch=x86_64"}}},
   {"category":"product_version","name":"s","product":{"name":"s","product_id":"curl-2:7.76-1.el9.src","product_identification_helper":{"purl":"pkg:rpm/redhat/curl@7.76-1.el9?arch=src"}}},
   {"category":"product_version","name":"e","product":{"name":"e","product_id":"curl-0:7.76-1.el9_2.1.x86_64","product_identification_helper":{"purl":"pkg:rpm/redhat/curl@7.76-1.el9_2.1?arch=x86_64"}}},
   {"category":"product_version","name":"n","product":{"name":"n","product_id":"npm-1","product_identification_helper":{"purl":"pkg:rpm/redhat/npm@1.0-1.module%2Bel8.9.0%2B1?arch=x86_64&epoch=1&rpmmod=nodejs:20:8090020240302:def"}}},
   {"category":"product_version","name":"o","product":{"name":"o","product_id":"npm-2","product_identification_helper":{"purl":"pkg:rpm/redhat/npm@0.9-1.module%2Bel8.9.0%2B1?arch=x86_64"}}}]}]}],
 "relationships":[
  {"category":"default_component_of","full_product_name":{"name":"","product_id":"rhel9:curl-2"},"product_reference":"curl-2:7.76-1.el9.x86_64","relates_to_product_reference":"rhel9"},
  {"category":"default_component_of","full_product_name":{"name":"","product_id":"rhel9:curl-s"},"product_reference":"curl-2:7.76-1.el9.src","relates_to_product_reference":"rhel9"},
  {"category":"default_component_of","full_product_name":{"name":"","product_id":"eus9:curl"},"product_reference":"curl-0:7.76-1.el9_2.1.x86_64","relates_to_product_reference":"eus9"},
  {"category":"default_component_of","full_product_name":{"name":"","product_id":"app8:npm-1"},"product_reference":"npm-1","relates_to_product_reference":"app8"},
  {"category":"default_component_of","full_product_name":{"name":"","product_id":"app8:mod"},"product_reference":"mod","relates_to_product_reference":"app8"},
  {"category":"default_component_of","full_product_name":{"name":"","product_id":"app8:mod:npm-2"},"product_reference":"npm-2","relates_to_product_reference":"app8:mod"},
  {"category":"default_component_of","full_product_name":{"name":"","product_id":"app8:curl"},"product_reference":"curl","relates_to_product_reference":"app8"},
  {"category":"default_component_of","full_product_name":{"name":"","product_id":"app8:vim"},"product_reference":"vim","relates_to_product_reference":"app8"},
  {"category":"default_component_of","full_product_name":{"name":"","product_id":"rhel9:vim"},"product_reference":"vim","relates_to_product_reference":"rhel9"},
  {"category":"default_component_of","full_product_name":{"name":"","product_id":"rhel9:zip"},"product_reference":"zip","relates_to_product_reference":"rhel9"},
  {"category":"default_component_of","full_product_name":{"name":"","product_id":"shift:vim"},"product_reference":"vim","relates_to_product_reference":"shift"},
  {"category":"default_component_of","full_product_name":{"name":"","product_id":"loop"},"product_reference":"vim","relates_to_product_reference":"loop"}]},
 "vulnerabilities":[{"cve":"CVE-2024-1","title":"A flaw in things","cwe":{"id":"CWE-79","name":"x"},
  "product_status":{"fixed":["rhel9:curl-2","rhel9:curl-s","eus9:curl","app8:npm-1","app8:mod:npm-2","shift:vim","loop"],
   "known_affected":["app8:curl","app8:vim","shift:vim"],"known_not_affected":["rhel9:vim"],"under_investigation":["rhel9:zip"]},
  "remediations":[{"category":"none_available","details":"Fix deferred","product_ids":["app8:curl"]},
   {"category":"no_fix_planned","details":"Out of support scope","product_ids":["app8:vim"]}],
  "threats":[{"category":"impact","details":"Important","product_ids":["rhel9:curl-2","app8:npm-1"]}]}]}"#;

const NVIDIA_CSAF: &str = r#"{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","title":"Security Bulletin: X",
 "publisher":{"name":"NVIDIA Product Security","namespace":"https://www.nvidia.com/security"},
 "tracking":{"id":"5790","current_release_date":"2026-03-24T00:00:00Z","status":"final"}},
 "product_tree":{"branches":[{"category":"vendor","name":"NVIDIA","branches":[{"category":"architecture","name":"All","branches":[
  {"category":"product_version","name":"Triton Inference Server","product":{"name":"All versions prior to 26.01","product_id":"a"}},
  {"category":"product_version","name":"Triton Inference Server","product":{"name":"26.01","product_id":"b"}}]}]}]},
 "vulnerabilities":[{"cve":"CVE-2025-33238","notes":[{"category":"summary","text":"Words"}],
  "product_status":{"fixed":["b"],"known_affected":["a"]},
  "scores":[{"cvss_v3":{"vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"},"products":["a"]}]}]}"#;

const NVIDIA: &str = r#"{"source":"x","bulletins":[{"bulletin_id":"5755","title":"Security Bulletin: CUDA","released":"2026-01-02T00:00:00Z","updated":"2026-01-03T00:00:00Z","links":["https://x.y"],
 "vulnerabilities":[{"cve":"CVE-2025-1","cwe":"CWE-20","cvss":["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"],
  "affected":[{"product":"NVIDIA CUDA Toolkit","platform":"Windows, Linux","version_text":"All versions prior to CUDA Toolkit 13.1"},
   {"product":"SHIELD TV","platform":"Android","version_text":"odd"},
   {"product":"NVIDIA NVTabular","platform":"Linux","version_text":"before commit 5dd11f4"}],"fixed":[]}]},7]}"#;

const UPDATEINFO: &str = r#"<?xml version="1.0"?><updates>
<update from="x" status="final" type="security" version="1"><id>ALAS2023-2023-001</id><title>curl &amp; more</title>
<issued date="2023-02-22 00:00"/><updated date="2023-03-01 00:00"/><severity>important</severity>
<references><reference href="x" id="CVE-2022-1" type="cve"/><reference href="x" id="CVE-2022-2" type="cve"/><reference id="77" type="bugzilla"/></references>
<pkglist><collection short="amazon-linux-2023"><name>AL</name>
<package arch="x86_64" epoch="0" name="curl" release="1.amzn2023.0.2" version="7.87"><filename>f</filename></package>
<package arch="aarch64" epoch="0" name="curl" release="1.amzn2023.0.2" version="7.87"/>
<package arch="noarch" epoch="1" name="docs" release="1.amzn2023" version="2.0"/></collection></pkglist></update>
<update type="security"><id>ALASKERNEL-5.10-2022-001</id><severity>medium</severity><references><reference id="CVE-2022-3" type="cve"/></references>
<pkglist><collection><package arch="x86_64" epoch="0" name="kernel" release="1.amzn2" version="5.10.9"/></collection></pkglist></update>
<update type="security"><id>ELSA-2024-1</id><severity>LOW</severity><issued date="2024-02-22"/><references><reference id="CVE-2022-4" type="cve"/></references>
<pkglist><collection short="ol8"><module name="nodejs" stream="18" version="1" context="c" arch="x86_64"/>
<package arch="x86_64" epoch="1" name="npm" release="1.module+el8.9.0+1+a" version="9.1"/>
<package arch="src" epoch="1" name="nodejs" release="1.module+el8.9.0+1+a" version="18.1"/></collection>
<collection short="ol9"><package arch="x86_64" epoch="2" name="glibc" release="1.ksplice1.el9" version="2.34"/>
<package arch="x86_64" name="glibc" release="60.el9_2" version="2.34"/><package arch="x86_64" name="odd" release="1" version="2"/></collection></pkglist></update>
<update type="bugfix"><id>ELBA-2024-1</id></update><update type="security"><id>FEDORA-1</id></update></updates>"#;

const EOL: &str = r#"[{"cycle":"12","eol":"2026-06-10","releaseDate":"2023-06-10","codename":"Bookworm"},
 {"cycle":"9","eol":true},{"cycle":"13","eol":false},{"cycle":"8","eol":"soon"},{"cycle":[]},{"eol":true}]"#;

const EOL_NEW: &str = r#"{"schema_version":"1.2.0","generated_at":"2026-01-01T00:00:00+00:00","last_modified":"2026-01-02T00:00:00+00:00",
 "result":{"name":"alpine-linux","releases":[{"name":"3.20","isEol":false,"eolFrom":"2026-04-01"},{"name":"3.1","isEol":true,"eolFrom":null},{"name":"edge","isEol":false}]}}"#;

const ALL: &[(&str, &str)] = &[
    ("tracker.json", DEBIAN),
    ("main.json", ALPINE),
    ("security.json", WOLFI),
    ("cve-2024-1.json", REDHAT),
    ("5790.json", NVIDIA_CSAF),
    ("bulletins.json", NVIDIA),
    ("updateinfo.xml", UPDATEINFO),
    ("debian.json", EOL),
    ("alpine.json", EOL_NEW),
];

#[test]
fn debian_s_words_become_repairs_denials_and_reasons() {
    insta::assert_snapshot!(check(&[("any.json", DEBIAN.as_bytes())]), @r"
    Debian:10 curl CVE-2024-1 UNKNOWN EndOfLife ..
    Debian:11 curl CVE-2024-1 UNKNOWN Deferred ..
    Debian:12 curl CVE-2024-1 Debian MEDIUM Affected ..=7.88.1-10+deb12u1
    Debian:12 curl CVE-2024-2 Debian LOW WontFix ..
    Debian:12 zlib CVE-2024-4 UNKNOWN Affected ..
    Debian:12 zlib TEMP-0000000-ABCDEF Debian LOW WontFix ..
    Debian:13 curl CVE-2024-1 UNKNOWN NotAffected
    Debian:13 curl CVE-2024-2 Debian HIGH WontFix ..
    # Debian security tracker 4 
    skipped 1 Debian zurg
    bad any.json: CVE-2024-2 in curl of bullseye: not a version: not a version
    bad any.json: CVE-2024-2 in curl of buster: unknown status odd
    bad any.json: CVE-2024-3 in zlib: invalid type: integer `7`, expected struct Entry at line 1 column 1
    ");
}

#[test]
fn alpine_s_version_0_denies_what_nothing_else_confirms() {
    let edge = ALPINE.replace("v3.20", "edge");
    let files =
        [("a.json", ALPINE.as_bytes()), ("w.json", WOLFI.as_bytes()), ("e.json", edge.as_bytes())];
    insta::assert_snapshot!(check(&files), @r"
    Alpine:v3.20 busybox CVE-2022-1+XSA-7 UNKNOWN Affected ..=1.36-r0
    Alpine:v3.20 busybox CVE-2022-2 UNKNOWN Affected ..=1.36-r0 ..=1.36-r2
    Alpine:v3.20 busybox CVE-2022-3 UNKNOWN NotAffected
    Alpine:v3.20 xen CVE-2018-1 UNKNOWN Affected ..=4.1-r0
    Alpine:v3.20 xen CVE-2018-2 UNKNOWN Affected ..=4.1-r0
    Wolfi go CVE-2023-1 UNKNOWN Affected ..=1.21-r0
    Wolfi go GHSA-aaaa-bbbb-cccc UNKNOWN NotAffected
    # Alpine secdb 2 
    # Wolfi secdb 1 
    skipped 3 Alpine edge
    bad a.json: busybox: not a version: one
    ");
}

#[test]
fn red_hat_s_main_stream_goes_before_the_others() {
    insta::assert_snapshot!(check(&[("any.json", REDHAT.as_bytes())]), @r"
    Red Hat:8 curl CVE-2024-1 Red Hat MEDIUM Deferred ..
    Red Hat:8 npm CVE-2024-1 Red Hat nodejs:18 MEDIUM Affected ..=0.9-1.module+el8.9.0+1
    Red Hat:8 npm CVE-2024-1 Red Hat nodejs:20 HIGH Affected ..=1:1.0-1.module+el8.9.0+1
    Red Hat:8 vim CVE-2024-1 Red Hat MEDIUM EndOfLife ..
    Red Hat:9 curl CVE-2024-1 Red Hat HIGH Affected ..=2:7.76-1.el9
    Red Hat:9 vim CVE-2024-1 UNKNOWN NotAffected
    # Red Hat VEX 1 2024-05-06T07:08:09+00:00
    ");
}

#[test]
fn documents_are_read_from_packed_archives() {
    let archive = Tar::default()
        .file("2024/cve-2024-1.json", REDHAT.as_bytes())
        .file("2024/changes.csv", b"x")
        .file("../bad.json", b"{\"product_tree\":")
        .file("5790.json", NVIDIA_CSAF.as_bytes())
        .end();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&archive).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::bulk::compress(&archive, 1).unwrap();
    let one = check(&[("csaf_vex_2024-05-06.tar.zst", &zstd)]);
    assert_eq!(one.replace("zst", "gz"), check(&[("csaf_vex_2024-05-06.tar.gz", &gzip)]));
    let alone = check(&[("a.json", REDHAT.as_bytes()), ("b.json", NVIDIA_CSAF.as_bytes())]);
    let (rows, bad) = one.split_once("\nbad ").unwrap();
    assert_eq!(rows, alone);
    insta::assert_snapshot!(bad, @"csaf_vex_2024-05-06.tar.zst/bad.json: not a CSAF document: EOF while parsing a value at line 1 column 16");
    let cut = check(&[("x.tar", &archive[..archive.len() - 1500])]);
    assert!(cut.ends_with(": the archive is cut off within a file"), "{cut}");
    assert!(cut.starts_with("Red Hat:8 curl "), "{cut}");
}

#[test]
fn errata_are_of_the_release_that_their_packages_name() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(UPDATEINFO.as_bytes()).unwrap();
    insta::assert_snapshot!(check(&[("r/updateinfo.xml.gz", &gzip.finish().unwrap())]), @r"
    Amazon Linux:2 kernel CVE-2022-3+ALASKERNEL-5.10-2022-001 Amazon Linux MEDIUM Affected 5.10..=5.10.9-1.amzn2
    Amazon Linux:2023 curl CVE-2022-1 Amazon Linux HIGH Affected ..=7.87-1.amzn2023.0.2
    Amazon Linux:2023 curl CVE-2022-2 Amazon Linux HIGH Affected ..=7.87-1.amzn2023.0.2
    Amazon Linux:2023 docs CVE-2022-1 Amazon Linux HIGH Affected ..=1:2.0-1.amzn2023
    Amazon Linux:2023 docs CVE-2022-2 Amazon Linux HIGH Affected ..=1:2.0-1.amzn2023
    Oracle Linux:8 npm CVE-2022-4+ELSA-2024-1 Oracle Linux nodejs:18 LOW Affected ..=1:9.1-1.module+el8.9.0+1+a
    Oracle Linux:9 glibc CVE-2022-4+ELSA-2024-1 Oracle Linux LOW Affected ..=2.34-60.el9_2
    # Amazon Linux 2 2023-03-01
    # Oracle Linux 1 2024-02-22
    skipped 1 updates of other distributions
    bad r/updateinfo.xml.gz: ELSA-2024-1: a package that names no release
    ");
}

#[test]
fn bulletins_are_on_parts_and_name_what_they_refuse() {
    let files = [("a.json", NVIDIA.as_bytes()), ("b.json", NVIDIA_CSAF.as_bytes())];
    insta::assert_snapshot!(check(&files), @r#"
    NVIDIA cuda-toolkit CVE-2025-1 NVIDIA CRITICAL Affected ..=13.1
    NVIDIA tritonserver CVE-2025-33238 NVIDIA HIGH Affected ..=2.65.0
    # NVIDIA bulletins 2 2026-03-24T00:00:00Z
    skipped 1 NVIDIA's products that are in no image
    bad a.json: bulletin 5755: versions in words that are not understood, in 1 flaws of NVIDIA NVTabular: "before commit 5dd11f4"
    bad a.json: a bulletin: invalid type: integer `7`, expected struct Bulletin
    "#);
}

#[test]
fn ends_of_life_are_those_of_distributions() {
    let mut gathered = Gathered::default();
    for (name, text) in [("eol/debian.json", EOL), ("x.json", EOL_NEW), ("eol/python.json", EOL)] {
        let mut intake = Intake::new(&mut gathered);
        let kind = Kind::of(Path::new(name), text.as_bytes()).unwrap();
        assert_eq!(kind, Kind::EndOfLife, "{name}");
        read(kind, Path::new(name), text.as_bytes(), &mut intake).unwrap();
        if name == "eol/debian.json" {
            insta::assert_debug_snapshot!(intake.bad.named, @r#"
            [
                "debian: release 8 ends on no day",
                "debian: a release without a name",
                "debian: missing field `cycle`",
            ]
            "#);
        }
    }
    let ends: Vec<String> = gathered
        .ends
        .iter()
        .map(|it| format!("{} {} {:?}", it.distro, it.version, it.date))
        .collect();
    insta::assert_snapshot!(ends.join("\n"), @r#"
    alpine 3.1 ""
    alpine 3.20 "2026-04-01"
    debian 12 "2026-06-10"
    debian 9 ""
    "#);
}

#[test]
fn a_file_is_told_by_what_is_in_it() {
    let kinds: Vec<String> = ALL
        .iter()
        .map(|(name, text)| format!("{:?}", Kind::of(Path::new(name), text.as_bytes())))
        .collect();
    insta::assert_snapshot!(kinds.join(" "), @"Some(Debian) Some(Alpine) Some(Alpine) Some(Csaf) Some(Csaf) Some(Nvidia) Some(Updateinfo) Some(EndOfLife) Some(EndOfLife)");
    let kind = |name: &str, text: &str| Kind::of(Path::new(name), text.as_bytes());
    assert_eq!(kind("x.json", r#"{"id":"A","affected":[]}"#), Some(Kind::Osv));
    assert_eq!(kind("x.json", r#"{"dataType":"CVE_RECORD"}"#), None);
    assert_eq!(kind("x.txt", DEBIAN), None);
    assert_eq!(kind("x.csv.gz", "#c\ncve,epss,percentile\n"), Some(Kind::Epss));
}

#[test]
fn a_file_cut_or_damaged_anywhere_is_read_without_a_panic() {
    for (name, text) in ALL {
        let kind = Kind::of(Path::new(name), text.as_bytes()).unwrap();
        let read = |bytes: &[u8]| {
            let mut gathered = Gathered::default();
            let mut intake = Intake::new(&mut gathered);
            read(kind, Path::new(name), bytes, &mut intake)
        };
        read(text.as_bytes()).unwrap();
        for at in 0..text.trim_end().len() {
            assert!(read(&text.as_bytes()[..at]).is_err(), "{name} cut at {at}");
            if at % 3 == 0 {
                for byte in [b'"', 0xff] {
                    let mut bytes = text.as_bytes().to_vec();
                    bytes[at] = byte;
                    drop(read(&bytes));
                }
            }
        }
        assert!(read("[".repeat(100_000).as_bytes()).is_err());
        assert!(read(r#"{"a":"#.repeat(100_000).as_bytes()).is_err());
    }
}
