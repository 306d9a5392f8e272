//! ECDSA on the curves that certificates name, over numbers of any size.
//!
//! It is slow and its time depends on its numbers: good enough for asking whether a stranger's signature holds, where
//! all numbers are public, and for nothing else.
#![allow(clippy::many_single_char_names, reason = "the numbers are named as the standards name them")]

use num_bigint::BigUint;

/// `y² = x³ + ax + b` over the integers modulo `p`, with a base point of order `n`.
pub(super) struct Curve {
    p: BigUint,
    a: BigUint,
    b: BigUint,
    base: Point,
    n: BigUint,
    /// How many bytes a coordinate has.
    pub(super) length: usize,
}

/// A point in Jacobian coordinates; at infinity when `z` is zero.
#[derive(Clone, Debug)]
pub(super) struct Point {
    x: BigUint,
    y: BigUint,
    z: BigUint,
}

/// A curve as it is printed in its standard: the name's content, and hexadecimal numbers.
struct Printed {
    oid: &'static [u8],
    p: &'static str,
    a: &'static str,
    b: &'static str,
    x: &'static str,
    y: &'static str,
    n: &'static str,
}

const CURVES: &[Printed] = &[
    // P-224, SEC 2.
    Printed {
        oid: &[0x2b, 0x81, 0x04, 0x00, 0x21],
        p: "ffffffffffffffffffffffffffffffff000000000000000000000001",
        a: "fffffffffffffffffffffffffffffffefffffffffffffffffffffffe",
        b: "b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4",
        x: "b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21",
        y: "bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34",
        n: "ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d",
    },
    // P-256.
    Printed {
        oid: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        p: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        a: "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
        b: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        x: "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        y: "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        n: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    },
    // P-384.
    Printed {
        oid: &[0x2b, 0x81, 0x04, 0x00, 0x22],
        p: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
        a: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000fffffffc",
        b: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
        x: "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        y: "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        n: "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    },
    // P-521.
    Printed {
        oid: &[0x2b, 0x81, 0x04, 0x00, 0x23],
        p: "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
            fffffffffffffffffffffffffffffff",
        a: "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
            ffffffffffffffffffffffffffffffc",
        b: "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf0735\
            73df883d2c34f1ef451fd46b503f00",
        x: "c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de33\
            48b3c1856a429bf97e7e31c2e5bd66",
        y: "11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad07613\
            53c7086a272c24088be94769fd16650",
        n: "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03\
            bb5c9b8899c47aebb6fb71e91386409",
    },
    // secp256k1.
    Printed {
        oid: &[0x2b, 0x81, 0x04, 0x00, 0x0a],
        p: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
        a: "0",
        b: "7",
        x: "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        y: "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
        n: "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    },
    // brainpoolP256r1, RFC 5639.
    Printed {
        oid: &[0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07],
        p: "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377",
        a: "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
        b: "26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6",
        x: "8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262",
        y: "547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997",
        n: "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7",
    },
    // brainpoolP384r1.
    Printed {
        oid: &[0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0b],
        p: "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123acd3a729901d1a71874700133107ec53",
        a: "7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f8aa5814a503ad4eb04a8c7dd22ce2826",
        b: "4a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d57cb4390295dbc9943ab78696fa504c11",
        x: "1d1c64f068cf45ffa2a63a81b7c13f6b8847a3e77ef14fe3db7fcafe0cbd10e8e826e03436d646aaef87b2e247d4af1e",
        y: "8abe1d7520f9c2a45cb1eb8e95cfd55262b70b29feec5864e19c054ff99129280e4646217791811142820341263c5315",
        n: "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565",
    },
    // brainpoolP512r1.
    Printed {
        oid: &[0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0d],
        p: "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca703308717d4d9b009bc66842aecda12ae6a380e62881\
            ff2f2d82c68528aa6056583a48f3",
        a: "7830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f11\
            17a72bf2c7b9e7c1ac4d77fc94ca",
        b: "3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94cadc083e679840\
            50b75ebae5dd2809bd638016f723",
        x: "81aee4bdd82ed9645a21322e9c4c6a9385ed9f70b5d916c1b43b62eef4d0098eff3b1f78e2d0d48d50d1687b93b97d5f7c6d\
            5047406a5e688b352209bcb9f822",
        y: "7dde385d566332ecc0eabfa9cf7822fdf209f70024a57b1aa000c55b881f8111b2dcde494a5f485e5bca4bd88a2763aed1ca\
            2b2fa8f0540678cd1e0f3ad80892",
        n: "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870553e5c414ca92619418661197fac10471db1\
            d381085ddaddb58796829ca90069",
    },
];

fn number(hexadecimal: &str) -> BigUint {
    BigUint::parse_bytes(hexadecimal.as_bytes(), 16).unwrap_or_default()
}

impl Curve {
    /// The curve of that name; none when we do not know it.
    pub(super) fn named(oid: &[u8]) -> Option<Self> {
        let printed = CURVES.iter().find(|printed| printed.oid == oid)?;
        let p = number(printed.p);
        let length = usize::try_from(p.bits().div_ceil(8)).ok()?;
        let base = Point { x: number(printed.x), y: number(printed.y), z: BigUint::from(1_u8) };
        Some(Self { p, a: number(printed.a), b: number(printed.b), base, n: number(printed.n), length })
    }

    /// The point that these bytes write, if it is on the curve (SEC 1 §2.3.4).
    pub(super) fn point(&self, bytes: &[u8]) -> Option<Point> {
        let (kind, coordinates) = bytes.split_first()?;
        let (x, y) = coordinates.split_at_checked(self.length)?;
        let x = BigUint::from_bytes_be(x);
        if x >= self.p {
            return None;
        }
        let square = (self.times(&self.times(&x, &x), &x) + self.times(&self.a, &x) + &self.b) % &self.p;
        let y = match kind {
            4 if y.len() == self.length => BigUint::from_bytes_be(y),
            2 | 3 if y.is_empty() => self.root(&square, *kind == 3)?,
            _ => return None,
        };
        (y < self.p && self.times(&y, &y) == square).then(|| Point { x, y, z: BigUint::from(1_u8) })
    }

    /// The square root of that oddness where taking one is easy: `p` is 3 modulo 4 on all of these curves but P-224.
    fn root(&self, square: &BigUint, is_odd: bool) -> Option<BigUint> {
        if !(self.p.bit(0) && self.p.bit(1)) {
            return None;
        }
        let root = square.modpow(&((&self.p + 1_u8) >> 2), &self.p);
        Some(if root.bit(0) == is_odd { root } else { &self.p - root })
    }

    /// Whether `(r, s)` is a signature of `key` over a digest (FIPS 186-5 §6.4.2).
    pub(super) fn verify(&self, key: &Point, digest: &[u8], r: &BigUint, s: &BigUint) -> bool {
        let zero = BigUint::ZERO;
        if *r == zero || *s == zero || *r >= self.n || *s >= self.n {
            return false;
        }
        // The order is a prime: this is the inverse.
        let inverse = s.modpow(&(&self.n - 2_u8), &self.n);
        let (u, v) = ((leftmost(digest, self.n.bits()) * &inverse) % &self.n, (r * inverse) % &self.n);
        let found = self.sum(&u, &v, key);
        if found.z == zero {
            return false;
        }
        // Compared without dividing: x is X/Z², and r may have lost one n.
        let square = self.times(&found.z, &found.z);
        let mut x = r.clone();
        while x < self.p {
            if self.times(&x, &square) == found.x {
                return true;
            }
            x += &self.n;
        }
        false
    }

    /// `u` times the base point and `v` times another, both at once.
    fn sum(&self, u: &BigUint, v: &BigUint, key: &Point) -> Point {
        let both = self.add(&self.base, key);
        let mut sum = Point { x: BigUint::from(1_u8), y: BigUint::from(1_u8), z: BigUint::ZERO };
        for place in (0..self.n.bits()).rev() {
            sum = self.double(&sum);
            sum = match (u.bit(place), v.bit(place)) {
                (true, true) => self.add(&sum, &both),
                (true, false) => self.add(&sum, &self.base),
                (false, true) => self.add(&sum, key),
                (false, false) => sum,
            };
        }
        sum
    }

    fn times(&self, left: &BigUint, right: &BigUint) -> BigUint {
        (left * right) % &self.p
    }

    fn minus(&self, left: &BigUint, right: &BigUint) -> BigUint {
        (left + &self.p - right) % &self.p
    }

    fn double(&self, point: &Point) -> Point {
        let Point { x, y, z } = point;
        let yy = self.times(y, y);
        let zz = self.times(z, z);
        let s = (self.times(x, &yy) << 2) % &self.p;
        let m = (self.times(x, x) * 3_u8 + self.times(&self.a, &self.times(&zz, &zz))) % &self.p;
        let doubled_x = self.minus(&self.times(&m, &m), &((&s << 1) % &self.p));
        let yyyy8 = (self.times(&yy, &yy) << 3) % &self.p;
        let doubled_y = self.minus(&self.times(&m, &self.minus(&s, &doubled_x)), &yyyy8);
        Point { x: doubled_x, y: doubled_y, z: (self.times(y, z) << 1) % &self.p }
    }

    fn add(&self, left: &Point, right: &Point) -> Point {
        if left.z == BigUint::ZERO {
            return right.clone();
        }
        if right.z == BigUint::ZERO {
            return left.clone();
        }
        let (left_zz, right_zz) = (self.times(&left.z, &left.z), self.times(&right.z, &right.z));
        let (left_u, right_u) = (self.times(&left.x, &right_zz), self.times(&right.x, &left_zz));
        let left_s = self.times(&self.times(&left.y, &right.z), &right_zz);
        let right_s = self.times(&self.times(&right.y, &left.z), &left_zz);
        let (h, r) = (self.minus(&right_u, &left_u), self.minus(&right_s, &left_s));
        if h == BigUint::ZERO {
            return if r == BigUint::ZERO { self.double(left) } else { Point { z: h, ..left.clone() } };
        }
        let hh = self.times(&h, &h);
        let hhh = self.times(&hh, &h);
        let v = self.times(&left_u, &hh);
        let x = self.minus(&self.minus(&self.times(&r, &r), &hhh), &((&v << 1) % &self.p));
        let y = self.minus(&self.times(&r, &self.minus(&v, &x)), &self.times(&left_s, &hhh));
        Point { x, y, z: self.times(&h, &self.times(&left.z, &right.z)) }
    }
}

/// The leftmost bits of a digest, as many as the order of a group has.
pub(super) fn leftmost(digest: &[u8], bits: u64) -> BigUint {
    let length = digest.len() as u64 * 8;
    BigUint::from_bytes_be(digest) >> length.saturating_sub(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_base_point_is_on_its_curve_and_has_its_order() {
        for printed in CURVES {
            let curve = Curve::named(printed.oid).unwrap();
            let bytes = |text: &str| number(text).to_bytes_be();
            let padded = |text: &str| [vec![0; curve.length - bytes(text).len()], bytes(text)].concat();
            let base = [vec![4], padded(printed.x), padded(printed.y)].concat();
            assert!(curve.point(&base).is_some(), "{}", printed.p);
            let times_order = curve.sum(&curve.n, &BigUint::ZERO, &curve.base);
            assert_eq!(times_order.z, BigUint::ZERO, "{}", printed.p);
            let mut off = base.clone();
            *off.last_mut().unwrap() ^= 1;
            assert!(curve.point(&off).is_none() && curve.point(&base[1..]).is_none());
            let is_odd = number(printed.y).bit(0);
            let short = [vec![if is_odd { 3 } else { 2 }], padded(printed.x)].concat();
            assert_eq!(curve.point(&short).map(|point| point.y), (curve.p.bit(1)).then(|| number(printed.y)));
        }
    }
}
