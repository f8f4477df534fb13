//! Where fuzzing begins: what honest hosts and dongles say to each other.

#[path = "files.rs"]
mod files;

use tallykey_protocol::armour::{Armoured, Label};
use tallykey_protocol::command::{
    Command, Encode, certificate, certify, grant, heartbeat, hello, make_key, open, personalise,
    prove, seal, update,
};
use tallykey_protocol::cose::{Sign1, Typ};
use tallykey_protocol::frame::{BROADCAST, Packets, command, init_request};
use tallykey_protocol::grant::Convert;
use tallykey_protocol::limits::{MESSAGE_MAX, PROFILE_MAX};
use tallykey_protocol::proof::Kind;
use tallykey_protocol::report::Report;
use tallykey_signing::certificate::Revocations;
use tallykey_signing::{Vendor, simulator};
use tallykey_sim::dongle::SimDongle;
use tallykey_sim::flash::SimFlash;
use tallykey_sim::host::{Channel, Session};
use tallykey_sim::platform::{Clock, SimPlatform};
use tallykey_sim::provision::{Order, chip_id, provision};

/// Target, file name, bytes.
type Seed = (&'static str, String, Vec<u8>);

pub(crate) fn all() -> Vec<Seed> {
    let facts = Facts::gather();
    let mut seeds = Vec::new();
    let mut add = |target: &'static str, made: Vec<(String, Vec<u8>)>| {
        seeds.extend(made.into_iter().map(|(name, bytes)| (target, name, bytes)));
    };
    add("reports", reports());
    add("message", messages(&facts));
    add("record", records(&facts));
    add("record", files::files(&facts));
    add("certificate", certificates(&facts));
    add("session", sessions(&facts));
    seeds
}

/// What a dongle and its vendor made.
struct Facts {
    vendor: Vendor,
    leaf: Vec<u8>,
    request: Vec<u8>,
    grant: Vec<u8>,
    profile: Vec<u8>,
    proofs: Vec<(Kind, Vec<u8>)>,
}

impl Facts {
    fn gather() -> Self {
        let vendor = simulator::vendor().expect("constant keys");
        let profile = simulator::profile();
        let flash = SimFlash::blank(chip_id("SIM-FUZZ"));
        let dongle = SimDongle::plug(SimPlatform::new(flash, Clock::real())).expect("boots");

        let channel = Channel::new(dongle.connect().expect("plugged in")).expect("a channel");
        let nonce = make_key::Request { nonce: [0x4E; 16] };
        let answer = channel.ask(Command::MakeKey, &nonce).expect("answers");
        let request = answer.read_ok::<make_key::Reply<'_>>().expect("a request");
        let request = request.request.to_vec();

        let order = Order {
            serial: "SIM-FUZZ",
            profile: &profile,
            channels: &[("camera", 64), ("vca", 8)],
            raise: false,
            convert: Convert::None,
            now: simulator::ISSUED_AT,
        };
        provision(&dongle, &vendor, &order, |_| Ok(())).expect("provisions");
        let channel = Channel::new(dongle.connect().expect("plugged in")).expect("a channel");
        let answer = channel
            .ask(Command::Certificate, &certificate::Request { known: None })
            .expect("answers");
        let shown = answer.read_ok::<certificate::Reply<'_>>().expect("a chain");
        let leaf = shown.chain.expect("a chain")[0].to_vec();
        let mut session = Session::open(channel, [1; 16]).expect("opens");
        let mut proofs = vec![(Kind::Open, session.opening().to_vec())];
        for kind in [Kind::Attest, Kind::Request, Kind::State] {
            let request = prove::Request {
                kind,
                nonce: [9; 32],
                statement: &[],
            };
            let answer = session.ask(Command::Prove, &request).expect("answers");
            let proof = answer.read_ok::<prove::Reply<'_>>().expect("proves").proof;
            proofs.push((kind, proof.to_vec()));
        }
        let answer = session
            .ask(Command::Grant, &grant::Request::Index(0))
            .expect("answers");
        let grant = answer.read_ok::<grant::Reply<'_>>().expect("a grant");
        Self {
            grant: grant.record.to_vec(),
            profile: vendor.sign_profile(&profile).expect("signs"),
            vendor,
            leaf,
            request,
            proofs,
        }
    }
}

fn reports() -> Vec<(String, Vec<u8>)> {
    let join = init_request([7; 8]);
    let message = |channel, command, length: usize| -> Vec<Report> {
        let payload: Vec<u8> = (0..length).map(|n| n as u8).collect();
        Packets::new(channel, command, &payload)
            .expect("fits")
            .collect()
    };
    let script = |pause: u8, reports: &[Report]| {
        let timed = reports
            .iter()
            .flat_map(|report| [&[pause], &report[..]].concat());
        timed.collect::<Vec<u8>>()
    };
    let then = |more: Vec<Report>| [vec![join], more].concat();
    let mut broken = then(message(1, command::PING, 200));
    broken.swap(2, 3);
    let interrupted = [
        message(1, command::PING, 200)[..2].to_vec(),
        message(1, command::CANCEL, 0),
        message(1, command::INIT, 8),
        message(2, command::PING, 1),
        message(BROADCAST, command::PING, 1),
        message(1, 0x7F, 57),
    ];
    vec![
        ("join".into(), script(0, &[join])),
        (
            "ping".into(),
            script(0, &then(message(1, command::PING, 200))),
        ),
        (
            "wink".into(),
            script(0, &then(message(1, command::WINK, 0))),
        ),
        ("answer".into(), script(0, &then(message(1, 0x40, 120)))),
        (
            "longest".into(),
            script(0, &then(message(1, 0x47, MESSAGE_MAX))),
        ),
        (
            "late".into(),
            script(126, &then(message(1, command::PING, 200))),
        ),
        ("out-of-order".into(), script(1, &broken)),
        ("interrupted".into(), script(1, &then(interrupted.concat()))),
    ]
}

fn written(body: &impl Encode) -> Vec<u8> {
    let mut bytes = vec![0; MESSAGE_MAX];
    let length = body.encode(&mut bytes).expect("fits");
    bytes.truncate(length);
    bytes
}

fn messages(facts: &Facts) -> Vec<(String, Vec<u8>)> {
    let chain = [&facts.leaf[..], facts.vendor.factory_certificate()];
    let root = facts.vendor.root_certificate();
    let greeting = hello::Reply {
        min: 1,
        current: 1,
        chip_id: [1; 8],
        serial: Some("SIM-FUZZ"),
        lifecycle: tallykey_protocol::lifecycle::Lifecycle::Sealed,
        simulated: true,
        firmware: "0.1.0",
        message_max: 7609,
    };
    let opening = open::Request {
        nonce: [1; 32],
        ephemeral: [4; 65],
        host_id: [2; 16],
    };
    let attest = prove::Request {
        kind: Kind::Attest,
        nonce: [1; 32],
        statement: b"statement",
    };
    let record = &facts.grant[..];
    let proof = &facts.proofs[0].1[..];
    let digest = [5; 32];
    let (none, shown) = (None, Some(chain));
    let requests = [
        (
            Command::Hello,
            written(&hello::Request { min: 1, current: 1 }),
        ),
        (
            Command::Certificate,
            written(&certificate::Request {
                known: Some(digest),
            }),
        ),
        (Command::Open, written(&opening)),
        (
            Command::Heartbeat,
            written(&heartbeat::Request { nonce: [3; 16] }),
        ),
        (Command::Prove, written(&attest)),
        (Command::Grant, written(&grant::Request::Index(7))),
        (Command::Update, written(&update::Request { record })),
        (Command::Close, vec![0xA0]),
        (
            Command::MakeKey,
            written(&make_key::Request { nonce: [3; 16] }),
        ),
        (Command::Certify, written(&certify::Request { chain, root })),
        (
            Command::Personalise,
            written(&personalise::Request { serial: "SIM-FUZZ" }),
        ),
    ];
    let replies = [
        (Command::Hello, written(&greeting)),
        (
            Command::Certificate,
            written(&certificate::Reply {
                digest,
                chain: shown,
            }),
        ),
        (
            Command::Certificate,
            written(&certificate::Reply {
                digest,
                chain: none,
            }),
        ),
        (Command::Open, written(&open::Reply { proof })),
        (Command::Open, written(&open::Busy { age_ms: 14_999 })),
        (
            Command::Heartbeat,
            written(&heartbeat::Reply {
                nonce: [3; 16],
                counter: 9,
            }),
        ),
        (Command::Grant, written(&grant::Reply { record })),
        (
            Command::Update,
            written(&update::Reply {
                revision: 2,
                counter: 9,
            }),
        ),
        (
            Command::MakeKey,
            written(&make_key::Reply {
                request: &facts.request,
            }),
        ),
        (
            Command::Seal,
            written(&seal::Reply {
                owner_code: "ABCDEFGHIJKLMNOP",
            }),
        ),
    ];
    let named = |(place, code, bytes): (usize, u8, Vec<u8>)| {
        (
            format!("{code:02x}-{place:02}"),
            [vec![code], bytes].concat(),
        )
    };
    let requests = requests.map(|(command, body)| (command.code(), body));
    let replies = replies.map(|(command, body)| (command.code(), [vec![0], body].concat()));
    let both = requests.into_iter().chain(replies).enumerate();
    both.map(|(place, (code, bytes))| named((place, code, bytes)))
        .collect()
}

fn records(facts: &Facts) -> Vec<(String, Vec<u8>)> {
    const FILE: u8 = 0xFF;
    let bundle = facts.vendor.trust_bundle();
    let armour = |label, bytes| Armoured { label, bytes }.to_string().into_bytes();
    let mut seeds = vec![
        ("grant".into(), [&[FILE], &facts.grant[..]].concat()),
        ("profile".into(), [&[FILE], &facts.profile[..]].concat()),
        ("bundle".into(), [&[FILE], &bundle[..]].concat()),
        (
            "grant-armour".into(),
            [&[FILE], &armour(Label::Grant, &facts.grant)[..]].concat(),
        ),
        (
            "bundle-armour".into(),
            [&[FILE], &armour(Label::TrustBundle, &bundle)[..]].concat(),
        ),
    ];
    let signed = [(Typ::Grant, &facts.grant), (Typ::Profile, &facts.profile)];
    let proofs = facts.proofs.iter().map(|(kind, proof)| (kind.typ(), proof));
    for (typ, record) in signed.into_iter().chain(proofs) {
        let mode = Typ::ALL.iter().position(|known| *known == typ);
        let mode = mode.expect("one of all") as u8;
        let claims = Sign1::parse(record, PROFILE_MAX)
            .expect("our own")
            .payload();
        seeds.push((format!("claims-{mode}"), [&[mode], claims].concat()));
    }
    seeds
}

fn certificates(facts: &Facts) -> Vec<(String, Vec<u8>)> {
    let factory = facts.vendor.factory_certificate();
    let issuer = Sign1::parse(&facts.grant, PROFILE_MAX)
        .expect("our own")
        .chain()[0];
    let revocations = Revocations {
        number: 7,
        issued_at: simulator::ISSUED_AT,
        certificates: &[issuer, factory],
        stays_good: &[[9; 32]],
    };
    let list = facts.vendor.revoke(&revocations).expect("a list");
    vec![
        ("list".into(), list),
        ("root".into(), facts.vendor.root_certificate().to_vec()),
        ("factory".into(), factory.to_vec()),
        ("issuer".into(), issuer.to_vec()),
        ("dongle".into(), facts.leaf.clone()),
        ("chain".into(), [&facts.leaf[..], factory].concat()),
        ("request".into(), facts.request.clone()),
    ]
}

/// Scripts in the language of `bodies::session`.
fn sessions(facts: &Facts) -> Vec<(String, Vec<u8>)> {
    let message = |step: &[u8], code: Command, body: &[u8]| {
        let length = (body.len() as u16).to_be_bytes();
        [step, &[code.code()], &length, body].concat()
    };
    let bare = |code, body: &[u8]| message(&[2, 0], code, body);
    let sealed = |code, body: &[u8]| message(&[4], code, body);
    let greet = bare(
        Command::Hello,
        &written(&hello::Request { min: 1, current: 1 }),
    );
    let beat = sealed(
        Command::Heartbeat,
        &written(&heartbeat::Request { nonce: [3; 16] }),
    );
    let state = prove::Request {
        kind: Kind::State,
        nonce: [1; 32],
        statement: &[],
    };
    let record = &facts.grant[..];
    let chain = [&facts.leaf[..], facts.vendor.factory_certificate()];
    let root = facts.vendor.root_certificate();
    let raw = [&[1, 0][..], &init_request([9; 8])].concat();
    let (join, open, lapse, reset, power) =
        (vec![1], vec![3], vec![5, 0x3A, 0x98], vec![6], vec![7]);
    let script = |start: u8, steps: &[&Vec<u8>]| {
        let steps = steps.iter().flat_map(|step| step.iter().copied());
        std::iter::once(start).chain(steps).collect::<Vec<u8>>()
    };
    let prove = sealed(Command::Prove, &written(&state));
    let read = sealed(Command::Grant, &written(&grant::Request::Index(0)));
    let again = sealed(Command::Update, &written(&update::Request { record }));
    let close = sealed(Command::Close, &[0xA0]);
    let key = bare(
        Command::MakeKey,
        &written(&make_key::Request { nonce: [3; 16] }),
    );
    let certify = bare(
        Command::Certify,
        &written(&certify::Request { chain, root }),
    );
    let serial = bare(
        Command::Personalise,
        &written(&personalise::Request { serial: "SIM-FUZZ" }),
    );
    let seal = bare(Command::Seal, &[0xA0]);
    vec![
        ("hello".into(), script(1, &[&join, &greet])),
        (
            "session".into(),
            script(1, &[&open, &beat, &prove, &read, &close, &open]),
        ),
        (
            "update".into(),
            script(1, &[&open, &again, &power, &open, &beat]),
        ),
        (
            "lease".into(),
            script(1, &[&open, &open, &lapse, &open, &lapse, &beat]),
        ),
        (
            "resets".into(),
            script(1, &[&open, &reset, &beat, &raw, &open, &beat]),
        ),
        (
            "outside".into(),
            script(1, &[&join, &greet, &seal, &key, &certify, &serial]),
        ),
        (
            "factory".into(),
            script(0, &[&join, &greet, &key, &certify, &serial, &seal, &power]),
        ),
        (
            "blank".into(),
            script(0, &[&join, &open, &beat, &seal, &key, &key]),
        ),
    ]
}
