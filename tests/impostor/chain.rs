//! Whose dongle is it? Each wrong answer has its own name.

use sha2::{Digest, Sha256};
use tallykey::dongle::{BadChain, Fault};
use tallykey_protocol::cert::{CertError, Role};
use tallykey_protocol::command::{Command, certificate, hello};
use tallykey_protocol::lifecycle::Lifecycle;
use tallykey_signing::simulator;
use tallykey_sim::dongle::SimDongle;

use super::bench::{
    Between, SERIAL, Way, blank, decoded, encoded, fault, made_by, open, open_for, pinned, port,
    simulators_own, vendor,
};
use tallykey::usb::ReportPort;

#[test]
fn a_dongle_of_the_pinned_vendor_opens_and_shows_its_grant() {
    let open = open(port(&simulators_own())).expect("nothing is wrong with it");
    let evidence = open.evidence();
    assert_eq!(evidence.serial, SERIAL);
    assert!(evidence.simulated);
    assert_eq!(evidence.lifecycle, Lifecycle::Sealed);
    assert_eq!(evidence.grants.len(), 1);
    let proof = evidence.proof().expect("it was verified before");
    assert_eq!(proof.grants[0].product, simulator::profile().product);
}

#[test]
fn a_blank_dongle_is_not_provisioned() {
    let fault = fault(open(port(&blank())));
    assert_eq!(fault.code(), "not-provisioned");
    assert!(matches!(
        fault,
        Fault::NotProvisioned {
            lifecycle: Lifecycle::Blank
        }
    ));
}

#[test]
fn a_dongle_of_another_vendor_is_wrong_vendor() {
    let ours = pinned(&vendor("Ours", true));
    let fault = fault(open_for(port(&made_by(&vendor("Theirs", true))), &ours));
    assert_eq!(fault.code(), "wrong-vendor");
    assert!(matches!(fault, Fault::WrongVendor { serial: Some(serial), .. } if serial == SERIAL));
}

#[test]
fn a21_a_simulated_dongle_is_refused_where_only_real_ones_count() {
    let maker = vendor("Real", false);
    let fault = fault(open_for(port(&made_by(&maker)), &pinned(&maker)));
    assert_eq!(fault.code(), "simulator-refused");
}

#[test]
fn a21_the_simulators_root_is_named_even_if_hello_hides_it() {
    let real = pinned(&vendor("Real", false));
    let fault = fault(open_for(hiding(&simulators_own()), &real));
    assert_eq!(fault.code(), "simulator-refused");
}

#[test]
fn a21_a_proof_that_says_simulated_after_hello_hid_it_opens_nothing() {
    let maker = vendor("Real", false);
    let fault = fault(open_for(hiding(&made_by(&maker)), &pinned(&maker)));
    assert_eq!(fault.code(), "proof-invalid");
}

#[test]
fn a_certificate_with_another_signature_is_a_broken_chain() {
    let fault = fault(open(showing(&simulators_own(), |[leaf, _]| {
        *leaf.last_mut().expect("not empty") ^= 1;
    })));
    assert_eq!(fault.code(), "chain-invalid");
    assert_eq!(of_certificate(fault), CertError::Signature);
}

#[test]
fn a03_a_certificate_of_the_wrong_role_is_no_dongles() {
    let fault = fault(open(showing(&simulators_own(), |[leaf, authority]| {
        leaf.clone_from(authority);
    })));
    assert_eq!(fault.code(), "chain-invalid");
    assert_eq!(
        of_certificate(fault),
        CertError::WrongRole {
            wanted: Role::Dongle,
            found: Some(Role::Factory)
        }
    );
}

#[test]
fn a20_a_certificate_that_is_none_is_a_broken_chain() {
    for rubbish in [vec![], vec![0x30], vec![0xff; 1024]] {
        let fault = fault(open(showing(&simulators_own(), move |[leaf, _]| {
            leaf.clone_from(&rubbish);
        })));
        assert_eq!(fault.code(), "chain-invalid");
    }
}

#[test]
fn a_digest_that_is_not_the_leafs_is_a_broken_chain() {
    let port = Between::on(port(&simulators_own()), |way, command, message| {
        if way == Way::ToHost && command == Command::Certificate.code() {
            let reply: certificate::Reply<'_> = decoded(&message[1..]);
            let digest = [0; 32];
            let body = encoded(&certificate::Reply { digest, ..reply });
            message.truncate(1);
            message.extend(body);
        }
        true
    });
    let fault = fault(open(port));
    assert!(matches!(
        fault,
        Fault::ChainInvalid {
            source: BadChain::Digest
        }
    ));
}

#[test]
fn a_dongle_under_another_serial_than_its_certificates_is_a_broken_chain() {
    let port = saying(&simulators_own(), |hello| hello.serial = Some("TK-OTHER"));
    let fault = fault(open(port));
    assert!(matches!(
        fault,
        Fault::ChainInvalid {
            source: BadChain::Serial
        }
    ));
}

#[test]
fn firmware_that_speaks_no_common_version_is_told_by_side() {
    let old = saying(&simulators_own(), |hello| {
        (hello.min, hello.current) = (0, 0)
    });
    assert_eq!(fault(open(old)).code(), "firmware-too-old");
    let new = saying(&simulators_own(), |hello| {
        (hello.min, hello.current) = (2, 9)
    });
    assert_eq!(fault(open(new)).code(), "host-too-old");
}

/// A dongle whose hello is changed on the way.
fn saying(
    dongle: &SimDongle,
    mut change: impl FnMut(&mut hello::Reply<'_>) + Send + 'static,
) -> Box<dyn ReportPort> {
    Between::on(port(dongle), move |way, command, message| {
        if way == Way::ToHost && command == Command::Hello.code() {
            let mut reply: hello::Reply<'_> = decoded(&message[1..]);
            change(&mut reply);
            let body = encoded(&reply);
            message.truncate(1);
            message.extend(body);
        }
        true
    })
}

/// A dongle that does not say that it is simulated.
fn hiding(dongle: &SimDongle) -> Box<dyn ReportPort> {
    saying(dongle, |hello| hello.simulated = false)
}

/// A dongle whose certificates are changed on the way, with the digest that fits.
fn showing(
    dongle: &SimDongle,
    mut change: impl FnMut([&mut Vec<u8>; 2]) + Send + 'static,
) -> Box<dyn ReportPort> {
    Between::on(port(dongle), move |way, command, message| {
        if way == Way::ToHost && command == Command::Certificate.code() {
            let reply: certificate::Reply<'_> = decoded(&message[1..]);
            let [leaf, authority] = reply.chain.expect("it was asked for");
            let (mut leaf, mut authority) = (leaf.to_vec(), authority.to_vec());
            change([&mut leaf, &mut authority]);
            let digest = Sha256::digest(&leaf).into();
            let chain = Some([leaf.as_slice(), &authority]);
            let body = encoded(&certificate::Reply { digest, chain });
            message.truncate(1);
            message.extend(body);
        }
        true
    })
}

fn of_certificate(fault: Fault) -> CertError {
    match fault {
        Fault::ChainInvalid {
            source: BadChain::Certificate(error),
        } => error,
        other => panic!("another fault: {other:?}"),
    }
}
