//! Releases of Triton Inference Server.
//!
//! Its files tell the server's version, 2.45.0; bulletins speak of the container image in which it
//! was released, 24.04. The branches of <https://github.com/triton-inference-server/server> that are
//! named for images hold the server's version: one each month, but for one month with a repair.

/// The first server that an image's branch tells of, and the month: February 2021.
const FIRST: (u32, u32) = (7, 21 * 12 + 1);

/// July 2025 had 2.59.1; from then on, a version comes a month later.
const REPAIR: &str = "2.59.1";
const BEFORE_REPAIR: u32 = 59;

/// The last version that is known to keep the rule.
const LAST: u32 = 72;

/// The image that this version of the server was released in.
pub(super) fn release(version: &str) -> Option<String> {
    let count = if version == REPAIR {
        BEFORE_REPAIR + 1
    } else {
        let minor: u32 = version.strip_prefix("2.")?.strip_suffix(".0")?.parse().ok()?;
        let known = Some(minor).filter(|it| (FIRST.0..=LAST).contains(it))?;
        known + u32::from(known > BEFORE_REPAIR)
    };
    let month = FIRST.1 + count - FIRST.0;
    Some(format!("{}.{:02}", month / 12, month % 12 + 1))
}

#[cfg(test)]
mod tests {
    use super::release;

    #[test]
    fn a_server_s_version_tells_its_image() {
        for (version, image) in [
            ("2.7.0", "21.02"),
            ("2.17.0", "21.12"),
            ("2.18.0", "22.01"),
            ("2.45.0", "24.04"),
            ("2.53.0", "24.12"),
            ("2.59.0", "25.06"),
            ("2.59.1", "25.07"),
            ("2.60.0", "25.08"),
            ("2.64.0", "25.12"),
            ("2.65.0", "26.01"),
            ("2.72.0", "26.08"),
        ] {
            assert_eq!(release(version).as_deref(), Some(image), "{version}");
        }
        for version in ["1.0.0", "2.6.0", "2.45.1", "2.45.0dev", "2.73.0", "2.99999999999.0", ""] {
            assert_eq!(release(version), None, "{version}");
        }
    }
}
