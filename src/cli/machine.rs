//! `tallykey machine`

use std::path::PathBuf;

use owo_colors::OwoColorize;
use serde_json::{Value, json};

use super::{
    failure::Failure,
    screen::Screen,
    table::{Column, Rows, Tone},
    text::plain,
};
use crate::licence::machine_binding::{
    Bindable, CannotBind, Environment, Fact, Facts, State, WEIGHT_MIN, name, weight,
};

/// Arguments of `machine`.
#[derive(Debug, Clone, clap::Args)]
pub struct MachineArgs {
    /// Show the values too: serial numbers and addresses, which are private.
    #[arg(long)]
    show: bool,
    /// Look at a tree of /sys and /proc that was recorded on another machine.
    #[arg(long, value_name = "FOLDER")]
    pub root: Option<PathBuf>,
}

impl MachineArgs {
    /// Prints what a licence can be bound to on the machine with these facts.
    ///
    /// # Errors
    /// [`Failure::Output`].
    pub fn answer(&self, facts: &Facts, screen: &Screen) -> Result<(), Failure> {
        let view = View {
            facts,
            bindable: Bindable::of(facts),
            recorded: facts.recorded(),
            show: self.show,
        };
        screen.answer(&view.document(), || view.readable())
    }
}

struct View<'f> {
    facts: &'f Facts,
    bindable: Result<Bindable<'f>, CannotBind>,
    recorded: Vec<&'f Fact>,
    show: bool,
}

impl View<'_> {
    /// What it adds to a binding: nothing if it is not recorded.
    fn weight(&self, fact: &Fact) -> u32 {
        let recorded = self.recorded.iter().any(|other| std::ptr::eq(*other, fact));
        if recorded { weight(fact.part) } else { 0 }
    }

    fn total(&self) -> u32 {
        self.recorded.iter().map(|fact| weight(fact.part)).sum()
    }

    fn document(&self) -> Value {
        let components = self.facts.components.iter();
        let components: Vec<_> = components.map(|fact| self.component(fact)).collect();
        let environment = self.facts.environment.as_ref();
        let refusal = self.bindable.as_ref().err().map(|refusal| {
            json!({
                "code": refusal.code(),
                "class": refusal.class().name(),
                "detail": refusal.to_string(),
                "next": refusal.next(),
            })
        });
        json!({
            "kind": environment.map_or("unknown", |e| e.kind().name()),
            "hypervisor": environment.and_then(|e| e.hypervisor),
            "container": environment.and_then(|e| e.container),
            "product": environment.and_then(|e| e.product.as_deref()),
            "components": components,
            "weight": self.total(),
            "weight_needed": WEIGHT_MIN,
            "licence": if self.bindable.is_ok() { "machine" } else { "mac" },
            "refusal": refusal,
        })
    }

    fn component(&self, fact: &Fact) -> Value {
        let (why, next) = match &fact.state {
            State::Unreadable { why, next } => (Some(why), Some(next)),
            State::NotCounted { why, .. } => (Some(why), None),
            State::Present { .. } | State::Absent => (None, None),
        };
        let mut component = json!({
            "part": name(fact.part),
            "place": fact.place,
            "state": state(fact),
            "weight": self.weight(fact),
            "why": why,
            "next": next,
        });
        if self.show {
            component["value"] = json!(value(fact));
        }
        component
    }

    fn readable(&self) -> String {
        let mut columns = vec![
            Column::Text("component"),
            Column::Text("state"),
            Column::Number("weight"),
            Column::Text("found at"),
        ];
        if self.show {
            columns.push(Column::Text("value"));
        }
        let mut rows = Rows::new(&columns);
        let mut notes = String::new();
        for fact in &self.facts.components {
            let mut cells = vec![
                name(fact.part).to_owned(),
                state(fact).to_owned(),
                self.weight(fact).to_string(),
                fact.place.clone(),
            ];
            if self.show {
                cells.push(value(fact).unwrap_or_default().to_owned());
            }
            rows.push(tone(fact), cells);
            notes.push_str(&note(fact));
        }
        let heading = heading(self.facts.environment.as_ref());
        format!(
            "{}\n\n{rows}\n{notes}{}",
            plain(&heading).bold(),
            self.verdict()
        )
    }

    fn verdict(&self) -> String {
        match &self.bindable {
            Ok(bindable) => format!(
                "weight {}, and {WEIGHT_MIN} are needed: a software licence can be bound to this machine\n",
                bindable.weight()
            ),
            Err(refusal) => format!(
                "{}\n   next: {}\n   code: {}\n",
                Tone::Warning.paint(&format!("{refusal}: only a MAC licence is possible")),
                refusal.next(),
                refusal.code()
            ),
        }
    }
}

fn heading(environment: Option<&Environment>) -> String {
    let Some(environment) = environment else {
        return "a system whose facts are not read yet".to_owned();
    };
    let mut heading = match (environment.container, environment.hypervisor) {
        (None, None) => "physical machine".to_owned(),
        (None, Some(hypervisor)) => format!("virtual machine ({hypervisor})"),
        (Some(container), None) => format!("container ({container})"),
        (Some(container), Some(hypervisor)) => {
            format!("container ({container}) in a virtual machine ({hypervisor})")
        }
    };
    if let Some(product) = &environment.product {
        heading.push_str(&format!(": {product}"));
    }
    heading
}

const fn state(fact: &Fact) -> &'static str {
    match fact.state {
        State::Present { .. } => "present",
        State::NotCounted { .. } => "not-counted",
        State::Absent => "absent",
        State::Unreadable { .. } => "unreadable",
    }
}

fn value(fact: &Fact) -> Option<&str> {
    match &fact.state {
        State::Present { value } | State::NotCounted { value, .. } => Some(value),
        State::Absent | State::Unreadable { .. } => None,
    }
}

const fn tone(fact: &Fact) -> Tone {
    match fact.state {
        State::Present { .. } | State::NotCounted { .. } | State::Absent => Tone::Plain,
        State::Unreadable { .. } => Tone::Warning,
    }
}

/// What is to be said of a component beyond its row.
fn note(fact: &Fact) -> String {
    let subject = format!("{} {}", name(fact.part), plain(&fact.place));
    let subject = subject.trim_end();
    match &fact.state {
        State::Present { .. } | State::Absent => String::new(),
        State::NotCounted { why, .. } => format!("{subject}: {}\n\n", plain(why)),
        State::Unreadable { why, next } => {
            format!("{subject}: {}\n   next: {}\n\n", plain(why), plain(next))
        }
    }
}
