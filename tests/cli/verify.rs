//! Files judged with no service: what each object is, whom it is for, what it gives, and whose it is.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tallykey::licence::machine_binding::Bindable;
use tallykey::machine::facts::{LinuxMachine, Machine as _};
use tallykey_protocol::armour::{Armoured, Label};
use tallykey_protocol::array::Array;
use tallykey_protocol::grant::{Line, Plan};
use tallykey_protocol::instruction::{Instruction, Kind as What};
use tallykey_protocol::licence::{self, Licence, Macs};
use tallykey_protocol::list::List;
use tallykey_protocol::request::{Dongle, Environment, Head, Purpose, Request};
use tallykey_protocol::revocation::{RevocationList, Revoked};
use tallykey_protocol::target::Target;
use tallykey_protocol::time::TimeToken;
use tallykey_signing::certificate::Revocations;
use tallykey_signing::{
    Signer, SoftwareKey, Vendor, mac_licence, machine_licence, sign_request, simulator,
};

use crate::converted::{Parts, SERIAL};
use crate::program::{Home, Ran};

const ISSUED: u64 = simulator::ISSUED_AT;

fn tree(name: &str) -> String {
    format!("{}/tests/machine/trees/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn host_key() -> SoftwareKey {
    SoftwareKey::from_bytes(&[9; 32]).expect("a scalar")
}

/// The recorded server, as its request would say.
fn server() -> Target {
    let facts = LinuxMachine::at(tree("server")).facts();
    let binding = Bindable::of(&facts)
        .expect("a whole machine")
        .record([7; 16]);
    Target {
        salt: binding.salt,
        components: binding.components,
        host_key: host_key().public_key(),
    }
}

fn line(macs: &[[u8; 6]]) -> licence::Line<'_> {
    licence::Line {
        line: Line {
            id: 1,
            feature: "camera",
            count: 8,
            plan: Plan::Subscription,
            valid_from: ISSUED,
            valid_to: Some(ISSUED + 86_400),
        },
        macs: Macs::new(macs).expect("of devices"),
    }
}

fn of_server(vendor: &Vendor) -> Vec<u8> {
    let product = simulator::profile();
    let lines = [line(&[])];
    let lines = List::of(&lines).expect("one fits");
    let licence = Licence {
        customer: "Acme\u{200B}",
        ..machine_licence(&product, &server(), lines, ISSUED)
    };
    vendor.sign_licence(&licence).expect("signs")
}

fn of_macs(vendor: &Vendor) -> Vec<u8> {
    let product = simulator::profile();
    let macs = [[0x00, 0x02, 0xD1, 0, 0, 1]];
    let lines = [line(&macs)];
    let lines = List::of(&lines).expect("one fits");
    let licence = mac_licence(&product, lines, ISSUED);
    vendor.sign_licence(&licence).expect("signs")
}

/// The request of the recorded server with the receipt of a dongle that is not plugged in.
fn request(parts: &Parts) -> Vec<u8> {
    let (grants, receipts) = ([&parts.grant[..]], [&parts.receipt[..]]);
    let [leaf, factory] = &parts.chain;
    let dongles = [Dongle {
        chain: [leaf, factory],
        proof: None,
        grants: Array::of(&grants),
        receipts: Array::of(&receipts),
    }];
    let request = Request {
        host: "nvr-7",
        issued_at: ISSUED,
        nonce: [3; 32],
        purpose: Purpose::New,
        product: "tallykey-vms",
        profile_revision: 1,
        host_key: host_key().public_key(),
        binding: server().binding(),
        environment: Environment::Physical,
        installed: Array::of(&[]),
        dongles: Array::of(&dongles),
        marks: Array::of(&[]),
        history: Head {
            sequence: 0,
            hash: [0; 32],
        },
        desk_nonce: None,
        wanted: Array::of(&[]),
    };
    sign_request(&request, &host_key()).expect("signs")
}

fn write(home: &Home, name: &str, bytes: &[u8]) -> String {
    let path = home.path(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(&path, bytes).expect("written");
    path.display().to_string()
}

fn verify(home: &Home, machine: &str, more: &[&str]) -> Ran {
    let root = tree(machine);
    let args = ["verify", "--simulate", "--root", &root];
    home.run(&[&args, more].concat())
}

/// Every object of the only file.
fn objects(document: &Value) -> &Vec<Value> {
    document["files"][0]["objects"].as_array().expect("objects")
}

#[test]
fn every_kind_that_verifies_is_told_with_whom_it_is_for_and_what_it_gives() {
    let home = Home::new();
    let vendor = simulator::vendor().expect("constant keys");
    let parts = Parts::of(&vendor, &simulator::profile(), server());
    let instruction = Instruction {
        vendor: simulator::profile().vendor,
        serial: SERIAL,
        issued_at: ISSUED,
        thumbprint: [5; 32],
        counter: 7,
        kind: What::ResetOwnerCode,
    };
    let token = TimeToken {
        vendor: simulator::profile().vendor,
        now: ISSUED,
        nonce: None,
    };
    let revoked = [Revoked {
        thumbprint: [5; 32],
        counter: 7,
    }];
    let list = RevocationList {
        vendor: simulator::profile().vendor,
        issued_at: ISSUED,
        epoch: 3,
        revoked: Array::of(&revoked),
    };
    let void = Revocations {
        number: 4,
        issued_at: ISSUED,
        certificates: &[],
        stays_good: &[],
    };
    let file = [
        of_server(&vendor),
        of_macs(&vendor),
        parts.envelope(),
        parts.grant.clone(),
        request(&parts),
        vendor.sign_profile(&simulator::profile()).expect("signs"),
        vendor.sign_instruction(&instruction).expect("signs"),
        vendor.sign_time(&token).expect("signs"),
        vendor.sign_revocations(&list).expect("signs"),
        vendor.trust_bundle(),
        vendor.revoke(&void).expect("signs"),
    ];
    let file = write(&home, "all", &file.concat());
    let document = verify(&home, "server", &[&file, "--json"]).exits(0).json();
    assert_eq!(document["verified"], true);
    assert_eq!(document["simulated"], true);
    let told: Vec<_> = objects(&document)
        .iter()
        .map(|one| (one["kind"].as_str(), one["verdict"].as_str()))
        .collect();
    let expected = [
        ("licence", "verified"),
        ("licence", "verified"),
        ("composite-licence", "verified"),
        ("grant", "verified"),
        ("request", "self-signed"),
        ("profile", "verified"),
        ("instruction", "verified"),
        ("time-token", "verified"),
        ("revocation-list", "verified"),
        ("trust-bundle", "not-signed"),
        ("certificate-revocation-list", "verified"),
    ];
    assert_eq!(told, expected.map(|(kind, how)| (Some(kind), Some(how))));

    let [desk, macs, composite, grant, request, ..] = &objects(&document)[..] else {
        panic!("eleven objects")
    };
    let fit = json!({ "this": true, "matched": 10, "recorded": 10, "drift": [] });
    for bound in [desk, composite, request] {
        assert_eq!(bound["machine"], fit, "{bound}");
    }
    assert_eq!(macs["machine"], Value::Null);
    let granted = json!({
        "id": 1, "feature": "camera", "count": 8, "plan": "subscription",
        "valid_from": "2020-01-01T00:00:00Z", "valid_to": "2020-01-02T00:00:00Z", "devices": 0,
    });
    assert_eq!(desk["lines"], json!([granted]));
    assert_eq!(macs["lines"][0]["devices"], 1);
    assert_eq!(composite["lines"][0]["count"], 16);
    assert_eq!(composite["says"]["from_the_dongle"], SERIAL);
    assert_eq!(grant["lines"][0]["count"], 64, "gross");
    let receipt = &request["parts"][0]["parts"][0];
    assert_eq!(receipt["kind"], "convert-offline-receipt");
    assert_eq!(receipt["lines"], composite["lines"]);
    assert_eq!(receipt["says"]["identity"], composite["says"]["identity"]);

    // The page says what every member is.
    let page = include_str!("../../docs/verify.md");
    let members = |of: &Value| of.as_object().expect("an object").keys().cloned().collect();
    let all: [Vec<String>; 4] = [
        members(&document),
        members(desk),
        members(&desk["lines"][0]),
        members(&desk["machine"]),
    ];
    for member in all.concat() {
        assert!(page.contains(&format!("`{member}`")), "{member}");
    }
}

#[test]
fn a12_a_licence_of_another_machine_verifies_and_is_told_to_be_anothers() {
    let home = Home::new();
    let vendor = simulator::vendor().expect("constant keys");
    let parts = Parts::of(&vendor, &simulator::profile(), server());
    for licence in [of_server(&vendor), parts.envelope()] {
        let file = write(&home, "licence", &licence);
        let document = verify(&home, "nuc", &[&file, "--json"]).exits(0).json();
        let fit = &objects(&document)[0]["machine"];
        assert_eq!((&fit["this"], &fit["matched"]), (&json!(false), &json!(0)));
        let said = verify(&home, "nuc", &[&file]).exits(0).out();
        assert!(
            said.contains("machine: another one, components of weight 0 of 10 are here"),
            "{said}"
        );
    }
}

#[test]
fn what_does_not_verify_is_told_by_code_and_next_step_and_hides_nothing_else() {
    let home = Home::new();
    let vendor = simulator::vendor().expect("constant keys");
    let other = Vendor::generate("Other", false, ISSUED, getrandom::fill).expect("new keys");
    let parts = Parts::of(&vendor, &simulator::profile(), server());
    let mut bent = of_server(&vendor);
    let last = bent.len() - 1;
    bent[last] ^= 1;
    let product = tallykey_protocol::profile::Profile {
        product: "other-vms",
        ..simulator::profile()
    };
    let lines = [line(&[])];
    let lines = List::of(&lines).expect("one fits");
    let foreign = machine_licence(&product, &server(), lines, ISSUED);
    let foreign = vendor.sign_licence(&foreign).expect("signs");
    for (name, bytes) in [
        ("1-bent", bent),
        ("2-other-vendor", of_server(&other)),
        ("3-other-root", other.trust_bundle()),
        ("4-other-product", foreign),
        ("5-receipt-alone", parts.receipt.clone()),
        ("6-note", b"a note of the courier\n".to_vec()),
        ("7-cut", of_macs(&vendor)[..100].to_vec()),
        ("8-good", of_macs(&vendor)),
    ] {
        write(&home, &format!("courier/{name}"), &bytes);
    }
    let folder = home.path("courier").display().to_string();
    let document = verify(&home, "server", &[&folder, "--json"])
        .exits(3)
        .json();
    assert_eq!(document["verified"], false);
    let files = document["files"].as_array().expect("files");
    let told = files.iter().map(|file| {
        let one = &file["objects"][0];
        (
            one["verdict"].as_str().expect("a verdict"),
            one["problem"]["code"].as_str(),
        )
    });
    let told: Vec<_> = told.collect();
    let expected = [
        ("refused", Some("wrong-vendor")),
        ("refused", Some("wrong-vendor")),
        ("refused", Some("wrong-vendor")),
        ("verified", Some("other-product")),
        ("not-judged", None),
        ("refused", Some("damaged-file")),
        ("refused", Some("damaged-file")),
        ("verified", None),
    ];
    assert_eq!(told, expected);
    let alone = &files[4]["objects"][0];
    assert_eq!(alone["for"], format!("dongle {SERIAL}"));
    assert_eq!(alone["machine"]["this"], true);
    assert_eq!(
        alone["lines"][0]["count"], 16,
        "told, and not to be believed"
    );

    let ran = verify(&home, "server", &[&folder]).exits(3);
    assert!(ran.err().contains("7 of 8 do not verify"), "{}", ran.err());
    assert!(
        ran.err().contains("code: not-all-verified"),
        "{}",
        ran.err()
    );
    let nexts = ran.out().matches(" next: ").count();
    assert_eq!(nexts, 6, "{}", ran.out());
}

#[test]
fn armour_names_and_profiles_as_a_vendor_delivers_them() {
    let home = Home::new();
    let vendor = Vendor::generate("Acme", false, ISSUED, getrandom::fill).expect("new keys");
    let trust = write(&home, "vendor.bundle", &vendor.trust_bundle());
    let (label, bytes) = (Label::Licence, &of_macs(&vendor));
    let armoured = format!("Dear technician,\n{}", Armoured { label, bytes });
    let file = write(&home, "mail.txt", armoured.as_bytes());
    let run = |more: &[&str]| {
        let args = ["verify", file.as_str(), "--trust", trust.as_str(), "--json"];
        home.run(&[&args, more].concat())
    };
    let document = run(&[]).exits(0).json();
    assert_eq!(
        (&document["vendor"], &document["simulated"]),
        (&json!("Acme"), &json!(false))
    );
    let unjudged = objects(&document)[0]["not_judged"].to_string();
    assert!(unjudged.contains("give --profile"), "{unjudged}");
    let profile = tallykey_protocol::profile::Profile {
        vendor: "Acme",
        ..simulator::profile()
    };
    let profile = vendor.sign_profile(&profile).expect("signs");
    let profile = write(&home, "product.profile", &profile);
    let document = run(&["--profile", &profile]).exits(0).json();
    let unjudged = objects(&document)[0]["not_judged"].to_string();
    assert!(!unjudged.contains("give --profile"), "{unjudged}");
    // The settings of `serve` may be in its environment.
    let mut command = home.command(&["verify", &file]);
    command.env("TALLYKEY_TRUST", &trust);
    assert!(command.output().expect("it runs").status.success());

    home.run(&["verify", &file]).fails(2, "no-vendor");
    let absent = home.path("absent").display().to_string();
    home.run(&["verify", &absent, "--trust", &trust])
        .fails(3, "file-unreadable");
    let empty = write(&home, "empty", b"");
    let ran = home.run(&["verify", &empty, "--trust", &trust]).exits(3);
    assert!(
        ran.err().contains("code: nothing-to-verify"),
        "{}",
        ran.err()
    );
    assert!(!Path::new(&home.state()).exists(), "it keeps nothing");
}

#[test]
fn a08_text_of_a_record_or_a_name_cannot_drive_the_terminal() {
    let home = Home::new();
    let vendor = simulator::vendor().expect("constant keys");
    let file = write(&home, "\x1b[31mred", &of_server(&vendor));
    let said = verify(&home, "server", &[&file]).exits(0).out();
    assert!(said.contains("customer: Acme\\u{200b}\n"), "{said}");
    assert!(said.contains("\\u{1b}[31mred"), "{said}");
    assert!(!said.contains(['\x1b', '\u{200B}']), "{said}");
}
