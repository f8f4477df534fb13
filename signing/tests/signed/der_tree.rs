//! DER as a tree that a test can bend, so that lengths stay right and only the one sin remains.

use p256::ecdsa::Signature;
use sha2::{Digest, Sha256};
use tallykey_signing::{Signer, SoftwareKey};

/// One TLV. What looks constructed is taken apart; OCTET STRINGs of extensions stay bytes.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Leaf(u8, Vec<u8>),
    Branch(u8, Vec<Node>),
}

/// Places in a TBSCertificate (RFC 5280 §4.1).
pub(crate) mod tbs {
    pub(crate) const VERSION: usize = 0;
    pub(crate) const SERIAL: usize = 1;
    pub(crate) const ALGORITHM: usize = 2;
    pub(crate) const ISSUER: usize = 3;
    pub(crate) const VALIDITY: usize = 4;
    pub(crate) const SUBJECT: usize = 5;
    pub(crate) const SPKI: usize = 6;
    pub(crate) const EXTENSIONS: usize = 7;
}

impl Node {
    pub(crate) fn read(der: &[u8]) -> Self {
        let (node, rest) = Self::take(der);
        assert!(rest.is_empty());
        node
    }

    fn take(der: &[u8]) -> (Self, &[u8]) {
        let (tag, first, rest) = (der[0], der[1], &der[2..]);
        let (length, rest) = match first {
            0x81 => (usize::from(rest[0]), &rest[1..]),
            0x82 => (usize::from(rest[0]) << 8 | usize::from(rest[1]), &rest[2..]),
            short => (usize::from(short), rest),
        };
        let (mut content, rest) = rest.split_at(length);
        if tag & 0x20 == 0 {
            return (Self::Leaf(tag, content.to_vec()), rest);
        }
        let mut children = Vec::new();
        while !content.is_empty() {
            let (child, left) = Self::take(content);
            children.push(child);
            content = left;
        }
        (Self::Branch(tag, children), rest)
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let (tag, content) = match self {
            Self::Leaf(tag, bytes) => (*tag, bytes.clone()),
            Self::Branch(tag, children) => (*tag, children.iter().flat_map(Self::write).collect()),
        };
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        let mut der = vec![tag];
        match content.len() {
            0..0x80 => der.push(length[1]),
            0x80..0x100 => der.extend([0x81, length[1]]),
            _ => der.extend([0x82, length[0], length[1]]),
        }
        der.extend(content);
        der
    }

    pub(crate) fn at(&mut self, path: &[usize]) -> &mut Self {
        path.iter()
            .fold(self, |node, index| &mut node.children()[*index])
    }

    pub(crate) fn children(&mut self) -> &mut Vec<Self> {
        match self {
            Self::Branch(_, children) => children,
            Self::Leaf(tag, _) => panic!("{tag:#x} has no children"),
        }
    }

    pub(crate) fn bytes(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Leaf(_, bytes) => bytes,
            Self::Branch(tag, _) => panic!("{tag:#x} is no leaf"),
        }
    }

    pub(crate) fn tag(&mut self) -> &mut u8 {
        match self {
            Self::Leaf(tag, _) | Self::Branch(tag, _) => tag,
        }
    }

    /// The content of the extension 2.5.29.`arc` of a TBSCertificate.
    pub(crate) fn extension(&mut self, arc: u8) -> &mut Vec<u8> {
        let parts = self.extensions().iter_mut().map(Self::children);
        parts
            .filter_map(|parts| match parts.as_mut_slice() {
                [Self::Leaf(6, oid), .., Self::Leaf(4, value)] if oid[..] == [0x55, 0x1d, arc] => {
                    Some(value)
                }
                _ => None,
            })
            .next()
            .unwrap()
    }

    /// The list of extensions of a TBSCertificate.
    pub(crate) fn extensions(&mut self) -> &mut Vec<Self> {
        self.at(&[tbs::EXTENSIONS, 0]).children()
    }
}

/// `certificate` with its TBSCertificate bent and signed again by `key`: everything else about it is right.
pub(crate) fn forge(
    certificate: &[u8],
    key: &SoftwareKey,
    bend: impl FnOnce(&mut Node),
) -> Vec<u8> {
    let mut tree = Node::read(certificate);
    bend(tree.at(&[0]));
    let digest = Sha256::digest(tree.at(&[0]).write()).into();
    let signature = Signature::from_slice(&key.sign(&digest).unwrap()).unwrap();
    let bits = tree.at(&[2]).bytes();
    *bits = [&[0], signature.to_der().as_bytes()].concat();
    tree.write()
}
