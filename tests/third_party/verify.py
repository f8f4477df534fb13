#!/usr/bin/env python3
"""Checks Tallykey records up to the vendor's root with public tools alone: cbor2 and cryptography.

Written from protocol/records.cddl and the RFCs that it names, without any of our code.

    verify.py FOLDER
    verify.py --composite ROOT LICENCE PARTS

FOLDER holds root.der, factory.der, dongle.der, profile.cbor, grant.cbor, state-proof.cbor (raw COSE) and
nonce.bin. LICENCE is a composite licence in armour, ROOT the vendor's root in DER; what is signed in it goes
to the folder PARTS, for openssl to have its own look: certificates, what was signed (.tbs), signatures (.sig).
Prints what the records say as one JSON document.
"""

import base64
import hashlib
import io
import json
import pathlib
import sys

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ARC = "1.3.6.1.4.1.32473.1."
ROLES = {"1": "factory", "2": "issuer", "3": "factory-issuer", "4": "dongle"}
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def load(data):
    """One CBOR item, all of it, in deterministic encoding."""
    stream = io.BytesIO(data)
    item = cbor2.CBORDecoder(stream).decode()
    assert not stream.read(), "trailing bytes"
    # cbor2's canonical form puts shorter keys first (RFC 7049), ours sorts bytes (RFC 8949 §4.2.1). For
    # small keys and keys below -65536 that is the same order.
    assert cbor2.dumps(item, canonical=True) == data, "not deterministic"
    return item


def role(certificate):
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    (purpose,) = purposes
    assert purpose.dotted_string.startswith(ARC)
    return ROLES[purpose.dotted_string[len(ARC):]]


def certified(certificate, issuer):
    certificate.verify_directly_issued_by(issuer)
    return certificate


def spki(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def thumbprint(key):
    """COSE Key Thumbprint, RFC 9679."""
    numbers = key.public_numbers()
    cose_key = {1: 2, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
    return hashlib.sha256(cbor2.dumps(cose_key, canonical=True)).digest()


def verify(data, kind, signer=None, root=None):
    """Verifies a COSE_Sign1; returns claims, digest and signer's certificate if the record brings it."""
    tag = load(data)
    assert tag.tag == 18
    protected, unprotected, payload, signature = tag.value
    header = load(protected)
    assert unprotected == {} and header[1] == -7, "ES256 and nothing unprotected"
    assert header[16] == f"application/vnd.tallykey.{kind}+cose", header[16]
    certificate = None
    if signer is None:
        certificate = certified(x509.load_der_x509_certificate(header[33]), root)
        signer = certificate.public_key()
    assert header[4] == hashlib.sha256(spki(signer)).digest()[:8], "kid"
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    assert len(signature) == 64 and s <= ORDER // 2, "raw r || s, low s"
    structure = cbor2.dumps(["Signature1", protected, b"", payload])
    signer.verify(encode_dss_signature(r, s), structure, ec.ECDSA(hashes.SHA256()))
    return load(payload), hashlib.sha256(structure).digest(), certificate


def armoured(text, label):
    """The one object in armour (RFC 7468)."""
    head, tail = f"-----BEGIN {label}-----", f"-----END {label}-----"
    return base64.b64decode(text.split(head)[1].split(tail)[0])


def composite(root, licence, parts):
    """A composite licence, as docs/protocol.md §12 says."""
    root = x509.load_der_x509_certificate(root.read_bytes())
    root.verify_directly_issued_by(root)
    envelope = load(armoured(licence.read_text(), "TALLYKEY LICENCE"))
    assert set(envelope) == {1, 2, 3, 4} and envelope[1] == 1, "format 1"
    dongle, factory = map(x509.load_der_x509_certificate, envelope[4])
    certified(dongle, certified(factory, root))
    assert (role(factory), role(dongle)) == ("factory", "dongle")
    receipt, _, _ = verify(envelope[2], "receipt.convert-offline", signer=dongle.public_key())
    grant, digest, issuer = verify(envelope[3], "grant", root=root)
    assert role(issuer) == "issuer" or (role(issuer) == "factory-issuer" and grant[-65539] == 1)

    serial = dongle.subject.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)[0].value
    key = thumbprint(dongle.public_key())
    assert serial == receipt[1] == grant[2], "certificate, receipt and grant name one dongle"
    assert grant[8] == {5: key}, "the grant is for this key"
    named = (receipt[-65568], receipt[-65539], receipt[-65537])
    assert named == (digest, grant[-65539], grant[-65537]), "the receipt names this grant"
    assert grant[-65543] == 2, "it may be converted offline"
    granted = {line[0]: line for line in grant[-65542]}
    lines = {}
    for line, before, after in receipt[-65569]:
        assert before < after <= granted[line][2], "no more than was granted"
        lines[granted[line][1]] = after - before
    counter = receipt[-65560].to_bytes(8, "big")
    salt, components, host_key = receipt[-65570]

    certificates = {"dongle": dongle, "factory": factory, "issuer": issuer}
    for name, certificate in certificates.items():
        (parts / f"{name}.der").write_bytes(certificate.public_bytes(Encoding.DER))
    for name, record in {"receipt": envelope[2], "grant": envelope[3]}.items():
        protected, _, payload, signature = load(record).value
        structure = cbor2.dumps(["Signature1", protected, b"", payload])
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        (parts / f"{name}.tbs").write_bytes(structure)
        (parts / f"{name}.sig").write_bytes(encode_dss_signature(r, s))
    print(json.dumps({
        "vendor": grant[1],
        "serial": serial,
        "product": grant[-65537],
        "lines": lines,
        "identity": hashlib.sha256(b"tallykey receipt identity" + key + counter).hexdigest(),
        "salt": salt.hex(),
        "components": len(components),
        "host_key": host_key.hex(),
    }))


def main(folder):
    read = lambda name: (folder / name).read_bytes()
    root = x509.load_der_x509_certificate(read("root.der"))
    root.verify_directly_issued_by(root)
    factory = certified(x509.load_der_x509_certificate(read("factory.der")), root)
    dongle = certified(x509.load_der_x509_certificate(read("dongle.der")), factory)
    assert (role(factory), role(dongle)) == ("factory", "dongle")

    profile, _, issuer = verify(read("profile.cbor"), "profile", root=root)
    assert role(issuer) == "issuer"
    grant, digest, issuer = verify(read("grant.cbor"), "grant", root=root)
    assert role(issuer) == "issuer" or (role(issuer) == "factory-issuer" and grant[-65539] == 1)
    proof, _, _ = verify(read("state-proof.cbor"), "proof.state", signer=dongle.public_key())

    assert proof[10] == read("nonce.bin"), "the nonce that was asked for"
    serial = dongle.subject.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)[0].value
    assert serial == proof[1] == grant[2], "certificate, proof and grant name one dongle"
    assert grant[8] == {5: thumbprint(dongle.public_key())}, "the grant is for this key"
    ((product, revision, held, given),) = proof[-65559]
    assert (product, revision, held) == (grant[-65537], grant[-65539], digest), "the dongle holds this grant"
    assert profile[-65537] == product

    print(json.dumps({
        "vendor": grant[1],
        "serial": serial,
        "product": product,
        "simulated": proof[-65555],
        "counter": proof[-65560],
        "lines": {line[1]: line[2] - dict(given)[line[0]] for line in grant[-65542]},
        "free": {feature[0]: feature[2] for feature in profile[-65548] if feature[2]},
    }))


if __name__ == "__main__":
    if sys.argv[1] == "--composite":
        composite(*map(pathlib.Path, sys.argv[2:]))
    else:
        main(pathlib.Path(sys.argv[1]))
