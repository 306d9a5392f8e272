//! What we make ourselves, with keys of this run: a seal under a root, a list of what was revoked, a licence.

use std::{collections::HashSet, path::Path, sync::LazyLock};

use base::{Date, Instant, Text, number::LicenceIdentifier};
use crypto::{
    DigestAlgorithm, KeyHandle, Suite,
    cms::sign_detached,
    digest::Digest,
    sign::SigningKey,
    x509::{Certificate, Crl},
};
use documents::{Field, Filling, Fonts, Layout, SealPicture, SealText, Template, layout};
use futures_util::FutureExt;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa, KeyIdMethod,
    KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;
use verify::{
    licence::{LicenceFacts, Status},
    pdf::{Trust, folded},
};

const SEAL: &str = "滨江市市场监督管理局";

/// A root and a seal under it.
pub struct Ours {
    pub root: Vec<u8>,
    /// A list of the root that revokes nothing, and one that revokes the seal.
    pub lists: [Vec<u8>; 2],
    pub certificate: Vec<u8>,
    pub key: KeyHandle,
}

pub static OURS: LazyLock<Ours> = LazyLock::new(Ours::new);
pub static LICENCE: LazyLock<Vec<u8>> = LazyLock::new(licence);

pub fn now() -> Instant {
    Date::parse("2026-11-23").unwrap().start()
}

fn day(text: &str) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(Date::parse(text).unwrap().start().as_seconds()).unwrap()
}

fn params(name: &str, usages: Vec<KeyUsagePurpose>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (day("2026-01-01"), day("2031-01-01"));
    params.use_authority_key_identifier_extension = true;
    params.key_usages = usages;
    params
}

impl Ours {
    fn new() -> Self {
        let mut of_root = params("根", vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign]);
        of_root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(of_root, KeyPair::generate().unwrap()).unwrap();
        let mut of_seal = params("印", vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment]);
        of_seal.is_ca = IsCa::ExplicitNoCa;
        let pair = KeyPair::generate().unwrap();
        let certificate = of_seal.signed_by(&pair, &root).unwrap().der().to_vec();
        let list = |revoked: Vec<RevokedCertParams>| {
            let params = CertificateRevocationListParams {
                this_update: day("2026-11-22"),
                next_update: day("2026-11-24"),
                crl_number: SerialNumber::from(1),
                issuing_distribution_point: None,
                revoked_certs: revoked,
                key_identifier_method: KeyIdMethod::Sha256,
            };
            params.signed_by(&root).unwrap().der().to_vec()
        };
        let revoked = RevokedCertParams {
            serial_number: SerialNumber::from_slice(&Certificate::parse(&certificate).unwrap().serial),
            revocation_time: day("2026-06-01"),
            reason_code: None,
            invalidity_date: None,
        };
        Self {
            lists: [list(vec![]), list(vec![revoked])],
            root: root.der().to_vec(),
            key: SigningKey::from_pkcs8(Suite::Es256, &pair.serialize_der()).unwrap().into(),
            certificate,
        }
    }

    pub fn trust(&self) -> Trust {
        Trust {
            roots: vec![Certificate::parse(&self.root).unwrap()],
            authorities: vec![],
            lists: vec![Crl::parse(&self.lists[0]).unwrap()],
            seal_names: HashSet::from([folded(SEAL)]),
            issuer_codes: HashSet::from(["11220000013544541J".to_owned()]),
        }
    }

    /// A signature over some bytes, as a licence carries it.
    pub fn signature(&self, bytes: &[u8]) -> Vec<u8> {
        self.sign(Digest::of(DigestAlgorithm::Sha256, bytes))
    }

    fn sign(&self, digest: Digest) -> Vec<u8> {
        let chain = [self.root.clone()];
        sign_detached(digest, &self.key, &self.certificate, &chain).now_or_never().unwrap().unwrap()
    }
}

fn identifier() -> String {
    LicenceIdentifier::compose("11100000000013338W032", "11220000013544541J", "2026112300000001", 1)
        .unwrap()
        .to_string()
}

fn licence() -> Vec<u8> {
    let fonts = Fonts::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/documents/fonts")).unwrap();
    let text = SealText { ring: SEAL.into(), below: String::new(), number: String::new() };
    let picture = SealPicture::draw(&fonts, &text).unwrap();
    let layout = Layout::parse(layout::FOOD_BUSINESS).unwrap();
    let template = Template::new(&fonts, &layout, &picture, DigestAlgorithm::Sha256).unwrap();
    let filling = Filling {
        title: "食品经营许可证".to_owned(),
        identifier: identifier(),
        fields: layout.cells.iter().map(|cell| Field::new(cell.key.clone(), "龙福餐饮")).collect(),
        qr_text: "HTTPS://V.EXAMPLE/V/123456789012345678901".to_owned(),
        metadata: vec![],
        signer_name: SEAL.to_owned(),
        at: now(),
    };
    let prepared = template.typeset(&filling).unwrap();
    let cms = OURS.sign(prepared.digest());
    prepared.finish(&cms).unwrap().into_bytes()
}

/// The record of the licence.
pub fn record() -> LicenceFacts {
    LicenceFacts {
        identifier: identifier(),
        type_name: Text::fixed("食品经营许可证", "Food business licence"),
        status: Status::Valid,
        status_reason: None,
        changed_at: now(),
        holder_shown: "龙福餐饮".to_owned(),
        issuer_name: SEAL.to_owned(),
        issued_at: now(),
        valid_from: now().date(),
        valid_until: None,
        is_intact: true,
        file: None,
    }
}
