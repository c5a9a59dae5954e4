//! Settings out of the channels that BuildKit offers, and what is left for the stock frontend.

use std::collections::BTreeMap;

use crate::gate::{Channel, Setting};
use crate::request::Request;

const BUILD_ARG: &str = "build-arg:";
const OURS: &str = "LAYERGATE_";

/// The settings in the request, the weakest channel first, and the options without them.
///
/// A `LAYERGATE_*` build argument must not reach a stage: it would be part of the cache key of
/// every `RUN` below an `ARG` of that name.
pub(crate) fn split(request: &Request, names: &[&str]) -> (Vec<Setting>, BTreeMap<String, String>) {
    let mut syntax = request.opt("cmdline").map(words).unwrap_or_default();
    let mut arguments = Vec::new();
    let mut options = Vec::new();
    let mut rest = BTreeMap::new();
    for (key, value) in &request.opts {
        let setting = |name: String, channel| Setting { name, value: Some(value.clone()), channel };
        if let Some(name) = key.strip_prefix(BUILD_ARG).and_then(|it| it.strip_prefix(OURS)) {
            let name = name.to_ascii_lowercase().replace('_', "-");
            arguments.push(setting(name, Channel::BuildArg));
        } else if names.contains(&key.as_str()) {
            options.push(setting(key.clone(), Channel::Option));
        } else {
            rest.insert(key.clone(), value.clone());
        }
    }
    syntax.extend(arguments);
    syntax.extend(options);
    (syntax, rest)
}

/// The words after the image on the `# syntax` line.
fn words(cmdline: &str) -> Vec<Setting> {
    let word = |it: &str| {
        let (name, value) =
            it.split_once('=').map_or((it, None), |(name, value)| (name, Some(value)));
        Setting { name: name.to_owned(), value: value.map(str::to_owned), channel: Channel::Syntax }
    };
    cmdline.split_whitespace().skip(1).map(word).collect()
}

/// The build arguments that are meant for the Dockerfile.
pub(crate) fn arguments(opts: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let argument = |(key, value): (&String, &String)| {
        key.strip_prefix(BUILD_ARG).map(|name| (name.to_owned(), value.clone()))
    };
    opts.iter().filter_map(argument).collect()
}

#[cfg(test)]
mod tests {
    use super::split;
    use crate::request::Request;

    #[test]
    fn every_channel_is_read_and_the_strongest_comes_last() {
        let variables = [
            "judge=final",
            "build-arg:LAYERGATE_FAIL_ON=low",
            "build-arg:OTHER=1",
            "cmdline=image fail-on=high report-only",
            "target=x",
        ];
        let request = Request::from_env(
            variables.iter().map(|it| ("BUILDKIT_FRONTEND_OPT_0".into(), (*it).into())),
        );
        let (settings, rest) = split(&request, &["judge", "fail-on"]);
        let shown: Vec<String> = settings
            .iter()
            .map(|it| format!("{}={:?} {:?}", it.name, it.value, it.channel))
            .collect();
        assert_eq!(
            shown,
            [
                r#"fail-on=Some("high") Syntax"#,
                "report-only=None Syntax",
                r#"fail-on=Some("low") BuildArg"#,
                r#"judge=Some("final") Option"#,
            ]
        );
        assert_eq!(rest.keys().collect::<Vec<_>>(), ["build-arg:OTHER", "cmdline", "target"]);
    }
}
