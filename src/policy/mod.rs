//! What a finding means for the build.
//!
//! Options come through several channels with one vocabulary ([`OPTIONS`]); the judgement is a
//! pure function of the finding and the options.

mod exempt;
mod file;
mod judge;
mod options;
mod suggest;

pub use exempt::{Exemption, Subject};
pub use file::{PolicyFile, read_file};
pub use judge::{Action, Place};
pub use options::{OPTIONS, OptionSpec, Origin, PolicyError, Setting, Values};

/// Declares a closed set of words. The words and the variants cannot drift apart.
macro_rules! choice {
    ($(#[$about:meta])* $name:ident { $($(#[$variant_about:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_about])* $variant,)* }

        impl $name {
            /// The words, in the order of the variants.
            pub const WORDS: &'static [&'static str] = &[$($word,)*];

            fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }

            /// Returns the word that stands for the value.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

choice! {
    /// The least severity that blocks.
    FailOn { Critical = "critical", High = "high", Medium = "medium", Low = "low", None = "none", }
}
choice! {
    /// The most that may come of a kind of finding.
    Strictness { Block = "block", Warn = "warn", Ignore = "ignore", }
}
choice! {
    /// What comes of a secret.
    Secrets { Block = "block", Warn = "warn", Off = "off", }
}
choice! {
    /// When findings are judged.
    Judge {
        /// A step's own findings at once, the base image's at the end of the stage.
        Early = "early",
        /// Everything at the end.
        Final = "final",
        /// Everything at once, before the next instruction begins.
        Strict = "strict",
    }
}
choice! {
    /// Whether the last scan is attached to the result, so that a registry cache carries the scans.
    Attach { Auto = "auto", On = "on", Off = "off", }
}

/// All options with a value each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub fail_on: FailOn,
    pub unfixed: Strictness,
    pub secrets: Secrets,
    /// For packages in stages that do not ship.
    pub builder: Strictness,
    pub report_only: bool,
    pub judge: Judge,
    pub attach: Attach,
    /// The image frontend to build with; without it, the stock one.
    pub frontend: Option<String>,
    /// Where the database is; without it, in the frontend's own image.
    pub db: Option<String>,
    /// The most days that the database may be old.
    pub db_max_age: Option<u32>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            fail_on: FailOn::High,
            unfixed: Strictness::Warn,
            secrets: Secrets::Block,
            builder: Strictness::Warn,
            report_only: false,
            judge: Judge::Early,
            attach: Attach::Auto,
            frontend: None,
            db: None,
            db_max_age: None,
        }
    }
}
