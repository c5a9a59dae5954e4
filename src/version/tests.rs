//! The laws that every order keeps, also on hostile text.

mod ladders;

use std::cmp::Ordering;

use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::sample::select;

use self::ladders::LADDERS;
use super::{Scheme, compare, compare_to_bound};

/// Those that have a ladder: [`every_scheme_has_a_ladder`] says that it is all of them.
fn schemes() -> impl Iterator<Item = Scheme> {
    LADDERS.iter().map(|(scheme, _)| *scheme)
}

#[test]
fn every_scheme_has_a_ladder() {
    let named: Vec<Scheme> = Scheme::names().filter_map(Scheme::named).collect();
    for scheme in named {
        assert!(schemes().any(|it| it == scheme), "{scheme:?}");
    }
}

#[test]
fn every_rung_is_above_the_ones_before_it() {
    for (scheme, ladder) in LADDERS {
        for (i, low) in ladder.iter().enumerate() {
            for (j, high) in ladder.iter().enumerate() {
                for a in low.split(' ') {
                    for b in high.split(' ') {
                        let order = compare(*scheme, a, b);
                        assert_eq!(order, Some(i.cmp(&j)), "{scheme:?}: {a} and {b}");
                    }
                }
            }
        }
    }
}

/// Odd spellings whose place nobody promises; the laws hold for them all the same.
const ODD: &str = "- 0 00 0.0 0.00 01 1 1. .1 1.0 1.00 1.01 1.1 1.10 1.010 1a a 1_p 1_p0 1_p_rc 1_rc_p \
    1~ 1~ab 1~zz 1- 1-r 1-r0 1-r1 1-1 1-0 1:1 :1 a:1 99999999999:1 1!1 v1 1.0.0- 1.0.0-01 1.0.0+ \
    1.0.0-a.b x * latest 1.x 1.0.0.0 1.0..0 1..a 1.. é １ 1.0+é foo-1 99999999999999999999999 \
    1.0.99999999999999999999999 1.0-final 1.0final 1.0.final 1.0.final-1 1-ga-1 1.0-dev 1.0dev 1.0-pre \
    1.0.x 1.0.*";

/// Panics unless the order is total on those of `texts` that it takes.
fn assert_lawful(scheme: Scheme, texts: &[impl AsRef<str>]) {
    let is_taken = |it: &&str| compare(scheme, it, it).is_some();
    let (taken, refused): (Vec<&str>, Vec<&str>) =
        texts.iter().map(AsRef::as_ref).partition(is_taken);
    for a in &refused {
        for b in refused.iter().chain(&taken) {
            assert_eq!(compare(scheme, a, b), None, "{scheme:?}: {a:?} {b:?}");
            assert_eq!(compare(scheme, b, a), None, "{scheme:?}: {b:?} {a:?}");
        }
    }
    let row = |a: &&str| taken.iter().map(|b| compare(scheme, a, b).unwrap()).collect();
    let order: Vec<Vec<Ordering>> = taken.iter().map(row).collect();
    let below = |row: &Vec<Ordering>| row.iter().filter(|it| it.is_gt()).count();
    let n_below: Vec<usize> = order.iter().map(below).collect();
    for (a, row) in order.iter().enumerate() {
        for (b, ab) in row.iter().enumerate() {
            let pair = (scheme, taken[a], taken[b]);
            assert_eq!(*ab, order[b][a].reverse(), "{pair:?}");
            // An order is total just if it is that of some numbers: the versions below each.
            assert_eq!(*ab, n_below[a].cmp(&n_below[b]), "goes in circles: {pair:?}");
        }
    }
}

#[test]
fn every_order_is_total_on_what_it_takes() {
    for (scheme, ladder) in LADDERS {
        let own = ladder.iter().flat_map(|it| it.split(' '));
        let texts: Vec<&str> = own.chain(ODD.split(' ')).chain(["", " "]).collect();
        assert_lawful(*scheme, &texts);
    }
}

/// Text of what versions are made of.
fn text() -> impl Strategy<Value = String> {
    let pieces = "0 00 1 01 2 10 99 9999999999999999999999 a b m x z A rc alpha beta pre dev post \
        final ga sp snapshot r p u v git git1 . . . . - - _ + ~ ^ ! : 1. .1 .0 -r1 _p é @ *";
    vec(select(pieces.split_whitespace().collect::<Vec<_>>()), 0..8).prop_map(|it| it.concat())
}

proptest::proptest! {
    #[test]
    fn the_laws_hold_for_what_looks_like_versions(texts in vec(text(), 3..8)) {
        for scheme in schemes() {
            assert_lawful(scheme, &texts);
        }
    }

    #[test]
    fn any_text_is_compared_without_a_panic(a in "\\PC{0,24}", b in "[0-9a-z.~_+:!-]{0,24}") {
        for scheme in schemes() {
            assert_lawful(scheme, &[&a, &b]);
            let _ = compare_to_bound(scheme, &a, &b);
        }
    }
}

/// No version is too long or too deep, and none takes time that grows faster than its length: that
/// would show here as a test that does not end.
#[test]
fn hostile_versions_are_compared() {
    let n = 1 << 15;
    let repeated = |piece: &str| format!("1{}", piece.repeat(n / piece.len()));
    for piece in [
        "9", "0", ".", ".0", ".1", "-", "-0", "-a", "a", ".a", "a1", "_", "_p", "_p1", "~", "^",
        "+", "+1", "!", ":", "-r1", "_alpha", "post", ".dev", "v", "é", ".x", "-ga",
    ] {
        let (a, b) = (repeated(piece), repeated(piece) + "1");
        for scheme in schemes() {
            compare(scheme, &a, &b);
        }
    }
}

#[test]
fn numbers_have_no_largest_value() {
    for scheme in schemes() {
        let (low, high) = ("1.0.99999999999999999999998", "1.0.99999999999999999999999");
        assert_eq!(compare(scheme, low, high), Some(Ordering::Less), "{scheme:?}");
        let longer = "1.0.100000000000000000000000";
        // There are two dots, so that Perl reads numbers, too.
        assert_eq!(compare(scheme, high, longer), Some(Ordering::Less), "{scheme:?}");
    }
}

#[test]
fn what_is_not_a_version_has_no_order() {
    for (scheme, text) in [
        (Scheme::Apk, "latest"),
        (Scheme::Composer, "dev-main"),
        (Scheme::Conda, "1..2"),
        (Scheme::Cran, "1.0a"),
        (Scheme::Deb, "not a version"),
        (Scheme::Deb, "1.0-"),
        (Scheme::Ebuild, "1.0_blah"),
        (Scheme::Gem, "latest"),
        (Scheme::Go, "(devel)"),
        (Scheme::Maven, "${project.version}"),
        (Scheme::Maven, "unspecified"),
        (Scheme::Npm, "latest"),
        (Scheme::Npm, "1.x"),
        (Scheme::Numbers, "9.1rc"),
        (Scheme::Pypi, ""),
        (Scheme::Semver, "1.0.0beta"),
    ] {
        assert_eq!(compare(scheme, "1.0", text), None, "{scheme:?}: {text}");
        assert_eq!(compare(scheme, text, text), None, "{scheme:?}: {text}");
    }
}

#[test]
fn a_bound_that_names_no_build_speaks_of_all_of_them() {
    for (scheme, installed, bound, order) in [
        (Scheme::Pypi, "2.1.0+cu121", "2.1.0", Ordering::Equal),
        (Scheme::Pypi, "2.1.0+cu121", "2.1.0+cu118", Ordering::Greater),
        (Scheme::Alpm, "1:2.0-3", "1:2.0", Ordering::Equal),
        (Scheme::Alpm, "1:2.0-3", "1:2.0-4", Ordering::Less),
        (Scheme::Bitnami, "1.2.3-4", "1.2.3", Ordering::Equal),
        (Scheme::Bitnami, "1.2.3-4", "1.2.3-3", Ordering::Greater),
        (Scheme::Brew, "1.2_3", "1.2", Ordering::Equal),
        (Scheme::Julia, "3.0.8+2", "3.0.8", Ordering::Equal),
        (Scheme::Julia, "3.0.8+2", "3.0.8+3", Ordering::Less),
        (Scheme::Jvm, "17.0.9+9-LTS", "17.0.9", Ordering::Equal),
        (Scheme::Jvm, "8U402-B06", "1.8.0_402", Ordering::Equal),
        (Scheme::Jvm, "11.0.22_7", "11.0.22+9", Ordering::Less),
        (Scheme::Rpm, "1.0-2.el9", "1.0", Ordering::Equal),
        (Scheme::Rpm, "1.0-2.el9", "1.0-2.el9_1", Ordering::Less),
        (Scheme::Deb, "1.0+dfsg-1", "1.0-1", Ordering::Greater),
        (Scheme::Semver, "1.0.0+2", "1.0.0", Ordering::Equal),
    ] {
        assert_eq!(compare_to_bound(scheme, installed, bound), Some(order), "{installed} {bound}");
    }
}

#[test]
fn an_ecosystem_is_known_by_its_name_alone() {
    for (name, scheme) in [
        ("Debian:12", Some(Scheme::Deb)),
        ("Ubuntu:Pro:22.04:LTS", Some(Scheme::Deb)),
        ("Red Hat:enterprise_linux:9::baseos", Some(Scheme::Rpm)),
        ("Photon OS:5.0", Some(Scheme::Rpm)),
        ("crates.io", Some(Scheme::Semver)),
        ("pypi", Some(Scheme::Pypi)),
        ("Echo", Some(Scheme::Deb)),
        ("Echo:PyPI", Some(Scheme::Pypi)),
        ("Root:Alpine:3.18", Some(Scheme::Apk)),
        ("TuxCare:Red Hat", Some(Scheme::Rpm)),
        ("Root", None),
        ("TuxCare:Nowhere", None),
        ("GIT", None),
        ("", None),
    ] {
        assert_eq!(Scheme::named(name), scheme, "{name}");
    }
    assert!(Scheme::names().map(str::to_lowercase).is_sorted());
}
