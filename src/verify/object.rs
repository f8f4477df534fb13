//! What is said of one object.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use tallykey_protocol::grant;
use tallykey_protocol::receipt::GivenAway;
use tallykey_protocol::target::Binding;

use crate::licence::machine_binding::{Drift, Facts, judge, name};
use crate::licence::{LicenceRefusal, Refusal};

/// How far an object is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Signed below the vendor's root.
    Verified,
    /// Signed by the host key that it names itself, for which nobody vouches.
    SelfSigned,
    /// Nobody signs such an object; it holds the root that it is judged by.
    NotSigned,
    /// Whose key signed it is not in it, so what it says is not to be believed.
    NotJudged,
    /// Not to be believed.
    Refused,
}

/// One object, or a part of one, and what it says; of one that is refused, nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Object {
    /// What it is; `unreadable` if that cannot be told.
    pub kind: &'static str,
    /// How far it is to be believed.
    pub verdict: Verdict,
    /// Whom it is for.
    #[serde(rename = "for")]
    pub holder: Option<String>,
    /// What it gives, or gave away.
    pub lines: Vec<Line>,
    /// Whether the machine that it is for is this one, if it is for a machine.
    pub machine: Option<Fit>,
    /// What else it says, by name.
    #[serde(serialize_with = "as_map")]
    pub says: Vec<(&'static str, String)>,
    /// What is signed by itself inside it.
    pub parts: Vec<Object>,
    /// What cannot be judged here, and who can.
    pub not_judged: Vec<&'static str>,
    /// Why it is not to be believed, or counts for nothing here.
    pub problem: Option<Problem>,
}

/// Channels of one feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its id in the grant or licence; none where channels are only asked for.
    pub id: Option<u32>,
    /// The feature, where it is said.
    pub feature: Option<String>,
    /// Channels.
    pub count: u64,
    /// `perpetual`, `subscription` or `fixed-term`, where it is said.
    pub plan: Option<&'static str>,
    /// The purchase date.
    pub valid_from: Option<Timestamp>,
    /// The last moment it is valid; none if it never ends.
    pub valid_to: Option<Timestamp>,
    /// The MAC addresses that alone it is for; empty if it is for any device.
    pub devices: usize,
}

/// How much of the machine that an object is for is this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fit {
    /// Whether it is this machine.
    pub this: bool,
    /// Weight of the recorded components that are here.
    pub matched: u32,
    /// Weight of all that were recorded.
    pub recorded: u32,
    /// Recorded components that are not here, and what became of them.
    pub drift: Vec<String>,
}

/// Why an object is not to be believed, or counts for nothing here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The stable code a program matches on.
    pub code: &'static str,
    /// The support class it belongs to.
    pub class: &'static str,
    /// What is wrong.
    pub detail: String,
    /// What to do next.
    pub next: String,
}

impl Object {
    pub(super) fn of(kind: &'static str, verdict: Verdict) -> Self {
        Self {
            kind,
            verdict,
            holder: None,
            lines: Vec::new(),
            machine: None,
            says: Vec::new(),
            parts: Vec::new(),
            not_judged: Vec::new(),
            problem: None,
        }
    }

    pub(super) fn refused(kind: &'static str, refusal: &Refusal) -> Self {
        Self::of(kind, Verdict::Refused).failing(Problem::of(refusal))
    }

    /// A record that does not hold together, whoever made it.
    pub(super) fn broken(kind: &'static str, problem: impl std::fmt::Display) -> Self {
        Self::of(kind, Verdict::Refused).failing(Problem {
            code: "damaged-file",
            class: "damaged-file",
            detail: problem.to_string(),
            next: "have it sent again as it was made, whole and unchanged".into(),
        })
    }

    pub(super) fn held_by(mut self, holder: String) -> Self {
        self.holder = Some(holder);
        self
    }

    pub(super) fn saying(mut self, name: &'static str, what: impl ToString) -> Self {
        self.says.push((name, what.to_string()));
        self
    }

    pub(super) fn saying_if(self, name: &'static str, what: Option<impl ToString>) -> Self {
        match what {
            Some(what) => self.saying(name, what),
            None => self,
        }
    }

    pub(super) fn without(mut self, what: &'static str) -> Self {
        self.not_judged.push(what);
        self
    }

    pub(super) fn failing(mut self, problem: Problem) -> Self {
        self.problem = Some(problem);
        self
    }

    /// Whether it and all of its parts are to be believed as far as such an object can be, and nothing keeps it from
    /// counting but perhaps the machine.
    #[must_use]
    pub fn passes(&self) -> bool {
        let believed = matches!(
            self.verdict,
            Verdict::Verified | Verdict::SelfSigned | Verdict::NotSigned
        );
        believed && self.problem.is_none() && self.parts.iter().all(Self::passes)
    }
}

impl Verdict {
    /// The stable name in the document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::SelfSigned => "self-signed",
            Self::NotSigned => "not-signed",
            Self::NotJudged => "not-judged",
            Self::Refused => "refused",
        }
    }
}

impl Line {
    pub(super) fn granted(line: &grant::Line<'_>) -> Self {
        Self {
            id: Some(line.id),
            feature: Some(line.feature.to_owned()),
            count: line.count,
            plan: Some(line.plan.name()),
            valid_from: moment(line.valid_from),
            valid_to: line.valid_to.and_then(moment),
            devices: 0,
        }
    }

    pub(super) fn given(given: &GivenAway) -> Self {
        Self {
            id: Some(given.line),
            feature: None,
            count: given.channels(),
            plan: None,
            valid_from: None,
            valid_to: None,
            devices: 0,
        }
    }
}

impl Fit {
    pub(super) fn of(binding: &Binding, facts: &Facts) -> Result<Self, LicenceRefusal> {
        let matched =
            judge(binding, facts).map_err(|problem| LicenceRefusal::BadBinding { problem })?;
        let drift = |drift: &Drift| format!("{} {}", name(drift.part), drift.change.name());
        Ok(Self {
            this: matched.holds(),
            matched: matched.matched(),
            recorded: matched.recorded(),
            drift: matched.drift().iter().map(drift).collect(),
        })
    }
}

impl Problem {
    pub(super) fn of(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code(),
            class: refusal.class().name(),
            detail: refusal.to_string(),
            next: refusal.next(),
        }
    }
}

fn as_map<S: Serializer>(
    says: &[(&'static str, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        says.iter()
            .map(|(name, what)| (name.replace(' ', "_"), what)),
    )
}

/// A moment of a record; beyond the calendar there is none.
pub(super) fn moment(seconds: u64) -> Option<Timestamp> {
    let seconds = i64::try_from(seconds).ok()?;
    Timestamp::from_second(seconds).ok()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
