//! `layergate db sign` and `db verify`: who made a database, and whether it is whole.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::advisory::{self, Database, DatabaseError, Problem, PublicKey, SecretKey};
use crate::cli::Failure;

/// Signs a database that is there already
#[derive(Debug, Args)]
#[command(after_help = "Example:\n    openssl genpkey -algorithm ed25519 -out KEY.pem\n    \
                        layergate db sign layergate.db --key KEY.pem")]
pub(in crate::cli) struct Sign {
    /// The database
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The secret Ed25519 key, PKCS#8 as PEM
    #[arg(long, value_name = "KEY.pem")]
    key: PathBuf,
}

/// Checks every byte of a database and, with a key, who signed it; exit code 1 if it is wrong
#[derive(Debug, Args)]
#[command(after_help = "Example:\n    openssl pkey -in KEY.pem -pubout -out PUB.pem\n    \
                        layergate db verify layergate.db --key PUB.pem")]
pub(in crate::cli) struct Verify {
    /// The database
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The public Ed25519 key: a file as PEM or base64, or the base64 itself
    #[arg(long, value_name = "PUB")]
    key: Option<String>,
}

impl Sign {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let key = secret(&self.key)?;
        advisory::sign(&self.file, &key).map_err(|it| unusable(&it))?;
        let public = key.public().map_or(String::new(), |it| it.to_string());
        let line = format!("{}: signed; the public key is {public}\n", self.file.display());
        io::stderr().write_all(line.as_bytes()).unwrap_or_default();
        Ok(())
    }
}

impl Verify {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let key = self.key.as_deref().map(public).transpose()?;
        let text = verified(&self.file, key.as_ref())?;
        io::stdout().write_all(text.as_bytes()).unwrap_or_default();
        Ok(())
    }
}

/// Checks every byte and, with a key, the signature; says what it is and whose.
pub(super) fn verified(file: &Path, key: Option<&PublicKey>) -> Result<String, Failure> {
    let check = || -> Result<_, DatabaseError> {
        let database = Database::open(file)?;
        // Who made it comes first: what a stranger made need not be read.
        key.map_or(Ok(()), |it| database.verify_signature(it))?;
        database.verify()?;
        Ok(database)
    };
    let database = check().map_err(|it| unusable(&it))?;
    let it = database.provenance();
    let signature = match (database.seal().1, key) {
        (_, Some(key)) => format!("by {key}, as asked for"),
        (Some(_), None) => "not checked: give the public key with --key".to_owned(),
        (None, None) => "none".to_owned(),
    };
    Ok(format!(
        "intact   every byte\ndate     {}\nrecords  {}\ndigest   {}\nsigned   {signature}\n",
        it.source_date, it.records, it.digest
    ))
}

/// A file that is wrong is told apart from one that could not be looked at.
fn unusable(error: &DatabaseError) -> Failure {
    let failure = Failure::new(error);
    match error.source {
        Problem::Io(_) | Problem::Schema { .. } => failure,
        Problem::Unsigned => {
            failure.code(1).hint("sign it with: layergate db sign FILE --key KEY.pem")
        }
        Problem::Signature(_) => failure
            .code(1)
            .hint("it was made by someone else, or the key is not theirs: do not use it"),
        _ => failure.code(1).hint("do not use it; fetch or build it again"),
    }
}

/// The secret key in a file.
pub(super) fn secret(path: &Path) -> Result<SecretKey, Failure> {
    let text = fs::read_to_string(path).map_err(|it| unreadable(path, &it))?;
    SecretKey::parse(&text).map_err(|it| unreadable(path, &it))
}

/// The public key in a file of this name, or in the text itself.
pub(super) fn public(text: &str) -> Result<PublicKey, Failure> {
    let path = Path::new(text);
    match fs::read_to_string(path) {
        Ok(content) => PublicKey::parse(&content).map_err(|it| unreadable(path, &it)),
        Err(error) => PublicKey::parse(text).map_err(|_| unreadable(path, &error)),
    }
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Failure {
    let mut failure = Failure::new(error);
    failure.message = format!("cannot use the key {}: {}", path.display(), failure.message);
    failure
}
