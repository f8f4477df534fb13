//! Every command that writes, from the factory to the end of a dongle.

use crate::giving::*;
use crate::support::*;
use std::sync::Arc;
use tallykey_core::platform::Platform;
use tallykey_protocol::cert::CertificationRequest;
use tallykey_protocol::command::{
    Command, Decode, Empty, Encode, certify, instruct, make_key, personalise, revoke, seal, time,
    update,
};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::id::{PublicKey, thumbprint};
use tallykey_protocol::instruction::{self, Instruction};
use tallykey_protocol::receipt::Kind;
use tallykey_protocol::status::Status;
use tallykey_protocol::time::TimeToken;
use tallykey_signing::certificate::Revocations;
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::Write;
use tallykey_sim::host::{Session, TalkError};
use tallykey_sim::platform::Button;
use tallykey_sim::provision::chip_id;

type Answered = (Status, Vec<u8>);

/// A command that can be sent to any copy of a dongle, also once more.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) name: &'static str,
    act: Arc<dyn Fn(&SimDongle) -> Answered + Send + Sync>,
    /// The answer to it.
    pub(super) status: Status,
    /// The answer to it when it has been done already.
    pub(super) again: Status,
    /// Commits that it takes.
    pub(super) commits: usize,
}

/// A command that was run, and what it wrote.
pub(super) struct Case {
    pub(super) step: Step,
    /// The flash before it and after it.
    pub(super) before: Vec<u8>,
    pub(super) after: Vec<u8>,
    pub(super) writes: Vec<Write>,
}

impl Step {
    fn new(
        name: &'static str,
        act: impl Fn(&SimDongle) -> Answered + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            act: Arc::new(act),
            status: Status::Ok,
            again: Status::Ok,
            commits: 1,
        }
    }

    /// One that needs no session.
    fn outside(name: &'static str, command: Command, request: &impl Encode) -> Self {
        let request = encoded_long(request);
        Self::new(name, move |dongle| {
            let answer = channel(dongle).ask(command, &Raw(&request));
            let answer = answer.expect("an answer");
            (answer.status, answer.body)
        })
    }

    /// One inside a session, which is opened for it.
    fn inside(
        name: &'static str,
        act: impl Fn(&mut Session) -> Answered + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, move |dongle| match try_open(dongle) {
            Ok(mut session) => act(&mut session),
            Err(TalkError::Refused { status, .. }) => (status, Vec::new()),
            Err(other) => panic!("{name}: {other}"),
        })
    }

    fn answers(self, status: Status) -> Self {
        Self {
            status,
            again: status,
            ..self
        }
    }

    fn again(self, again: Status) -> Self {
        Self { again, ..self }
    }

    fn commits(self, commits: usize) -> Self {
        Self { commits, ..self }
    }

    pub(super) fn run(&self, dongle: &SimDongle) -> Answered {
        (self.act)(dongle)
    }
}

impl Case {
    /// Runs a step, which must be answered as it says, and keeps what it writes. Returns the body of the answer too.
    pub(super) fn record(dongle: &SimDongle, step: Step) -> (Self, Vec<u8>) {
        let before = contents(dongle);
        dongle.with_platform(|platform| platform.flash().record());
        let (status, body) = step.run(dongle);
        assert_eq!(status, step.status, "{}", step.name);
        let writes = dongle.with_platform(|platform| platform.flash().recorded());
        let case = Self {
            step,
            before,
            after: contents(dongle),
            writes,
        };
        (case, body)
    }
}

/// A dongle that goes through its life, and the cases of that.
struct Life {
    dongle: SimDongle,
    cases: Vec<Case>,
}

impl Life {
    fn then(&mut self, step: Step) -> Vec<u8> {
        let (case, body) = Case::record(&self.dongle, step);
        self.cases.push(case);
        self.dongle.replug().expect("it boots");
        body
    }
}

/// Every command that writes, each on a dongle as the one before it left it.
pub(super) fn cases() -> Vec<Case> {
    let dongle = blank(SERIAL);
    let mut life = Life {
        dongle,
        cases: Vec::new(),
    };
    let (key, verifier) = in_the_factory(&mut life);
    for (name, revision) in [("first grant", 1), ("update", 2), ("next update", 3)] {
        life.then(an_update(name, &key, revision));
    }
    life.then(giving(
        "convert",
        Kind::ConvertOffline,
        &[(1, 5), (2, 1)],
        verifier,
    ));
    life.then(
        giving("wrong owner code", Kind::Retire, &[(1, 1)], [0; 32])
            .answers(Status::OwnerProofWrong)
            .commits(1),
    );
    life.then(unconfirmed("retire without a press", verifier));
    life.then(giving("retire a part", Kind::Retire, &[(1, 10)], verifier));
    life.then(an_update("update beside receipts", &key, 4));
    life.then(acknowledging("acknowledge"));
    life.then(acknowledging("acknowledge the next"));
    let code = life.then(instructing(
        "reset the owner code",
        instruction::Kind::ResetOwnerCode,
    ));
    let reply = instruct::Reply::decode(&code).expect("a reply");
    let verifier = self::verifier(reply.owner_code.expect("a new code"));
    life.then(telling_time("time"));
    life.then(revoking("revoke"));
    life.then(
        giving(
            "retire the rest",
            Kind::Retire,
            &[(1, 52), (2, 7)],
            verifier,
        )
        .again(Status::WrongLifecycle),
    );
    life.then(acknowledging("acknowledge the last"));
    life.then(instructing("recycle", instruction::Kind::Recycle).again(Status::WrongLifecycle));
    life.cases
}

/// The factory's commands. Returns the dongle's key, and what its owner's code proves with.
fn in_the_factory(life: &mut Life) -> (PublicKey, Verifier) {
    let make = make_key::Request { nonce: [0; 16] };
    life.then(Step::outside(
        "make-key on empty flash",
        Command::MakeKey,
        &make,
    ));
    let body = life.then(Step::outside("make-key", Command::MakeKey, &make));
    let make_key::Reply { request } = Decode::decode(&body).expect("a reply");
    let request = CertificationRequest::verify(request, &make.nonce).expect("a request");
    let key = *request.public_key();
    let leaf = VENDOR
        .certify_dongle(SERIAL, &chip_id(SERIAL), &key, [1; 16], NOW)
        .expect("a certificate");
    let certify = certify::Request {
        chain: [&leaf[..], VENDOR.factory_certificate()],
        root: VENDOR.root_certificate(),
    };
    life.then(Step::outside("certify", Command::Certify, &certify));
    let personalise = personalise::Request { serial: SERIAL };
    life.then(
        Step::outside("personalise", Command::Personalise, &personalise)
            .again(Status::WrongLifecycle),
    );
    life.then(Step::outside("seal", Command::Seal, &Empty));
    let sealed = life.then(Step::outside("seal again", Command::Seal, &Empty));
    let seal::Reply { owner_code } = Decode::decode(&sealed).expect("a reply");
    (key, verifier(owner_code))
}

fn an_update(name: &'static str, key: &PublicKey, revision: u64) -> Step {
    let record = convertible(key, revision, 63 + revision, Convert::Offline);
    Step::inside(name, move |session| {
        asked(
            session,
            Command::Update,
            &update::Request { record: &record },
        )
    })
    .again(Status::RevisionHeld)
}

/// Two commits: the try is counted before the code is looked at.
fn giving(
    name: &'static str,
    kind: Kind,
    shares: &'static [(u32, u64)],
    verifier: Verifier,
) -> Step {
    Step::inside(name, move |session| {
        let order = next(session, kind, shares);
        let answer = give(session, &verifier, &order);
        (answer.status, answer.body)
    })
    .commits(2)
}

/// The right code, and nobody at the button: a try is counted and given back.
fn unconfirmed(name: &'static str, verifier: Verifier) -> Step {
    let giving = giving(name, Kind::Retire, &[(1, 1)], verifier);
    Step::new(name, move |dongle| {
        dongle.set_button(Button::Reject);
        let answered = giving.run(dongle);
        dongle.set_button(Button::Accept);
        answered
    })
    .answers(Status::NotConfirmed)
    .commits(2)
}

/// Acknowledges the first receipt that is not, or the first one again.
fn acknowledging(name: &'static str) -> Step {
    Step::inside(name, |session| {
        let ring = receipts(session);
        let entry = ring.iter().find(|entry| !entry.acknowledged);
        let entry = entry.or(ring.first()).expect("a receipt");
        let record = read_receipt(session, entry.counter);
        (acknowledge(session, entry.kind, &record), Vec::new())
    })
}

fn instructing(name: &'static str, kind: instruction::Kind) -> Step {
    Step::inside(name, move |session| {
        let instruction = Instruction {
            vendor: PROFILE.vendor,
            serial: SERIAL,
            issued_at: NOW,
            thumbprint: thumbprint(session.key()),
            counter: facts(session).counter,
            kind,
        };
        let record = VENDOR
            .sign_instruction(&instruction)
            .expect("an instruction");
        asked(
            session,
            Command::Instruct,
            &instruct::Request { record: &record },
        )
    })
}

fn telling_time(name: &'static str) -> Step {
    let token = TimeToken {
        vendor: PROFILE.vendor,
        now: NOW + 10,
        nonce: None,
    };
    let record = VENDOR.sign_time(&token).expect("a token");
    Step::inside(name, move |session| {
        asked(session, Command::Time, &time::Request { record: &record })
    })
}

fn revoking(name: &'static str) -> Step {
    let revocations = Revocations {
        number: 1,
        issued_at: NOW,
        certificates: &[VENDOR.factory_certificate()],
        stays_good: &[[3; 32]],
    };
    let list = VENDOR.revoke(&revocations).expect("a list");
    Step::inside(name, move |session| {
        asked(session, Command::Revoke, &revoke::Request { list: &list })
    })
    .again(Status::RevisionHeld)
}

/// One update after another on a dongle, until a bank is full and the other has begun; and one more.
pub(super) fn full() -> Case {
    let (dongle, _, _) = owned(Convert::Offline);
    dongle.replug().expect("it boots");
    let key = *open(&dongle).key();
    let mut revisions = 3..;
    let mut next = |name| {
        let revision = revisions.next().expect("numbers do not end");
        dongle.replug().expect("it boots");
        Case::record(&dongle, an_update(name, &key, revision)).0
    };
    let erased = || dongle.with_platform(|platform| platform.flash().wear().iter().sum::<u32>());
    let before = erased();
    while erased() == before {
        next("update until a bank is full");
    }
    next("update over a full bank")
}

fn asked(session: &mut Session, command: Command, request: &impl Encode) -> Answered {
    let answer = session.ask(command, request).expect("an answer");
    (answer.status, answer.body)
}

/// Bytes that are a request already.
struct Raw<'a>(&'a [u8]);

impl Encode for Raw<'_> {
    fn encode(&self, out: &mut [u8]) -> Result<usize, tallykey_protocol::cbor::Full> {
        out[..self.0.len()].copy_from_slice(self.0);
        Ok(self.0.len())
    }
}

fn encoded_long(request: &impl Encode) -> Vec<u8> {
    let mut bytes = vec![0; 7609];
    let length = request.encode(&mut bytes).expect("it fits");
    bytes.truncate(length);
    bytes
}
