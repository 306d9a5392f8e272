//! Public keys of strangers, and whether a signature is theirs.
#![allow(clippy::many_single_char_names, reason = "the numbers are named as the standards name them")]

use num_bigint::BigUint;
use ring::signature::{self, UnparsedPublicKey};

use super::{
    curve::{Curve, Point, leftmost},
    hash::Hash,
    scheme::{Kind, Scheme},
};
use crate::{
    der::{
        oid,
        reader::{NotDer, Reader},
        tag,
    },
    limits::{DSA_BITS, DSA_ORDER_BITS, EXPONENT_BITS_MAX, RSA_BITS},
};

/// A public key in common use.
pub(super) enum Key {
    Dsa { p: BigUint, q: BigUint, g: BigUint, y: BigUint },
    Ecdsa { curve: Box<Curve>, point: Point },
    Ed25519(Vec<u8>),
    Rsa { n: BigUint, e: BigUint },
}

/// What a key says of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is this key's over this message.
    Holds,
    /// It is this key's over another message.
    OtherMessage,
    /// It is not this key's, or nobody can tell of what.
    Fails,
    /// It is made with something that we do not know.
    Unknown,
}

impl Key {
    /// Reads a `SubjectPublicKeyInfo`; none for what we do not know.
    pub(super) fn from_spki(der: &[u8]) -> Option<Self> {
        let read = || {
            let mut spki = Reader::new(der).sequence()?;
            let mut algorithm = spki.sequence()?;
            let name = algorithm.oid()?;
            let bits = spki.bit_string()?;
            Ok::<_, NotDer>((name, algorithm, bits))
        };
        let (name, mut parameters, bits) = read().ok()?;
        match name {
            // 1.2.840.113549.1.1.1 and .10: for any padding, or for PSS alone.
            [family @ .., 1 | 10] if oid::RSA.strip_suffix(&[1]) == Some(family) => rsa(bits),
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1] => {
                let curve = Curve::named(parameters.oid().ok()?)?;
                let point = curve.point(bits)?;
                Some(Self::Ecdsa { curve: Box::new(curve), point })
            }
            [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1] => {
                let mut domain = parameters.sequence().ok()?;
                let mut number = || integer(&mut domain);
                dsa([number()?, number()?, number()?, integer(&mut Reader::new(bits))?])
            }
            [0x2b, 0x65, 0x70] => Some(Self::Ed25519(bits.to_vec())),
            _ => None,
        }
    }

    /// Whether somebody who spends enough can find the private half.
    pub(super) fn is_weak(&self) -> bool {
        match self {
            Self::Rsa { n: modulus, .. } | Self::Dsa { p: modulus, .. } => modulus.bits() < 2_048,
            Self::Ecdsa { .. } | Self::Ed25519(_) => false,
        }
    }

    /// Whether this signature is this key's over the message.
    pub(super) fn ask(&self, scheme: Scheme, message: &[&[u8]], signature: &[u8]) -> Answer {
        let hash = scheme.hash;
        let holds = match (self, scheme.kind) {
            (Self::Rsa { n, e }, Kind::Pkcs1) => return pkcs1(n, e, message, signature),
            (Self::Rsa { n, e }, Kind::Pss { mask }) => return pss(n, e, [hash, mask], message, signature),
            (Self::Ecdsa { curve, point }, Kind::Ecdsa) => {
                let numbers = two_numbers(signature).or_else(|| halves(signature));
                numbers.is_some_and(|(r, s)| curve.verify(point, &hash.digest(message), &r, &s))
            }
            (Self::Dsa { p, q, g, y }, Kind::Dsa) => {
                let digest = leftmost(&hash.digest(message), q.bits());
                two_numbers(signature).is_some_and(|numbers| dsa_holds([p, q, g, y], &digest, &numbers))
            }
            (Self::Ed25519(point), Kind::Ed25519) => {
                UnparsedPublicKey::new(&signature::ED25519, point).verify(&message.concat(), signature).is_ok()
            }
            _ => return Answer::Unknown,
        };
        if holds { Answer::Holds } else { Answer::Fails }
    }
}

fn integer(reader: &mut Reader<'_>) -> Option<BigUint> {
    Some(BigUint::from_bytes_be(reader.expect(tag::INTEGER).ok()?.content))
}

/// `SEQUENCE { r INTEGER, s INTEGER }`.
fn two_numbers(signature: &[u8]) -> Option<(BigUint, BigUint)> {
    let mut reader = Reader::new(signature).sequence().ok()?;
    Some((integer(&mut reader)?, integer(&mut reader)?))
}

/// Two numbers of one length, as JOSE and the BSI write them.
fn halves(signature: &[u8]) -> Option<(BigUint, BigUint)> {
    let (r, s) = signature.split_at_checked(signature.len() / 2).filter(|(r, s)| r.len() == s.len())?;
    Some((BigUint::from_bytes_be(r), BigUint::from_bytes_be(s)))
}

fn rsa(bits: &[u8]) -> Option<Key> {
    let mut reader = Reader::new(bits).sequence().ok()?;
    let (n, e) = (integer(&mut reader)?, integer(&mut reader)?);
    let is_usable = RSA_BITS.contains(&n.bits()) && n.bit(0) && (2..=EXPONENT_BITS_MAX).contains(&e.bits());
    is_usable.then_some(Key::Rsa { n, e })
}

fn dsa([p, q, g, y]: [BigUint; 4]) -> Option<Key> {
    let is_usable = DSA_BITS.contains(&p.bits()) && DSA_ORDER_BITS.contains(&q.bits()) && p.bit(0) && q.bit(0);
    is_usable.then_some(Key::Dsa { p, q, g, y })
}

/// FIPS 186-4 §4.7.
fn dsa_holds([p, q, g, y]: [&BigUint; 4], digest: &BigUint, (r, s): &(BigUint, BigUint)) -> bool {
    if *r == BigUint::ZERO || *s == BigUint::ZERO || r >= q || s >= q {
        return false;
    }
    // The order is a prime: this is the inverse.
    let inverse = s.modpow(&(q - 2_u8), q);
    let (u, v) = ((digest * &inverse) % q, (r * inverse) % q);
    (g.modpow(&u, p) * y.modpow(&v, p)) % p % q == *r
}

/// What an RSA signature opens to, in as many bytes.
fn opened(n: &BigUint, e: &BigUint, signature: &[u8], length: u64) -> Option<Vec<u8>> {
    let signature = BigUint::from_bytes_be(signature);
    if signature >= *n {
        return None;
    }
    let opened = signature.modpow(e, n).to_bytes_be();
    let mut padded = vec![0; usize::try_from(length).ok()?.checked_sub(opened.len())?];
    padded.extend(opened);
    Some(padded)
}

/// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2). The digest inside says itself which it is.
fn pkcs1(n: &BigUint, e: &BigUint, message: &[&[u8]], signature: &[u8]) -> Answer {
    let read = || {
        let opened = opened(n, e, signature, n.bits().div_ceil(8))?;
        let padded = opened.strip_prefix(&[0, 1])?;
        let filling = padded.iter().position(|byte| *byte != 0xff).filter(|filling| *filling >= 8)?;
        padded.get(filling..)?.strip_prefix(&[0]).map(<[u8]>::to_vec)
    };
    let Some(info) = read() else { return Answer::Fails };
    match Hash::from_digest_info(&info) {
        Some((hash, digest)) if hash.digest(message) == digest => Answer::Holds,
        Some(_) => Answer::OtherMessage,
        None => Answer::Unknown,
    }
}

/// The hash inside of an RSASSA-PKCS1-v1_5 signature; none when it has another form.
pub(super) fn hash_inside(key: &Key, signature: &[u8]) -> Option<Hash> {
    let Key::Rsa { n, e } = key else { return None };
    let opened = opened(n, e, signature, n.bits().div_ceil(8))?;
    let filling = opened.iter().skip(1).position(|byte| *byte == 0)? + 2;
    Hash::from_digest_info(opened.get(filling..)?).map(|(hash, _)| hash)
}

/// RSASSA-PSS (RFC 8017 §9.1.2), with a salt as long as it is.
fn pss(n: &BigUint, e: &BigUint, [hash, mask]: [Hash; 2], message: &[&[u8]], signature: &[u8]) -> Answer {
    let digest = hash.digest(message);
    let bits = n.bits() - 1;
    let read = || {
        let opened = opened(n, e, signature, bits.div_ceil(8))?;
        let (body, end) = opened.split_last_chunk::<1>()?;
        let (masked, inner) = body.split_at_checked(body.len().checked_sub(digest.len())?)?;
        if *end != [0xbc] {
            return None;
        }
        let mut data = unmasked(masked, inner, mask);
        // The bits that the modulus has no room for.
        let unused = u32::try_from(8 * opened.len() as u64 - bits).ok()?;
        let first = data.first_mut()?;
        *first &= 0xff_u8.checked_shr(unused)?;
        let salt_at = data.iter().position(|byte| *byte != 0)?;
        let salt = data.get(salt_at..)?.strip_prefix(&[1])?.to_vec();
        Some((salt, inner.to_vec()))
    };
    let Some((salt, inner)) = read() else { return Answer::Fails };
    if hash.digest(&[&[0; 8], &digest, &salt]) == inner { Answer::Holds } else { Answer::OtherMessage }
}

/// MGF1 (RFC 8017 §B.2.1) laid over some bytes.
fn unmasked(masked: &[u8], seed: &[u8], hash: Hash) -> Vec<u8> {
    let mut mask = Vec::with_capacity(masked.len() + 64);
    for counter in 0_u32.. {
        if mask.len() >= masked.len() {
            break;
        }
        mask.extend(hash.digest(&[seed, &counter.to_be_bytes()]));
    }
    masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect()
}
