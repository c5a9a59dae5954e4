//! How old the database is: a flaw that was published since is not known to it.

use jiff::civil::Date;

use crate::advisory::Database;
use crate::policy::Policy;

/// Days after which a database is worth a warning.
const WARN_AFTER: i32 = 5;

/// Refuses a database that is older than the policy allows.
pub(super) fn check(database: Database, policy: &Policy, today: &str) -> Result<Database, String> {
    let Some(limit) = policy.db_max_age else { return Ok(database) };
    match age(&database, today) {
        Some(age) if i64::from(age) <= i64::from(limit) => Ok(database),
        Some(age) => Err(format!(
            "the advisory database is {age} days old, and db-max-age={limit} allows {limit}; take a newer one"
        )),
        None => Err(format!(
            "the advisory database does not say when it was built, and db-max-age={limit} asks for it"
        )),
    }
}

/// What to say of a database that is old, if nothing refuses it.
pub(super) fn warning(database: &Database, today: &str) -> Option<String> {
    let age = age(database, today).filter(|it| *it > WARN_AFTER)?;
    let built = database.provenance().built;
    let day = built.get(..10).unwrap_or(&built);
    Some(format!(
        "the advisory database is {age} days old ({day}); newer flaws are not known to it"
    ))
}

/// In days; nothing where either is no date.
fn age(database: &Database, today: &str) -> Option<i32> {
    let built = database.provenance().built;
    let built: Date = built.get(..10)?.parse().ok()?;
    let today: Date = today.parse().ok()?;
    Some((today - built).get_days())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{check, warning};
    use crate::advisory::{Database, Options, build};
    use crate::policy::Policy;

    fn database(built: &str) -> Database {
        let dir = tempfile::tempdir().unwrap();
        let json = r#"{"id":"X-1","modified":"2026-01-01T00:00:00Z",
            "affected":[{"package":{"ecosystem":"npm","name":"p"},"versions":["1.0.0"]}]}"#;
        fs::write(dir.path().join("x.json"), json).unwrap();
        let options = Options { built: Some(built), ..Options::default() };
        build(dir.path(), &dir.path().join("db"), options).unwrap();
        Database::from_bytes(std::path::Path::new("db"), fs::read(dir.path().join("db")).unwrap())
            .unwrap()
    }

    #[test]
    fn a_database_is_old_after_five_days() {
        let said = |today| warning(&database("2026-11-20"), today).is_some();
        assert!(!said("2026-11-20") && !said("2026-11-25") && !said("2026-11-01"));
        assert!(said("2026-11-26") && said("2027-11-26"));
        assert_eq!(warning(&database("unknown"), "2026-11-26"), None);
    }

    #[test]
    fn the_limit_is_the_last_day_on_which_it_is_taken() {
        let policy = Policy { db_max_age: Some(30), ..Policy::default() };
        let is_taken = |built, today| check(database(built), &policy, today).is_ok();
        assert!(is_taken("2026-11-01T12:00:00Z", "2026-12-01"));
        assert!(!is_taken("2026-11-01", "2026-12-02"));
        assert!(!is_taken("unknown", "2026-12-02"));
        assert!(check(database("unknown"), &Policy::default(), "2026-12-02").is_ok());
    }
}
