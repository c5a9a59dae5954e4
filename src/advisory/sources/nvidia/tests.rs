//! NVIDIA's bulletins.

use super::versions::ranges;
use crate::advisory::{End, Range};

/// The ranges in a text, each as `from..end`, with `=` before an end that is the repair.
fn check(part: &str, platform: &str, text: &str, fixed: &[&str]) -> String {
    let product = crate::model::nvidia::products_of(part).first().unwrap();
    let shown = |it: Range| {
        let end = match it.end {
            End::Fixed(it) => format!("={it}"),
            End::Limit(it) => it,
            End::LastAffected(_) | End::Open => panic!(),
        };
        format!("{}..{end}", it.introduced.unwrap_or_default())
    };
    match ranges(part, product, platform, text, fixed) {
        Ok(ranges) => ranges.into_iter().map(shown).collect::<Vec<_>>().join(" "),
        Err(why) => why.to_owned(),
    }
}

#[test]
fn what_is_before_a_version_ends_with_it() {
    for (part, text, told) in [
        ("cuda-toolkit", "All versions prior to CUDA Toolkit 13.1", "..=13.1"),
        ("cuda-toolkit", "All versions prior to 12.0 Update 1", "..=12.0.1"),
        ("cuda-toolkit", "All versions prior to CUDA Toolkit v12.2", "..=12.2"),
        ("tensorrt", "All versions prior to v10.16.1", "..=10.16.1"),
        ("nvjpeg2000", "All versions prior to nvJPEG2000 v0.7.x", "..=0.7"),
        ("cudf", "All versions prior to 24.12.00", "..=24.12.00"),
        // A candidate has no order among releases.
        ("nemo", "All versions prior to r2.0.0rc0", "..2.0.0"),
        ("megatron-lm", "All versions prior to 0.13.1 and 0.12.3", "..=0.12.3 0.13..=0.13.1"),
    ] {
        assert_eq!(check(part, "All", text, &[]), told, "{text}");
    }
}

#[test]
fn whether_the_last_version_counts_is_told_by_what_repairs_it() {
    for (part, text, fixed, told) in [
        ("dcgm-exporter", "0.0  to 4.8.2", "4.8.2", "..=4.8.2"),
        ("dcgm", "0.0  to 4.5.2", "4.5.3", "..=4.5.3"),
        ("cuda-toolkit", "All versions up to CUDA Toolkit 12.8", "CUDA Toolkit 12.8", "..=12.8"),
        ("tensorrt", "v0 - v10.16.1", "v11.0", "..10.16.2 11.0..=11.0"),
        ("cv-cuda", "v0.1.x - v0.9.x", "v0.10.0", "0.1..0.10 0.10.0..=0.10.0"),
        ("tensorrt-llm", "0.0 to v1.3.0 rc12", "v1.3.0 rc13", "..1.3.0"),
        ("dali", "0.0 - 2.0", "a later one", "no word on whether the last version is affected"),
    ] {
        assert_eq!(check(part, "All", text, &[fixed]), told, "{text}");
    }
    let text = "All versions up to and including CUDA Toolkit 12.6";
    assert_eq!(check("cuda-toolkit", "Linux", text, &["CUDA Toolkit 12.6U1"]), "..=12.6.1");
    let text =
        "All versions up to and including 1.17.7 (CDI mode only for versions prior to 1.17.5)";
    assert_eq!(check("libnvidia-container", "All", text, &["1.17.8"]), "..=1.17.8");
    assert_eq!(check("jetson-linux", "Jetson Linux(35)", "35.6.2 and earlier", &[]), "35..35.6.3");
    assert_eq!(check("nvjpeg2000", "Linux sbsa", "0.8.0", &["0.8.1"]), "0.8.0..=0.8.1");
}

#[test]
fn a_driver_s_branch_says_nothing_of_those_below() {
    let driver = |platform, text, fixed: &[&str]| check("driver", platform, text, fixed);
    let text = "All driver versions prior to 470.103.01";
    assert_eq!(driver("Linux(R470)", text, &[]), "470..=470.103.01");
    assert_eq!(driver("Linux(R510)", text, &[]), "a version of another branch than its platform");
    let text = "535.154.05(All versions up to and including vGPU 16.3)";
    assert_eq!(
        driver("Linux(R535 vGPU 16)", text, &["535.161.07(vGPU 16.4)"]),
        "535..535.154.6 535.161.07..=535.161.07"
    );
    let text =
        "All versions prior to 530.51(All versions prior to and including May 2023 release\t)";
    assert_eq!(driver("Linux(Gaming)", text, &[]), "versions in words that are not understood");
}

#[test]
fn triton_s_images_are_turned_into_servers() {
    let triton = |text, fixed: &[&str]| check("tritonserver", "Linux", text, fixed);
    assert_eq!(triton("All versions prior to r25.10", &[]), "..=2.62.0");
    assert_eq!(triton("0.0-26.05", &["26.06"]), "..2.69.1 2.70.0..=2.70.0");
    assert_eq!(triton("All versions prior to 2.40", &[]), "..=2.40");
    assert_eq!(triton("v19.11 through v24.08", &[]), "2.7.0..2.49.1");
    assert_eq!(
        triton("All versions prior to 29.01", &[]),
        "a release of an image that is not known yet"
    );
}

#[test]
fn what_the_grammar_does_not_know_is_refused() {
    for text in [
        "",
        "All versions",
        "All versions that do not include commit 876f19e",
        "All commits on Main prior to March 11, 2026",
        "0 < 41b14d7",
        "Main branch prior to 0.5.0 release",
        "All versions prior to 23.10-5.1.4.0",
        "All versions prior to 1.2 (on Windows)",
        "All versions prior to 1.2 Update",
        "All versions prior to 1.2.3.4.5.6.7",
        "All versions prior to 99999999999999999999",
        "prior to",
        "1.2 and 1.3",
        "(1.2)",
    ] {
        assert_eq!(
            check("dynamo", "Linux", text, &[]),
            "versions in words that are not understood",
            "{text}"
        );
    }
    let nemo = |text| check("nemo", "Linux", text, &[]);
    assert_eq!(nemo("All versions prior to 24.12"), "a release of an image, and not a version");
    assert_eq!(nemo("2.5 through 2.3"), "a span that ends before it begins");
}

#[test]
fn only_platforms_of_images_count() {
    for platform in ["Linux(R535)", "Windows, Linux", "Linux/MacOS", "Linux and Windows", "All", ""]
    {
        assert!(super::is_linux(platform), "{platform}");
    }
    for platform in
        ["Windows", "Windows(R470)", "macOS", "VMware vSphere, Red Hat Enterprise Linux KVM"]
    {
        assert!(!super::is_linux(platform), "{platform}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,40}", other in "(All versions )?(prior to |up to |)[vr0-9.xurc -]{0,16}") {
        for part in ["driver", "tritonserver", "nemo", "cudf"] {
            for text in [&text, &other] {
                drop(ranges(part, part, &other, text, &[text, &other]));
            }
        }
    }
}
