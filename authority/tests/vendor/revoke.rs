//! The root's revocation lists: what openssl and our reader make of them, and that no list takes anything back.

use std::fs;

use tallykey_protocol::{
    armour::{self, Label},
    cert::{Certificate, Crl},
    limits::CRL_MAX,
};

use crate::home::{Home, Ran, contents};

impl Home {
    fn revoke(&self, more: &[&str]) -> Ran {
        let args = ["keys", "revoke", "--dir", "vendor"];
        self.run(&[&args[..], &["--passphrase-file", "passphrase"], more].concat())
    }

    /// What `openssl` says on either channel.
    fn openssl_says(&self, args: &[&str]) -> String {
        let mut words = vec!["-c", "exec openssl \"$@\" 2>&1", "openssl"];
        words.extend(args);
        let output = std::process::Command::new("sh")
            .args(words)
            .current_dir(self.path(""))
            .output()
            .expect("openssl runs");
        String::from_utf8(output.stdout).expect("text")
    }

    /// How openssl judges the certificate of a role by a list.
    fn judged(&self, role: &str, list: &str) -> String {
        let leaf = format!("vendor/{role}.crt");
        let check = ["verify", "-crl_check", "-CAfile", "vendor/root.crt"];
        self.openssl_says(&[&check[..], &["-CRLfile", list, &leaf]].concat())
    }
}

#[test]
fn openssl_verifies_a_list_and_refuses_what_is_on_it() {
    let home = Home::with_keys();
    let out = home.revoke(&["vendor/issuer.crt"]).exits(0).out();
    assert!(out.contains("list 1: 1 revoked, 0 stay good"), "{out}");
    let list = "vendor/revoked-1.crl";
    let verify = ["crl", "-in", list, "-CAfile", "vendor/root.crt", "-noout"];
    let said = home.openssl_says(&[&verify[..], &["-crlnumber"]].concat());
    assert!(said.contains("verify OK"), "{said}");
    assert!(said.contains("crlNumber=0x01"), "{said}");
    let said = home.judged("issuer", list);
    assert!(said.contains("certificate revoked"), "{said}");
    let said = home.judged("factory-issuer", list);
    assert!(said.contains("factory-issuer.crt: OK"), "{said}");

    // DER from openssl is the same list.
    let der = home.path("list.der");
    let path = der.to_str().expect("a plain path");
    home.openssl(&["crl", "-in", list, "-outform", "DER", "-out", path])
        .expect("openssl reads it");
    let shown = home.run(&["inspect", list, "list.der", "--dir", "vendor", "--json"]);
    let shown = shown.exits(0).json();
    let object = |file: usize| &shown["files"][file]["objects"][0];
    assert_eq!(object(0)["kind"], "certificate-revocation-list");
    assert_eq!(object(0), object(1));
}

#[test]
fn the_next_list_has_a_higher_number_and_takes_nothing_back() {
    let home = Home::with_keys();
    let digest = "a5".repeat(32);
    let stays = ["--stays-good", &digest];
    home.revoke(&[&["vendor/issuer.crt"][..], &stays].concat())
        .exits(0);
    home.revoke(&["vendor/issuer.crt"])
        .refused("revoked-already");
    let twice = "vendor/factory.crt";
    home.revoke(&[twice, twice]).refused("revoked-already");
    let ran = home.revoke(&["vendor/factory.crt", "--json"]).exits(0);
    let told = ran.json();
    assert_eq!(told["number"], 2);
    assert_eq!(told["revoked"][0]["role"], "factory CA");
    assert_eq!(
        (&told["certificates"], &told["stays_good"]),
        (&2.into(), &1.into())
    );
    let text = fs::read(home.path("vendor/revoked-2.crl")).expect("the list");
    let mut buffer = [0; CRL_MAX];
    let der = armour::single(&text, Label::Crl, &mut buffer).expect("armour");
    let list = Crl::parse(der).expect("our profile");
    let root = home.certificate("root");
    list.verify(&Certificate::parse(&root).expect("a root"))
        .expect("the root's");
    for (role, expected) in [
        ("issuer", true),
        ("factory", true),
        ("factory-issuer", false),
    ] {
        let der = home.certificate(role);
        let certificate = Certificate::parse(&der).expect("our profile");
        assert_eq!(list.names(&certificate), expected, "{role}");
    }
    assert!(list.good().eq([&[0xA5; 32]]));
    // Digests alone make a list too.
    home.revoke(&["--stays-good", &"5a".repeat(32)]).exits(0);
    let said = home.judged("factory", "vendor/revoked-3.crl");
    assert!(said.contains("certificate revoked"), "{said}");
}

#[test]
fn a_root_from_the_safe_goes_on_after_the_list_that_was_given_out() {
    let home = Home::with_keys();
    home.revoke(&["vendor/issuer.crt"]).exits(0);
    let given = home.path("given.crl");
    fs::rename(home.path("vendor/revoked-1.crl"), &given).expect("moved");
    let after = ["vendor/factory-issuer.crt", "--after", "given.crl"];
    let told = home
        .revoke(&[&after[..], &["--json"]].concat())
        .exits(0)
        .json();
    assert_eq!(
        (&told["number"], &told["certificates"]),
        (&2.into(), &2.into())
    );

    let other = Home::with_keys();
    other.revoke(&["vendor/issuer.crt"]).exits(0);
    fs::copy(other.path("vendor/revoked-1.crl"), &given).expect("copied");
    let before = contents(&home.path("vendor"));
    let after = ["vendor/factory.crt", "--after", "given.crl"];
    home.revoke(&after).refused("not-a-revocation-list");
    fs::write(&given, "-----BEGIN X509 CRL-----\n!\n").expect("writable");
    home.revoke(&after).refused("not-a-revocation-list");
    assert_eq!(contents(&home.path("vendor")), before);
}

#[test]
fn only_what_the_root_certified_is_revoked() {
    let (home, other) = (Home::with_keys(), Home::with_keys());
    fs::copy(other.path("vendor/issuer.crt"), home.path("issuer.crt")).expect("copied");
    home.revoke(&["issuer.crt"]).refused("bad-certificate");
    home.revoke(&["vendor/root.crt"]).refused("bad-certificate");
    home.revoke(&["vendor/issuer.key"])
        .refused("bad-certificate");
    home.revoke(&[]).exits(2);
    home.revoke(&["--stays-good", "a5"]).exits(2);
    let many: Vec<_> = (0..60).map(|n| format!("{n:02x}").repeat(32)).collect();
    home.revoke(&["--stays-good", &many.join(",")])
        .refused("list-too-long");
    assert!(!home.path("vendor/revoked-1.crl").exists());
}

#[test]
fn a_list_is_shown_when_it_is_the_roots_and_not_else() {
    let (home, other) = (Home::with_keys(), Home::with_keys());
    let digest = "a5".repeat(32);
    home.revoke(&["vendor/issuer.crt", "--stays-good", &digest])
        .exits(0);
    let list = "vendor/revoked-1.crl";
    let out = home
        .run(&["inspect", list, "--dir", "vendor"])
        .exits(0)
        .out();
    let number = home.openssl(&["x509", "-in", "vendor/issuer.crt", "-noout", "-serial"]);
    let number = number.expect("openssl reads it").to_lowercase();
    let number = number.trim_start_matches("serial=").trim_end();
    for text in ["certificate-revocation-list: verified", number, &digest] {
        assert!(out.contains(text), "{text}: {out}");
    }
    let out = home.run(&["inspect", list]).exits(0).out();
    assert!(
        out.contains("not-checked") && !out.contains(number),
        "{out}"
    );
    let bundle = other.path("vendor/vendor.bundle");
    let bundle = bundle.to_str().expect("a path");
    let out = home
        .run(&["inspect", list, "--trust", bundle])
        .exits(3)
        .out();
    assert!(out.contains("refused") && !out.contains(number), "{out}");
}
