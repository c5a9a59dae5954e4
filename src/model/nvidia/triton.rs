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
pub fn release(version: &str) -> Option<String> {
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

/// The server in the image of this year, counted from 2000, and month: `2.45.0` for 24 and 4. Of an
/// image before the first that is known, the first one's; nothing for images to come.
pub fn version(year: u32, month: u32) -> Option<String> {
    let month = year.checked_mul(12)?.checked_add(month.checked_sub(1)?)?;
    let count = FIRST.0 + month.saturating_sub(FIRST.1);
    if count == BEFORE_REPAIR + 1 {
        return Some(REPAIR.to_owned());
    }
    let minor = count - u32::from(count > BEFORE_REPAIR);
    (minor <= LAST).then(|| format!("2.{minor}.0"))
}

#[cfg(test)]
mod tests {
    use super::{release, version};

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
            let (year, month) = image.split_once('.').unwrap();
            let told = super::version(year.parse().unwrap(), month.parse().unwrap());
            assert_eq!(told.as_deref(), Some(version), "{image}");
        }
        for version in ["1.0.0", "2.6.0", "2.45.1", "2.45.0dev", "2.73.0", "2.99999999999.0", ""] {
            assert_eq!(release(version), None, "{version}");
        }
        assert_eq!(version(19, 11).as_deref(), Some("2.7.0"));
        for (year, month) in [(26, 9), (30, 1), (24, 0), (u32::MAX, 1)] {
            assert_eq!(version(year, month), None, "{year}.{month}");
        }
    }
}
