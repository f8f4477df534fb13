//! What the desk sends to a dongle, imported at a terminal by a service that keeps its sessions itself.

use tallykey_protocol::armour::{Armoured, Label};
use tallykey_protocol::grant::{Convert, Grant, Line, Plan};
use tallykey_protocol::instruction::{Instruction, Kind};
use tallykey_protocol::list::List;
use tallykey_signing::simulator;

use crate::commands::file;
use crate::program::Home;

/// The simulated dongle, as the status shows it: thumbprint of its key, and its counter.
fn dongle(home: &Home) -> ([u8; 32], u64) {
    let status = home.run(&["status", "--json"]).exits(0).json();
    let dongle = &status["dongles"][0];
    let text = dongle["key_thumbprint"].as_str().expect("it is proved");
    let mut thumbprint = [0; 32];
    for (byte, digits) in thumbprint.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).expect("hex");
        *byte = u8::from_str_radix(digits, 16).expect("hex");
    }
    (thumbprint, dongle["counter"].as_u64().expect("a number"))
}

fn armoured(label: Label, bytes: &[u8]) -> String {
    Armoured { label, bytes }.to_string()
}

/// The next grant of the simulated dongle, with more cameras.
fn update(thumbprint: [u8; 32]) -> String {
    let profile = simulator::profile();
    let lines = [("camera", 96), ("other-brand", 32), ("vca", 8)];
    let lines = (1..).zip(lines).map(|(id, (feature, count))| Line {
        id,
        feature,
        count,
        plan: Plan::Perpetual,
        valid_from: simulator::ISSUED_AT,
        valid_to: None,
    });
    let lines: Vec<_> = lines.collect();
    let grant = Grant {
        vendor: profile.vendor,
        serial: "SIM-0001",
        thumbprint,
        issued_at: simulator::ISSUED_AT,
        product: profile.product,
        revision: 2,
        profile_revision: profile.revision,
        request_nonce: None,
        lines: List::of(&lines).expect("three fit"),
        convert: Convert::Offline,
        flags: 0,
        absorbs: List::default(),
        customer: "",
        project: "",
    };
    let vendor = simulator::vendor().expect("constant keys");
    armoured(Label::Grant, &vendor.sign_grant(&grant).expect("signs"))
}

#[test]
fn an_update_counts_as_soon_as_the_import_is_done_and_a_new_owner_code_is_shown_once() {
    let home = Home::new();
    let _service = home.serve();
    let (thumbprint, _) = dongle(&home);
    let courier = file(&home, "from-the-desk.txt", &update(thumbprint));
    let said = home.run(&["import", &courier]).exits(0).out();
    assert!(
        said.contains("grant for SIM-0001, revision 2: imported"),
        "{said}"
    );
    let status = home.run(&["status", "--json"]).exits(0).json();
    assert_eq!(status["features"][0]["total"], 4 + 96);
    let again = home.run(&["import", &courier]).exits(0).out();
    assert!(again.contains("revision 2: was imported before"), "{again}");

    let (thumbprint, counter) = dongle(&home);
    let instruction = Instruction {
        vendor: simulator::profile().vendor,
        serial: "SIM-0001",
        issued_at: simulator::ISSUED_AT,
        thumbprint,
        counter,
        kind: Kind::ResetOwnerCode,
    };
    let vendor = simulator::vendor().expect("constant keys");
    let bytes = vendor.sign_instruction(&instruction).expect("signs");
    let courier = file(&home, "reset.txt", &armoured(Label::Instruction, &bytes));
    let told = home.run(&["import", &courier, "--json"]).exits(0).json();
    let code = told[0]["items"][0]["owner_code"].as_str().expect("a code");
    assert_eq!(code.len(), 16);
    let history = home.run(&["history", "--json"]).exits(0).out();
    assert!(history.contains("reset-owner-code") && !history.contains(code));
    home.run(&["import", &courier]).exits(3);
}
