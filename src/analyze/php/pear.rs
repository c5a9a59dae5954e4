//! Packages of PEAR and PECL.
//!
//! The installer keeps a serialized array for each in `.registry/NAME.reg`, or
//! `.registry/.channel.CHANNEL/NAME.reg`; see `PEAR_Registry`,
//! <https://github.com/pear/pear-core/blob/stable/PEAR/Registry.php>. It has the content of the
//! package's `package.xml`, and where each file was put. A package of the old form (1.0) has its
//! version as a string and no channel.

use super::serialized::walk;
use crate::analyze::{Analyzer, Found, Owning, Want, text};
use crate::model::{Component, Ecosystem, LayerPath};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "pear",
    wants: &[Want::Extension(".reg")],
    accepts: |path| path.parent().split('/').any(|it| it == ".registry"),
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let (mut name, mut version, mut channel) = (None, None, None);
    let mut licenses = Vec::new();
    let mut owning = Owning::new(path);
    let is_whole = walk(bytes, |keys, value| match keys {
        [b"name" | b"package"] => name = Some(value),
        [b"channel"] => channel = Some(value),
        [b"version"] | [b"version", b"release"] => version = Some(value),
        [b"license" | b"release_license"] | [b"license", b"_content"] => licenses.push(value),
        [b"filelist", _, b"installed_as"] => {
            if let Ok(file) = str::from_utf8(value) {
                owning.add("", file);
            }
        }
        _ => {}
    });
    if !is_whole {
        found.remark("the record of a package is damaged");
    }
    let (Some(name), Some(version)) = (name.and_then(text::value), version.and_then(text::value))
    else {
        found.remark("a package without a readable name and version");
        return found;
    };
    let channel = channel.and_then(text::value).or_else(|| channel_of(path));
    let name = format!("{}/{name}", channel.unwrap_or("pear.php.net"));
    let licenses = text::licenses(licenses);
    found.component(Component { licenses, ..Component::new(Ecosystem::Pear, name, version) });
    found.owns(owning);
    found
}

/// The channel that the directory is named after.
fn channel_of(path: &LayerPath) -> Option<&str> {
    path.parent().rsplit('/').next()?.strip_prefix(".channel.")
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown};

    fn check(path: &str, text: &str) -> String {
        shown(&find(&ANALYZER, path, text.as_bytes()))
    }

    #[test]
    fn a_package_names_its_channel_and_its_files() {
        let text = concat!(
            r#"a:5:{s:4:"name";s:5:"redis";s:7:"channel";s:12:"pecl.php.net";"#,
            r#"s:7:"version";a:2:{s:7:"release";s:5:"6.0.2";s:3:"api";s:5:"6.0.0";}"#,
            r#"s:7:"license";a:1:{s:8:"_content";s:3:"PHP";}"#,
            r#"s:8:"filelist";a:2:{s:8:"redis.so";a:2:{s:4:"role";s:3:"ext";"#,
            r#"s:12:"installed_as";s:28:"/usr/lib/php/20220829/r/r.so";}"#,
            r#"s:3:"a.c";a:1:{s:12:"installed_as";s:22:"/usr/share/php/doc/a.c";}}}"#
        );
        insta::assert_snapshot!(check("usr/share/php/.registry/.channel.pecl.php.net/redis.reg", text), @r#"
        pear pecl.php.net/redis 6.0.2 licensed ["PHP"]
        /usr/share/php/.registry/.channel.pecl.php.net/redis.reg owns 1 of 2
        "#);
    }

    #[test]
    fn an_old_package_has_a_version_of_one_word_and_the_channel_of_its_directory() {
        let text = r#"a:3:{s:7:"package";s:1:"a";s:7:"version";s:3:"1.0";s:15:"release_license";s:3:"PHP";}"#;
        assert_eq!(
            check("php/.registry/.channel.doc.php.net/a.reg", text),
            "pear doc.php.net/a 1.0 licensed [\"PHP\"]\n"
        );
        assert_eq!(
            check("php/.registry/a.reg", text),
            "pear pear.php.net/a 1.0 licensed [\"PHP\"]\n"
        );
    }

    #[test]
    fn a_record_that_is_cut_off_is_noted() {
        assert_eq!(
            check(
                "php/.registry/a.reg",
                r#"a:3:{s:4:"name";s:1:"a";s:7:"version";s:3:"1.0";s:15:"#
            ),
            "pear pear.php.net/a 1.0\nnote pear: the record of a package is damaged\n"
        );
        insta::assert_snapshot!(check("php/.registry/a.reg", "x"), @"
        note pear: the record of a package is damaged
        note pear: a package without a readable name and version
        ");
    }
}
