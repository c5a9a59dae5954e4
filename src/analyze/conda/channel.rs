//! Where a package of conda's came from, by the places that its record names.
//!
//! `https://conda.anaconda.org/conda-forge/linux-64/zlib-1.2.11-h90dfc92_1014.conda` is of the channel
//! `conda-forge`, <https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/channels.html>.
//! Package URLs call the distributor's own channels `main` and not `pkgs/main`. A directory of the
//! machine that built the image is a channel to nobody else.

use crate::analyze::{text, url};

/// What its URLs tell of a package.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) channel: Option<String>,
    /// The platform.
    pub(super) subdir: Option<String>,
    /// The form of the archive that it came in.
    pub(super) kind: Option<&'static str>,
}

impl Place {
    /// `archive` is the archive's URL. `channel` is a name or a URL, both perhaps with the platform.
    pub(super) fn of(archive: Option<&str>, channel: Option<&str>) -> Self {
        let archive = archive.and_then(url::public).unwrap_or_default();
        let (directory, file) = archive.rsplit_once('/').unwrap_or_default();
        let (by_archive, subdir) = split_url(directory);
        let channel = channel.unwrap_or_default();
        let (by_channel, second) = if channel.contains("://") {
            split_url(&url::public(channel).unwrap_or_default())
        } else {
            split(channel.split('/'))
        };
        // These names say that the archive's URL knows better.
        let vague = ["defaults", "<unknown>", "@"];
        let by_channel = by_channel.filter(|it| !vague.contains(&it.as_str()));
        Self { channel: by_channel.or(by_archive), subdir: second.or(subdir), kind: kind(file) }
    }
}

/// The form of an archive, by its name.
pub(super) fn kind(file: &str) -> Option<&'static str> {
    ["conda", "tar.bz2"]
        .into_iter()
        .find(|it| file.strip_suffix(it).is_some_and(|front| front.ends_with('.')))
}

/// The channel and the platform that a URL leads to; only the last part of its path names it.
fn split_url(url: &str) -> (Option<String>, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (None, None) };
    let (channel, subdir) = split(rest.split('/').skip(1));
    let named = channel.filter(|_| scheme != "file").and_then(|it| {
        let parts: Vec<&str> = it.split('/').collect();
        match parts.as_slice() {
            [.., channel, "label", label] => Some(format!("{channel}/label/{label}")),
            [.., channel] => Some((*channel).to_owned()),
            [] => None,
        }
    });
    (named, subdir)
}

/// The channel and the platform in the parts of a name.
fn split<'a>(parts: impl Iterator<Item = &'a str>) -> (Option<String>, Option<String>) {
    let mut parts: Vec<&str> = parts.filter(|it| !it.is_empty()).collect();
    let subdir = parts.pop_if(|it| is_subdir(it)).map(str::to_owned);
    let parts = match parts.as_slice() {
        ["pkgs", rest @ ..] => rest,
        all => all,
    };
    let name = parts.join("/");
    (text::value(name.as_bytes()).map(str::to_owned), subdir)
}

/// Whether the text is a platform as conda names it: `linux-64`, `noarch`.
fn is_subdir(text: &str) -> bool {
    let systems = ["linux", "osx", "win", "emscripten", "wasi", "freebsd", "zos"];
    text == "noarch" || text.split_once('-').is_some_and(|(it, _)| systems.contains(&it))
}

#[cfg(test)]
mod tests {
    use super::{Place, kind};

    fn check(archive: &str, channel: &str) -> String {
        let place = Place::of(Some(archive), Some(channel));
        let or = |it: Option<String>| it.unwrap_or("-".to_owned());
        format!("{} {} {}", or(place.channel), or(place.subdir), place.kind.unwrap_or("-"))
    }

    #[test]
    fn a_channel_has_one_name_however_it_is_written() {
        let forge = "https://conda.anaconda.org/conda-forge/linux-64/zlib-1.2.11-h_1.conda";
        for channel in [
            "https://conda.anaconda.org/conda-forge/linux-64",
            "https://conda.anaconda.org/conda-forge/",
            "https://conda.anaconda.org/t/tk-0123/conda-forge/linux-64",
            "conda-forge",
            "conda-forge/linux-64",
            "",
            "<unknown>",
        ] {
            assert_eq!(check(forge, channel), "conda-forge linux-64 conda", "{channel}");
        }
        let main = "https://repo.anaconda.com/pkgs/main/noarch/tzdata-2024a-h_0.tar.bz2";
        for channel in ["defaults", "pkgs/main", "https://repo.anaconda.com/pkgs/main/noarch"] {
            assert_eq!(check(main, channel), "main noarch tar.bz2", "{channel}");
        }
    }

    #[test]
    fn labels_mirrors_and_local_directories() {
        assert_eq!(
            check("", "https://conda.anaconda.org/nvidia/label/cuda-12.4.1/linux-64"),
            "nvidia/label/cuda-12.4.1 linux-64 -"
        );
        assert_eq!(
            check("https://user:pw@host/api/conda/forge-remote/osx-arm64/a-1-0.conda", ""),
            "forge-remote osx-arm64 conda"
        );
        assert_eq!(
            check("file:///tmp/channel/linux-64/a-1-0.conda", "file:///tmp/channel/"),
            "- linux-64 conda"
        );
        assert_eq!(check("https://host/linux-64/a-1-0.conda", ""), "- linux-64 conda");
        assert_eq!(check("", ""), "- - -");
    }

    #[test]
    fn the_form_is_told_by_the_end_of_the_name() {
        assert_eq!(kind("a-1-0.tar.bz2"), Some("tar.bz2"));
        assert_eq!(kind("conda"), None);
        assert_eq!(kind("a.zip"), None);
    }
}
