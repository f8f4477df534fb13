//! Conversions as the wire types of the API.

use tallykey_client::wire;

use super::{line_id, resolution};
use crate::service::{Conversion, Converted, Given, Goal, Role};

pub(in crate::api) fn converted(done: Converted, dry_run: bool, reader: Role) -> wire::Converted {
    let line = |line: crate::service::ConvertedLine| wire::ConvertedLine {
        line: line_id(line.line, reader),
        feature: line.feature,
        before: line.before,
        after: line.after,
    };
    wire::Converted {
        serial: done.serial,
        kind: done.kind.name().to_owned(),
        goal: goal(done.goal),
        host: done.host,
        lines: done.lines.into_iter().map(line).collect(),
        outcome: resolution(done.resolution, dry_run, reader),
        held: done.held,
        conversion: done.done.map(|one| conversion(one, reader)),
    }
}

/// The licence itself is for administrators.
pub(in crate::api) fn conversion(one: Conversion, reader: Role) -> wire::Conversion {
    let licence = one.licence.filter(|_| reader >= Role::Admin);
    let given = |given: Given| wire::Given {
        line: given.line,
        count: given.channels(),
        feature: given.feature,
    };
    wire::Conversion {
        id: one.id,
        state: match one.receipt {
            None => wire::ConversionState::UnderWay,
            Some(_) => wire::ConversionState::Done,
        },
        serial: one.serial,
        kind: one.kind.name().to_owned(),
        goal: goal(one.goal),
        host: one.host,
        ours: one.ours,
        given: one.given.into_iter().map(given).collect(),
        receipt: one.receipt,
        file_name: one.file_name.filter(|_| licence.is_some()),
        licence: licence.map(|text| String::from_utf8_lossy(&text).into_owned()),
        replaced_by: one.replaced_by,
        acknowledged: one.acknowledged,
    }
}

fn goal(goal: Goal) -> wire::Goal {
    match goal {
        Goal::ThisMachine => wire::Goal::ThisMachine,
        Goal::OtherMachine => wire::Goal::OtherMachine,
        Goal::Desk => wire::Goal::Desk,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a07_a_converted_licence_is_for_administrators() {
        let one = Conversion {
            id: Uuid::nil(),
            serial: "TK-1".into(),
            kind: Default::default(),
            goal: Goal::OtherMachine,
            host: Some("nvr-2".into()),
            ours: true,
            given: Vec::new(),
            receipt: Some("aa".into()),
            licence: Some(b"a licence".to_vec()),
            file_name: Some("nvr-2_licence.tkl".into()),
            replaced_by: None,
            acknowledged: None,
        };
        for reader in [Role::Viewer, Role::Client] {
            let shown = conversion(one.clone(), reader);
            assert_eq!((shown.licence, shown.file_name), (None, None));
        }
        let shown = conversion(one, Role::Admin);
        assert_eq!(shown.licence.as_deref(), Some("a licence"));
    }
}
