//! The build as BuildKit hands it to a frontend: through the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;

use layergate_proto::gateway::CacheOptionsEntry;
use serde::Deserialize;

use crate::error::Error;

/// The options of one build.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The frontend options, as `docker build` and `buildctl --opt` gave them.
    pub opts: BTreeMap<String, String>,
    pub session: String,
}

impl Request {
    /// Whether `variables` are those of a process that BuildKit started as a frontend.
    pub fn is_addressed_by(variables: impl IntoIterator<Item = (OsString, OsString)>) -> bool {
        variables.into_iter().any(|(name, _)| name == "BUILDKIT_SESSION_ID")
    }

    /// Reads the variables `BUILDKIT_FRONTEND_OPT_<n>=key=value` and their companions.
    pub fn from_env(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut request = Self::default();
        for (name, value) in variables {
            // Options are protobuf strings on BuildKit's side, so they are UTF-8 already.
            let (name, value) = (name.to_string_lossy(), value.to_string_lossy().into_owned());
            if name.starts_with("BUILDKIT_FRONTEND_OPT_") {
                let (key, value) = value.split_once('=').unwrap_or((&value, ""));
                request.opts.insert(key.to_owned(), value.to_owned());
            } else if name == "BUILDKIT_SESSION_ID" {
                request.session = value;
            }
        }
        request
    }

    pub(crate) fn opt(&self, name: &str) -> Option<&str> {
        self.opts.get(name).map(String::as_str)
    }

    /// The remote caches, which every solve must name or BuildKit does not look there.
    pub(crate) fn cache_imports(&self) -> Result<Vec<CacheOptionsEntry>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Entry {
            r#type: String,
            #[serde(default)]
            attrs: BTreeMap<String, String>,
        }
        let json = match self.opt("cache-imports") {
            None | Some("") => return Ok(Vec::new()),
            Some(json) => json,
        };
        let entries: Vec<Entry> = serde_json::from_str(json)
            .map_err(|error| Error::Protocol(format!("option cache-imports: {error}")))?;
        Ok(entries
            .into_iter()
            .map(|it| CacheOptionsEntry {
                r#type: it.r#type,
                attrs: it.attrs.into_iter().collect(),
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Request;

    fn request(variables: &[(&str, &str)]) -> Request {
        Request::from_env(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    #[test]
    fn options_come_in_any_order_and_may_hold_equals_signs_and_newlines() {
        let request = request(&[
            ("BUILDKIT_FRONTEND_OPT_1", "build-arg:A=b=c\nd"),
            ("BUILDKIT_FRONTEND_OPT_0", "target="),
            ("BUILDKIT_SESSION_ID", "abc"),
            ("PATH", "/bin"),
        ]);
        assert_eq!(request.opt("build-arg:A"), Some("b=c\nd"));
        assert_eq!(request.opt("target"), Some(""));
        assert_eq!(request.session, "abc");
    }

    #[test]
    fn cache_imports_are_read_from_json() {
        let json = r#"cache-imports=[{"Type":"registry","Attrs":{"ref":"example/cache"}}]"#;
        let imports = request(&[("BUILDKIT_FRONTEND_OPT_0", json)]).cache_imports().unwrap();
        assert_eq!(imports[0].r#type, "registry");
        assert_eq!(imports[0].attrs["ref"], "example/cache");
    }

    #[test]
    fn cache_imports_that_are_not_json_are_an_error() {
        assert!(
            request(&[("BUILDKIT_FRONTEND_OPT_0", "cache-imports={")]).cache_imports().is_err()
        );
    }
}
