//! Says what the objects of a file are, each verified as far as the root at hand allows. Nothing is kept, nobody is
//! asked.

mod issued;
mod request;

use std::fmt::Write;

use serde_json::{Map, Value, json};
use tallykey_protocol::{
    cert::{Certificate, Crl},
    composite::{Composite, Converted},
    cose::Sign1,
    file::{Kind, Objects},
    id::thumbprint,
    limits::OBJECT_MAX,
    trust::TrustBundle,
};

use crate::{
    keys::Trust,
    text::{hex, plain, time},
};

/// How far an object is to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Signed below the root at hand.
    Verified,
    /// Signed by the key that it names itself: nobody vouches for that key.
    SelfSigned,
    /// Nothing signs such an object: whoever installs it trusts it.
    NotSigned,
    /// No root at hand, or the signer's key is not in the file.
    NotChecked,
    /// Not to be believed.
    Refused,
}

/// One object of a file.
pub(crate) struct Object {
    kind: Option<Kind>,
    /// How far it is to be believed.
    pub(crate) verdict: Verdict,
    /// Why not further.
    reason: Option<String>,
    /// What it says; nothing of what is not to be believed.
    says: Value,
}

/// Every object of a file, in order.
pub(crate) fn objects(file: &[u8], trust: Option<&Trust>) -> Vec<Object> {
    let mut buffer = vec![0; OBJECT_MAX];
    let mut objects = Objects::new(file);
    let mut found = Vec::new();
    while let Some(next) = objects.next(&mut buffer) {
        found.push(match next {
            Ok(object) => Object::look(object.kind, object.bytes, trust),
            Err(error) => Object {
                kind: None,
                verdict: Verdict::Refused,
                reason: Some(error.to_string()),
                says: Value::Null,
            },
        });
    }
    found
}

/// What a look at an object found: how far it is believed, and what it says.
type Looked = Result<(Verdict, Value), String>;

impl Object {
    fn look(kind: Kind, bytes: &[u8], trust: Option<&Trust>) -> Self {
        let looked = match (kind, trust) {
            (Kind::Request, _) => request::look(bytes, trust),
            (Kind::TrustBundle, _) => trust_bundle(bytes),
            (Kind::Receipt(_) | Kind::Proof(_), _) => {
                return Self::not_checked(
                    kind,
                    bytes,
                    "alone it does not say whose key signed it; look at the request or licence that carries it",
                );
            }
            (_, None) => {
                return Self::not_checked(kind, bytes, "give --trust with the vendor's bundle");
            }
            (Kind::Composite, Some(trust)) => composite(bytes, trust),
            (Kind::Crl, Some(trust)) => certificates(bytes, trust),
            (kind, Some(trust)) => issued::look(kind, bytes, trust),
        };
        let (verdict, reason, says) = match looked {
            Ok((verdict, says)) => (verdict, None, says),
            Err(reason) => (Verdict::Refused, Some(reason), Value::Null),
        };
        Self {
            kind: Some(kind),
            verdict,
            reason,
            says,
        }
    }

    fn not_checked(kind: Kind, bytes: &[u8], reason: &str) -> Self {
        let digest = Sign1::parse(bytes, OBJECT_MAX).map(|record| hex(&record.digest()));
        Self {
            kind: Some(kind),
            verdict: Verdict::NotChecked,
            reason: Some(reason.to_owned()),
            says: json!({ "digest": digest.ok(), "bytes": bytes.len() }),
        }
    }

    /// The object for programs.
    pub(crate) fn document(&self) -> Value {
        json!({
            "kind": self.kind.map(Kind::name),
            "verdict": self.verdict.name(),
            "reason": self.reason,
            "says": self.says,
        })
    }
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::SelfSigned => "self-signed",
            Self::NotSigned => "not-signed",
            Self::NotChecked => "not-checked",
            Self::Refused => "refused",
        }
    }
}

/// The objects of one file for people.
pub(crate) fn readable(file: &str, objects: &[Object]) -> String {
    let mut out = format!("{}\n", plain(file));
    if objects.is_empty() {
        out.push_str("  nothing of Tallykey is in it\n");
    }
    for (number, object) in (1..).zip(objects) {
        let kind = object.kind.map_or("unreadable", Kind::name);
        let _ = writeln!(out, "\n{number}. {kind}: {}", object.verdict.name());
        if let Some(reason) = &object.reason {
            let _ = writeln!(out, "   {}", plain(reason));
        }
        write_value(&mut out, "", &object.says, 3);
    }
    out.push('\n');
    out
}

/// A line for each value; what is not there has none.
fn write_value(out: &mut String, name: &str, value: &Value, indent: usize) {
    let pad = " ".repeat(indent);
    match value {
        Value::Null => {}
        Value::Object(fields) if name.is_empty() => write_fields(out, fields, indent),
        Value::Object(fields) => {
            let _ = writeln!(out, "{pad}{name}");
            write_fields(out, fields, indent + 2);
        }
        Value::Array(items) => {
            for (number, item) in (1..).zip(items) {
                write_value(out, &format!("{name} {number}"), item, indent);
            }
        }
        Value::String(text) => {
            let _ = writeln!(out, "{pad}{name:<18}{}", plain(text));
        }
        other => {
            let _ = writeln!(out, "{pad}{name:<18}{other}");
        }
    }
}

fn write_fields(out: &mut String, fields: &Map<String, Value>, indent: usize) {
    for (name, value) in fields {
        write_value(out, &name.replace('_', " "), value, indent);
    }
}

fn trust_bundle(bytes: &[u8]) -> Looked {
    let bundle = TrustBundle::decode(bytes).map_err(|error| error.to_string())?;
    let root = Certificate::parse(bundle.root);
    let root = root.map_err(|error| error.to_string())?;
    root.verify_root().map_err(|error| error.to_string())?;
    let says = json!({
        "vendor": bundle.vendor,
        "test": bundle.test,
        "root_thumbprint": hex(&thumbprint(root.public_key())),
    });
    Ok((Verdict::NotSigned, says))
}

fn composite(bytes: &[u8], trust: &Trust) -> Looked {
    let Converted { target, traced, .. } =
        Composite::verify(bytes, &trust.root()).map_err(|error| error.to_string())?;
    let says = json!({
        "machine": hex(&thumbprint(&target.host_key)),
        "receipt": request::traced(&traced),
    });
    Ok((Verdict::Verified, says))
}

fn certificates(bytes: &[u8], trust: &Trust) -> Looked {
    let list = Crl::parse(bytes).map_err(|error| error.to_string())?;
    list.verify(&trust.root())
        .map_err(|error| error.to_string())?;
    let revoked = list
        .revoked()
        .map(|(number, since)| json!({ "certificate_number": hex(number), "since": time(since) }));
    let says = json!({
        "vendor": trust.vendor,
        "issued_at": time(list.issued_at()),
        "number": list.number(),
        "revoked": revoked.collect::<Vec<_>>(),
        "stays_good": list.good().map(|digest| hex(digest)).collect::<Vec<_>>(),
    });
    Ok((Verdict::Verified, says))
}
