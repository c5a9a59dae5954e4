//! The engine as the frontend sees it. No other module knows that crate.

mod age;
mod case;
mod charge;
mod texts;

use std::path::{Path, PathBuf};

use layergate_frontend::{self as frontend, Channel, Conduct, Gate};

use crate::advisory::Database;
use crate::gate::case::Case;
use crate::policy::{self, Attach, Judge, OPTIONS, Origin, Policy, PolicyFile, Setting};
use crate::secrets;

/// The named context that holds a database.
const CONTEXT: &str = "layergate-db";

/// The database in it.
const FILE: &str = "layergate.db";

/// Judges builds by the database at a path, as of a day.
#[derive(Clone, Debug)]
pub struct LayerGate {
    pub database: PathBuf,
    /// `YYYY-MM-DD`: exemptions end.
    pub today: String,
}

impl Gate for LayerGate {
    type Trial = Case;

    fn setting_names(&self) -> Vec<&'static str> {
        OPTIONS.iter().map(|it| it.name).collect()
    }

    fn conduct(&self, settings: &frontend::Settings) -> Result<Conduct, String> {
        let (policy, _) = read(settings)?;
        Ok(Conduct {
            strict: policy.judge == Judge::Strict,
            frontend: policy.frontend,
            data: Some(frontend::Data {
                context: CONTEXT.to_owned(),
                file: FILE.to_owned(),
                image: policy.db,
            }),
            attach: match policy.attach {
                Attach::Auto => frontend::Attach::Auto,
                Attach::On => frontend::Attach::Always,
                Attach::Off => frontend::Attach::Never,
            },
        })
    }

    fn shown(&self, text: &str) -> String {
        secrets::redact(text)
    }

    fn open(&self, settings: &frontend::Settings, data: Option<Vec<u8>>) -> Result<Case, String> {
        let (policy, file) = read(settings)?;
        let database = match data {
            Some(bytes) => Database::from_bytes(&Path::new(CONTEXT).join(FILE), bytes),
            None => Database::open(&self.database),
        };
        let database = database
            .map_err(|error| {
                format!(
                    "{}; make one with: layergate db build DIRECTORY -o layergate.db",
                    chain(&error)
                )
            })
            .and_then(|it| age::check(it, &policy, &self.today));
        if let (Err(problem), false) = (&database, policy.report_only) {
            return Err(problem.clone());
        }
        Ok(Case::new(policy, file.exemptions, database, self.today.clone()))
    }
}

fn read(settings: &frontend::Settings) -> Result<(Policy, PolicyFile), String> {
    let file = match &settings.file {
        Some((_, text)) => policy::read_file(text).map_err(|it| it.to_string())?,
        None => PolicyFile::default(),
    };
    let mut all = file.settings.clone();
    // CI systems pass a build argument that is not set as an empty one.
    let given = settings
        .named
        .iter()
        .filter(|it| it.channel != Channel::BuildArg || it.value.as_deref() != Some(""));
    all.extend(given.map(setting));
    let policy = Policy::from_settings(&all).map_err(|it| it.to_string())?;
    Ok((policy, file))
}

fn setting(given: &frontend::Setting) -> Setting {
    let origin = match given.channel {
        Channel::Syntax => Origin::Syntax,
        Channel::BuildArg => {
            let name = given.name.to_ascii_uppercase().replace('-', "_");
            Origin::BuildArgument(format!("LAYERGATE_{name}"))
        }
        Channel::Option => Origin::Option(given.name.clone()),
    };
    Setting { name: given.name.clone(), value: given.value.clone().unwrap_or_default(), origin }
}

/// An error and its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |it| it.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
