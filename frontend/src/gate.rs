//! What the frontend needs of whoever judges: bytes and text only, so that neither side learns the
//! other's types.

use std::collections::BTreeMap;

use crate::dockerfile::Instruction;
use crate::plan::{Lines, Plan};

/// An engine that can scan and judge.
pub trait Gate: Sync {
    /// The judge of one build.
    type Trial: Trial;

    /// The names of every setting, so that options of these names are not handed on.
    fn setting_names(&self) -> Vec<&'static str>;

    /// What the settings ask of the frontend. The text of an error goes to the user as it is.
    fn conduct(&self, settings: &Settings) -> Result<Conduct, String>;

    /// A source file, or an instruction, as it may be shown to anyone, with as many lines as it has.
    fn shown(&self, text: &str) -> String;

    /// Prepares to judge a build, by the [`Data`] that was asked for, if there is any. The text of an
    /// error goes to the user as it is.
    fn open(&self, settings: &Settings, data: Option<Vec<u8>>) -> Result<Self::Trial, String>;
}

/// Everything that was said about how to gate, before it is understood.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The configuration file beside the Dockerfile: its name and text.
    pub file: Option<(String, String)>,
    /// Named values; a later one wins over an earlier one, and all of them over the file.
    pub named: Vec<Setting>,
}

/// One value, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub name: String,
    /// `None` for a bare word.
    pub value: Option<String>,
    pub channel: Channel,
}

/// How a setting came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A word after the image on the `# syntax` line.
    Syntax,
    /// A build argument `LAYERGATE_<NAME>`.
    BuildArg,
    /// A frontend option, as `buildctl --opt` gives it.
    Option,
}

/// What the settings ask of the frontend itself.
#[derive(Clone, Debug, Default)]
pub struct Conduct {
    /// No instruction starts before the verdict on everything before it.
    pub strict: bool,
    /// The frontend that makes the result; the stock Dockerfile frontend if none is named.
    pub frontend: Option<String>,
    pub attach: Attach,
    pub data: Option<Data>,
}

/// A file that the judge takes from outside, where the build says from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// The named context that holds it at its top.
    pub context: String,
    pub file: String,
    /// The image that holds it where there is no such context; or a place with `://` in it.
    pub image: Option<String>,
}

/// Whether the scans travel with the result, so that a remote cache holds them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attach {
    /// When the build carries attestations anyway.
    #[default]
    Auto,
    Always,
    Never,
}

/// The judgement of one build. Calls come one at a time.
pub trait Trial: Send {
    /// What is written in the Dockerfile and in the image's configuration, before anything is built.
    fn hear_texts(&mut self, build: &Build<'_>) -> Ruling;

    /// The inventory of a step; those of the steps it started from came before.
    ///
    /// An error means that the inventory cannot be understood.
    fn hear_step(&mut self, plan: &Plan, step: usize, inventory: Vec<u8>)
    -> Result<Ruling, String>;

    /// Everything was heard.
    fn close(&mut self, plan: &Plan) -> Ruling;

    /// What goes into the build's metadata, below `frontend.layergate.`.
    fn metadata(&self) -> BTreeMap<String, String>;
}

/// What is known of a build before it runs.
#[derive(Debug)]
pub struct Build<'a> {
    pub plan: &'a Plan,
    /// The instructions of the stages that the build uses.
    pub instructions: &'a [Instruction],
    /// Build arguments by name.
    pub arguments: &'a BTreeMap<String, String>,
    /// The configurations of the images that will be returned (OCI image configuration, JSON).
    pub configs: &'a [Vec<u8>],
}

/// What was decided on hearing something.
#[derive(Clone, Debug, Default)]
pub struct Ruling {
    /// The build must stop: the text for the user, and the lines it speaks of.
    pub stop: Option<Stop>,
    pub warnings: Vec<Warning>,
}

/// Why a build stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    pub message: String,
    pub lines: Vec<Lines>,
}

/// Something to be seen that does not stop the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The step it is about; the first one if it is about none.
    pub step: usize,
    pub lines: Option<Lines>,
    pub short: String,
    pub detail: Vec<String>,
}
