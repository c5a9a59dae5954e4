//! A judge that decides as the test says.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::{Attach, Build, Conduct, Gate, Plan, Ruling, Settings, Stop, Trial, Warning};

/// Stops at the instructions that it is told to, and takes every inventory that begins with
/// `inventory`.
#[derive(Debug, Default)]
pub(super) struct Judge {
    pub(super) stops_at: Vec<&'static str>,
    pub(super) warns_at: Vec<&'static str>,
    pub(super) strict: bool,
    pub(super) attach: Attach,
    pub(super) refuses: Option<&'static str>,
    /// What was heard, in order.
    pub(super) heard: Mutex<Vec<String>>,
}

impl Judge {
    fn hear(&self, what: String) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One trial before a [`Judge`].
#[derive(Debug)]
pub(super) struct Hearing<'a>(&'a Judge);

impl<'a> Gate for &'a Judge {
    type Trial = Hearing<'a>;

    fn setting_names(&self) -> Vec<&'static str> {
        vec!["fail-on"]
    }

    fn conduct(&self, _: &Settings) -> Result<Conduct, String> {
        Ok(Conduct { strict: self.strict, attach: self.attach, ..Conduct::default() })
    }

    fn shown(&self, text: &str) -> String {
        text.replace("hunter2", "h…")
    }

    fn open(&self, _: &Settings, _: Option<Vec<u8>>) -> Result<Hearing<'a>, String> {
        self.refuses.map_or(Ok(Hearing(self)), |it| Err(it.to_owned()))
    }
}

impl Trial for Hearing<'_> {
    fn hear_texts(&mut self, _: &Build<'_>) -> Ruling {
        Ruling::default()
    }

    fn hear_step(
        &mut self,
        plan: &Plan,
        number: usize,
        inventory: Vec<u8>,
    ) -> Result<Ruling, String> {
        let step = &plan.steps[number];
        self.0.hear(format!("{}: {} bytes", step.name, inventory.len()));
        if !inventory.starts_with(b"inventory") {
            return Err("the inventory cannot be read".to_owned());
        }
        let mut ruling = Ruling::default();
        if self.0.stops_at.contains(&step.name.as_str()) {
            let message = format!("stopped at {}", step.name);
            ruling.stop = Some(Stop { message, lines: step.lines.into_iter().collect() });
        }
        if self.0.warns_at.contains(&step.name.as_str()) {
            let short = format!("mind {}", step.name);
            ruling.warnings.push(Warning { step: number, lines: None, short, detail: Vec::new() });
        }
        Ok(ruling)
    }

    fn close(&mut self, _: &Plan) -> Ruling {
        self.0.hear("the end".to_owned());
        Ruling::default()
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("verdict".to_owned(), "pass".to_owned())])
    }
}
