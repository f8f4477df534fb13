#!/usr/bin/env python3
"""Checks Tallykey records up to the vendor's root with public tools alone: cbor2 and cryptography.

Written from protocol/records.cddl and the RFCs that it names, without any of our code.

    verify.py FOLDER

FOLDER holds root.der, factory.der, dongle.der, profile.cbor, grant.cbor, state-proof.cbor (raw COSE) and
nonce.bin. Prints what the records say as one JSON document.
"""

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
    main(pathlib.Path(sys.argv[1]))
