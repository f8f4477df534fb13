//! Every code that an answer can carry, with its HTTP status: the one table of both.

use crate::{
    licence::{
        DongleRule, IssuedRefusal, LicenceRefusal, Refusal, conversion::ConversionRefusal,
        machine_binding::CannotBind,
    },
    service::Fault,
};

/// One code of a problem answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable kebab-case name.
    pub name: &'static str,
    /// HTTP status of the answer.
    pub status: u16,
    /// Support class; `fault` for what is no matter of licences.
    pub class: &'static str,
    /// The kind of problem in a few words.
    pub title: &'static str,
}

macro_rules! codes {
    ($($constant:ident = $name:literal, $status:literal, $class:literal, $title:literal;)*) => {
        $(pub(super) const $constant: Code = Code {
            name: $name, status: $status, class: $class, title: $title,
        };)*

        /// Every code there is, in the order of the documentation.
        pub const CODES: &[Code] = &[$($constant),*];
    };
}

codes! {
    NO_CHANNEL_LEFT = "no-channel-left", 409, "too-few-licences", "No channel is left";
    WEIGHT_CHANGED = "weight-changed", 409, "wrong-procedure", "The device costs another number of channels now";
    DEVICE_HOLDS = "device-holds-channels", 409, "wrong-procedure", "The other device holds channels already";
    BAD_TTL = "bad-ttl", 422, "wrong-procedure", "The time is too short or too long";
    NOT_FOR_A_TIME = "not-for-a-time", 409, "wrong-procedure", "The allocation is not for a time";
    NO_SUCH_LINE = "no-such-line", 404, "not-delivered", "There is no such line";
    LINE_CANNOT_PAY = "line-cannot-pay", 409, "wrong-procedure", "The line cannot pay for the device";
    FREE_CHANNELS = "free-channels", 409, "wrong-procedure", "Free channels stay as they are";
    NO_SUCH_LICENCE = "no-such-licence", 404, "wrong-procedure", "There is no such software licence";
    TERMS_NOT_ACCEPTED = "terms-not-accepted", 409, "wrong-procedure", "The terms of the product are not accepted";
    NOT_A_LICENCE = "not-a-licence", 422, "wrong-procedure", "The file holds what no host imports";
    DAMAGED_FILE = "damaged-file", 422, "damaged-file", "The file is not as it was delivered";
    WRONG_VENDOR = "wrong-vendor", 422, "damaged-file", "The record is not the vendor's";
    NOT_CONVERTED = "not-converted", 422, "damaged-file", "The parts of the licence do not fit together";
    SIMULATOR_REFUSED = "simulator-refused", 422, "wrong-procedure", "The licence came from a simulated dongle";
    OTHER_PRODUCT = "other-product", 422, "wrong-procedure", "The licence is for another product";
    PROFILE_TOO_OLD = "profile-too-old", 422, "wrong-procedure", "The licence needs a newer product profile";
    OTHER_MACHINE = "other-machine", 422, "migration", "The licence is for another machine";
    BAD_BINDING = "bad-binding", 422, "damaged-file", "The licence fits too many machines";
    LICENCE_ABSORBED = "licence-absorbed", 409, "wrong-procedure", "A later licence replaced it";
    NOTHING_TO_CONFIRM = "nothing-to-confirm", 409, "wrong-procedure", "No return waits for its confirmation";
    REQUEST_TOO_LARGE = "request-too-large", 409, "wrong-procedure", "The request would be too large";
    REVOKED = "revoked", 422, "damaged-file", "The dongle that made it is revoked";
    DONGLE_NOT_HERE = "dongle-not-here", 404, "not-delivered", "The dongle is not plugged in here";
    WRONG_HOLDER = "wrong-holder", 422, "migration", "The record is for another dongle";
    WRONG_REVISION = "wrong-revision", 409, "not-delivered", "An earlier grant is missing";
    REVISION_HELD = "revision-held", 409, "wrong-procedure", "The dongle holds a later grant";
    BELOW_GIVEN_AWAY = "below-given-away", 409, "wrong-procedure", "A count would fall";
    LINE_ID_REUSED = "line-id-reused", 422, "damaged-file", "A line has the id of another";
    NO_ROOM = "no-room", 409, "wrong-procedure", "The dongle has no room";
    RECEIPTS_OPEN = "receipts-open", 409, "wrong-procedure", "The dongle keeps receipts that wait";
    INSTRUCTION_STALE = "instruction-stale", 409, "wrong-procedure", "The instruction is for another state of the dongle";
    WRONG_LIFECYCLE = "wrong-lifecycle", 409, "wrong-procedure", "The dongle's state does not allow it";
    ROLE_NOT_ALLOWED = "role-not-allowed", 422, "damaged-file", "The signer may not sign this";
    ISSUER_REVOKED = "issuer-revoked", 422, "damaged-file", "The signer was revoked";
    NOT_BELIEVED = "not-believed", 422, "damaged-file", "The dongle does not believe the record";
    IMPORT_BY_HAND = "import-by-hand", 409, "wrong-procedure", "An instruction is not imported by itself";
    TIME_TOKEN_USED = "time-token-used", 409, "wrong-procedure", "The time token was believed before";
    TIME_TOKEN_UNASKED = "time-token-unasked", 422, "migration", "The time token answers another host";
    REVOCATION_OLDER = "revocation-older", 409, "wrong-procedure", "A later revocation list is heeded";
    NOTHING_TO_KEEP = "nothing-to-keep", 409, "not-delivered", "What is to be kept has nothing to give";
    DONGLE_EMPTY = "dongle-empty", 409, "too-few-licences", "The dongle has nothing to give";
    NO_DONGLE = "no-dongle", 409, "not-delivered", "No dongle is plugged in and open";
    WHICH_DONGLE = "which-dongle", 409, "wrong-procedure", "Several dongles are plugged in";
    CONVERT_NOT_ALLOWED = "convert-not-allowed", 409, "wrong-procedure", "The vendor does not allow the conversion";
    NOTHING_TO_CONVERT = "nothing-to-convert", 422, "wrong-procedure", "Nothing is asked for";
    NOT_ENOUGH = "not-enough", 409, "too-few-licences", "The dongle has fewer channels";
    CONVERT_ALL_HERE = "convert-all-here", 409, "wrong-procedure", "A part would stay in the dongle and count for nothing";
    BAD_REQUEST_FILE = "bad-request-file", 422, "damaged-file", "The request file is not usable";
    REQUEST_OTHER_PRODUCT = "request-other-product", 422, "migration", "The request is for another product";
    CONVERSION_UNDER_WAY = "conversion-under-way", 409, "wrong-procedure", "Another conversion is under way";
    NO_SUCH_CONVERSION = "no-such-conversion", 404, "wrong-procedure", "There is no such conversion";
    CONVERSION_DONE = "conversion-done", 409, "wrong-procedure", "The conversion is done";
    OWNER_CODE_NEEDED = "owner-code-needed", 422, "wrong-procedure", "The owner code is needed";
    BAD_OWNER_CODE = "bad-owner-code", 422, "wrong-procedure", "Not an owner code";
    OWNER_CODE_WRONG = "owner-code-wrong", 422, "wrong-procedure", "The owner code is wrong";
    OWNER_LOCKED = "owner-locked", 409, "wrong-procedure", "The dongle is locked";
    NOT_CONFIRMED = "not-confirmed", 409, "wrong-procedure", "Nobody pressed the dongle's button";
    RECEIPTS_FULL = "receipts-full", 409, "wrong-procedure", "The dongle has no room for a receipt";
    DONGLE_CHANGED = "dongle-changed", 409, "wrong-procedure", "The dongle changed meanwhile";
    REFUSED_BY_DONGLE = "refused-by-dongle", 409, "wrong-procedure", "The dongle refuses";
    MACHINE_TOO_VAGUE = "machine-too-vague", 409, "wrong-procedure", "The machine shows too little of itself";
    MACHINE_NOT_UNIQUE = "machine-not-unique", 409, "wrong-procedure", "Nothing tells the machine from others of its make";
    BAD_DEVICE_ID = "bad-device-id", 422, "wrong-procedure", "Not a device id";
    UNKNOWN_FEATURE = "unknown-feature", 422, "wrong-procedure", "The product has no such feature";
    BAD_MODEL = "bad-model", 422, "wrong-procedure", "Not a model name";
    BAD_LABEL = "bad-label", 422, "wrong-procedure", "Not a label";
    BATCH_TOO_LARGE = "batch-too-large", 413, "wrong-procedure", "The batch has too many devices";
    NO_SUCH_ALLOCATION = "no-such-allocation", 404, "wrong-procedure", "There is no such allocation";
    NO_SUCH_DONGLE = "no-such-dongle", 404, "not-delivered", "There is no such dongle";
    DONGLE_NOT_OPEN = "dongle-not-open", 409, "not-delivered", "The dongle is not open";
    NO_SUCH_TOKEN = "no-such-token", 404, "wrong-procedure", "There is no such token";

    NO_TOKEN = "no-token", 401, "wrong-procedure", "A bearer token is needed";
    BAD_TOKEN = "bad-token", 401, "wrong-procedure", "The bearer token is not valid";
    NOT_PERMITTED = "not-permitted", 403, "wrong-procedure", "The caller may not do this";
    FOREIGN_ORIGIN = "foreign-origin", 403, "wrong-procedure", "The request comes from a web page";
    FOREIGN_HOST = "foreign-host", 421, "wrong-procedure", "The request names another host";
    NO_HOST = "no-host", 400, "wrong-procedure", "The request does not name one host";
    NO_SUCH_ROUTE = "no-such-route", 404, "wrong-procedure", "There is no such route";
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "wrong-procedure", "The route has no such method";
    BAD_ID = "bad-id", 422, "wrong-procedure", "Not an id";
    BAD_QUERY = "bad-query", 422, "wrong-procedure", "The query string is not understood";
    BAD_JSON = "bad-json", 400, "wrong-procedure", "The body is not JSON";
    BAD_BODY = "bad-body", 422, "wrong-procedure", "The body is not what the route takes";
    NOT_JSON = "not-json", 415, "wrong-procedure", "The body is not declared as JSON";
    BODY_TOO_LARGE = "body-too-large", 413, "wrong-procedure", "The body is too large";
    BODY_TOO_SLOW = "body-too-slow", 408, "wrong-procedure", "The body came too slowly";

    STORE_UNAVAILABLE = "store-unavailable", 503, "fault", "The state cannot be stored";
    HISTORY_DAMAGED = "history-damaged", 503, "fault", "The history is damaged";
    NO_RANDOMNESS = "no-randomness", 503, "fault", "The random source failed";
    HOST_KEY_FAILED = "host-key-failed", 503, "fault", "The host key did not sign";
    DONGLE_FAILED = "dongle-failed", 503, "fault", "The dongle did not answer";
    DONGLE_SLOW = "dongle-slow", 503, "fault", "The dongle has not answered yet";
    CONVERSION_INTERRUPTED = "conversion-interrupted", 503, "fault", "The conversion was interrupted; nothing is lost";
    SERVICE_STOPPING = "service-stopping", 503, "fault", "The service is stopping";
    NOT_READY = "not-ready", 503, "fault", "The service is not ready";
    INTERNAL = "internal", 500, "fault", "The service made a mistake";
}

pub(super) const fn of_refusal(refusal: &Refusal) -> &'static Code {
    match refusal {
        Refusal::NoChannelLeft { .. } => &NO_CHANNEL_LEFT,
        Refusal::BadDeviceId { .. } => &BAD_DEVICE_ID,
        Refusal::UnknownFeature { .. } => &UNKNOWN_FEATURE,
        Refusal::BadModel { .. } => &BAD_MODEL,
        Refusal::WeightChanged { .. } => &WEIGHT_CHANGED,
        Refusal::DeviceHolds { .. } => &DEVICE_HOLDS,
        Refusal::BadTtl { .. } => &BAD_TTL,
        Refusal::NotForATime { .. } => &NOT_FOR_A_TIME,
        Refusal::NoSuchLine { .. } => &NO_SUCH_LINE,
        Refusal::LineCannotPay { .. } => &LINE_CANNOT_PAY,
        Refusal::FreeChannels { .. } => &FREE_CHANNELS,
        Refusal::BatchTooLarge { .. } => &BATCH_TOO_LARGE,
        Refusal::NoSuchAllocation { .. } => &NO_SUCH_ALLOCATION,
        Refusal::NoSuchDongle { .. } => &NO_SUCH_DONGLE,
        Refusal::DongleNotOpen { .. } => &DONGLE_NOT_OPEN,
        Refusal::NoSuchToken { .. } => &NO_SUCH_TOKEN,
        Refusal::BadLabel { .. } => &BAD_LABEL,
        Refusal::Licence(refusal) => of_licence(refusal),
        Refusal::Issued(refusal) => of_issued(refusal),
        Refusal::Conversion(refusal) => of_conversion(refusal),
        Refusal::CannotBind(refusal) => of_machine(refusal),
        Refusal::NoSuchLicence { .. } => &NO_SUCH_LICENCE,
        Refusal::NotALicence { .. } => &NOT_A_LICENCE,
        Refusal::TermsNotAccepted { .. } => &TERMS_NOT_ACCEPTED,
        Refusal::DamagedFile { .. } => &DAMAGED_FILE,
        Refusal::NothingToKeep { .. } => &NOTHING_TO_KEEP,
        Refusal::NothingToConfirm => &NOTHING_TO_CONFIRM,
        Refusal::RequestTooLarge { .. } => &REQUEST_TOO_LARGE,
    }
}

const fn of_licence(refusal: &LicenceRefusal) -> &'static Code {
    match refusal {
        LicenceRefusal::NotVendors { .. } => &WRONG_VENDOR,
        LicenceRefusal::NotConverted { .. } => &NOT_CONVERTED,
        LicenceRefusal::Simulated => &SIMULATOR_REFUSED,
        LicenceRefusal::OtherProduct { .. } => &OTHER_PRODUCT,
        LicenceRefusal::ProfileTooOld { .. } => &PROFILE_TOO_OLD,
        LicenceRefusal::OtherMachine { .. } => &OTHER_MACHINE,
        LicenceRefusal::BadBinding { .. } => &BAD_BINDING,
        LicenceRefusal::Revoked { .. } => &REVOKED,
        LicenceRefusal::Absorbed { .. } => &LICENCE_ABSORBED,
    }
}

const fn of_issued(refusal: &IssuedRefusal) -> &'static Code {
    match refusal {
        IssuedRefusal::NotVendors { .. } => &WRONG_VENDOR,
        IssuedRefusal::DongleNotHere { .. } | IssuedRefusal::NoDongleHere => &DONGLE_NOT_HERE,
        IssuedRefusal::Dongle { rule, .. } => of_rule(*rule),
        IssuedRefusal::ByHand => &IMPORT_BY_HAND,
        IssuedRefusal::TimeTokenUsed => &TIME_TOKEN_USED,
        IssuedRefusal::TimeTokenUnasked => &TIME_TOKEN_UNASKED,
        IssuedRefusal::RevocationOlder { .. } => &REVOCATION_OLDER,
    }
}

const fn of_rule(rule: DongleRule) -> &'static Code {
    match rule {
        DongleRule::WrongHolder => &WRONG_HOLDER,
        DongleRule::WrongRevision => &WRONG_REVISION,
        DongleRule::RevisionHeld => &REVISION_HELD,
        DongleRule::BelowGivenAway => &BELOW_GIVEN_AWAY,
        DongleRule::LineIdReused => &LINE_ID_REUSED,
        DongleRule::NoRoom => &NO_ROOM,
        DongleRule::ReceiptsOpen => &RECEIPTS_OPEN,
        DongleRule::Stale => &INSTRUCTION_STALE,
        DongleRule::WrongLifecycle => &WRONG_LIFECYCLE,
        DongleRule::RoleNotAllowed => &ROLE_NOT_ALLOWED,
        DongleRule::IssuerRevoked => &ISSUER_REVOKED,
        DongleRule::NotBelieved => &NOT_BELIEVED,
    }
}

const fn of_conversion(refusal: &ConversionRefusal) -> &'static Code {
    match refusal {
        ConversionRefusal::Empty { .. } => &DONGLE_EMPTY,
        ConversionRefusal::NoDongle => &NO_DONGLE,
        ConversionRefusal::WhichDongle { .. } => &WHICH_DONGLE,
        ConversionRefusal::NotAllowed => &CONVERT_NOT_ALLOWED,
        ConversionRefusal::Nothing => &NOTHING_TO_CONVERT,
        ConversionRefusal::NotEnough { .. } => &NOT_ENOUGH,
        ConversionRefusal::NotAll => &CONVERT_ALL_HERE,
        ConversionRefusal::BadRequest { .. } => &BAD_REQUEST_FILE,
        ConversionRefusal::OtherProduct { .. } => &REQUEST_OTHER_PRODUCT,
        ConversionRefusal::UnderWay { .. } => &CONVERSION_UNDER_WAY,
        ConversionRefusal::NoSuch { .. } => &NO_SUCH_CONVERSION,
        ConversionRefusal::Done { .. } => &CONVERSION_DONE,
        ConversionRefusal::CodeNeeded => &OWNER_CODE_NEEDED,
        ConversionRefusal::NoCode => &BAD_OWNER_CODE,
        ConversionRefusal::WrongCode { .. } => &OWNER_CODE_WRONG,
        ConversionRefusal::Locked => &OWNER_LOCKED,
        ConversionRefusal::NotConfirmed => &NOT_CONFIRMED,
        ConversionRefusal::ReceiptsFull => &RECEIPTS_FULL,
        ConversionRefusal::Stale => &DONGLE_CHANGED,
        ConversionRefusal::ByDongle { .. } => &REFUSED_BY_DONGLE,
    }
}

const fn of_machine(refusal: &CannotBind) -> &'static Code {
    match refusal {
        CannotBind::TooLittle { .. } => &MACHINE_TOO_VAGUE,
        CannotBind::NoIdentity { .. } => &MACHINE_NOT_UNIQUE,
    }
}

pub(super) const fn of_fault(fault: &Fault) -> &'static Code {
    match fault {
        Fault::StoreUnavailable { .. } => &STORE_UNAVAILABLE,
        Fault::HistoryDamaged { .. } => &HISTORY_DAMAGED,
        Fault::NoRandomness { .. } => &NO_RANDOMNESS,
        Fault::HostKeyFailed { .. } => &HOST_KEY_FAILED,
        Fault::DongleFailed { .. } => &DONGLE_FAILED,
        Fault::DongleSlow { .. } => &DONGLE_SLOW,
        Fault::Interrupted { .. } => &CONVERSION_INTERRUPTED,
        Fault::Stopping => &SERVICE_STOPPING,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use tallykey_protocol::{issued::IssuedError, status::Status};
    use uuid::Uuid;

    use super::*;
    use crate::licence::{DeviceIdProblem, LineProblem};

    #[test]
    fn every_code_is_kebab_case_and_unique() {
        let names: BTreeSet<_> = CODES.iter().map(|code| code.name).collect();
        assert_eq!(names.len(), CODES.len());
        for name in names {
            let kebab = |b: u8| b.is_ascii_lowercase() || b == b'-';
            assert!(name.bytes().all(kebab), "{name}");
        }
    }

    /// Every way in which a record of the desk is not carried out.
    fn issued() -> impl Iterator<Item = Refusal> {
        let serial = || "TK-1".to_owned();
        let rules = (0..=u8::MAX).filter_map(|code| DongleRule::of(Status::from_code(code)));
        let rules = rules.map(move |rule| IssuedRefusal::Dongle {
            serial: serial(),
            rule,
        });
        let others = [
            IssuedRefusal::NotVendors {
                problem: IssuedError::NoIssuer,
            },
            IssuedRefusal::DongleNotHere { serial: serial() },
            IssuedRefusal::NoDongleHere,
            IssuedRefusal::ByHand,
            IssuedRefusal::TimeTokenUsed,
            IssuedRefusal::TimeTokenUnasked,
            IssuedRefusal::RevocationOlder { epoch: 1, held: 2 },
        ];
        rules.chain(others).map(Refusal::from)
    }

    #[test]
    fn rules_and_table_agree_on_code_and_class() {
        let text = String::new;
        for refusal in [
            Refusal::NoChannelLeft {
                device: text(),
                feature: text(),
                needed: 1,
                counts: Box::default(),
            },
            Refusal::BadDeviceId {
                value: text(),
                problem: DeviceIdProblem::MacDigits { found: 11 },
            },
            Refusal::UnknownFeature {
                feature: text(),
                known: Vec::new(),
            },
            Refusal::BadModel { value: text() },
            Refusal::WeightChanged {
                device: text(),
                feature: text(),
                allocation: Uuid::nil(),
                was: 1,
                now: 2,
            },
            Refusal::DeviceHolds {
                device: text(),
                feature: text(),
                allocation: Uuid::nil(),
            },
            Refusal::BadTtl {
                ttl: 1,
                min: 2,
                max: 3,
            },
            Refusal::NotForATime { id: Uuid::nil() },
            Refusal::NoSuchLine { line: text() },
            Refusal::LineCannotPay {
                line: text(),
                device: text(),
                problem: LineProblem::Parked,
            },
            Refusal::FreeChannels { line: text() },
            Refusal::BatchTooLarge { count: 2, max: 1 },
            Refusal::NoSuchAllocation { id: Uuid::nil() },
            Refusal::NoSuchDongle { serial: text() },
            Refusal::DongleNotOpen {
                serial: text(),
                state: "busy",
            },
            Refusal::NoSuchToken { id: Uuid::nil() },
            Refusal::BadLabel { value: text() },
            Refusal::NothingToConfirm,
            Refusal::RequestTooLarge { max: 1 },
        ]
        .into_iter()
        .chain(issued())
        {
            let code = of_refusal(&refusal);
            assert_eq!(code.name, refusal.code());
            assert_eq!(code.class, refusal.class().name());
            assert!((400..500).contains(&code.status));
        }
        let source = || Arc::new(std::io::Error::other("disk full"));
        for fault in [
            Fault::StoreUnavailable { source: source() },
            Fault::HistoryDamaged { source: source() },
            Fault::NoRandomness { source: source() },
            Fault::HostKeyFailed { source: source() },
            Fault::DongleSlow { serial: text() },
            Fault::Stopping,
        ] {
            let code = of_fault(&fault);
            assert_eq!((code.name, code.class), (fault.code(), "fault"));
            assert!(code.status >= 500);
        }
    }
}
