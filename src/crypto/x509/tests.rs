use base::{Entropy, Instant, SeededEntropy};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, CustomExtension, DnType,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;

use super::{Certificate, ChainError, Crl, Revocation, chain::build_and_check};

const START: i64 = 1_800_000_000;
const END: i64 = 1_900_000_000;

fn at(seconds: i64) -> Instant {
    Instant::from_seconds(seconds)
}

fn params(name: &str, authority: Option<BasicConstraints>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::from_unix_timestamp(START).unwrap();
    params.not_after = OffsetDateTime::from_unix_timestamp(END).unwrap();
    params.use_authority_key_identifier_extension = true;
    if let Some(constraints) = authority {
        params.is_ca = IsCa::Ca(constraints);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    } else {
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    }
    params
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn root() -> Authority {
    let params = params("根", Some(BasicConstraints::Unconstrained));
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn below(parent: &Authority, params: CertificateParams) -> Authority {
    CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), parent).unwrap()
}

fn leaf(parent: &Authority, params: &CertificateParams) -> Certificate {
    let key = KeyPair::generate().unwrap();
    Certificate::parse(params.signed_by(&key, parent).unwrap().der()).unwrap()
}

fn parsed(authority: &Authority) -> Certificate {
    Certificate::parse(authority.der()).unwrap()
}

fn revocation(lists: &[Crl]) -> Revocation<'_> {
    Revocation { lists, now: at(START + 1000), required: !lists.is_empty() }
}

fn list(issuer: &Authority, revoked: Vec<RevokedCertParams>) -> Crl {
    let params = CertificateRevocationListParams {
        this_update: OffsetDateTime::from_unix_timestamp(START + 900).unwrap(),
        next_update: OffsetDateTime::from_unix_timestamp(START + 2000).unwrap(),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked,
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Crl::parse(params.signed_by(issuer).unwrap().der()).unwrap()
}

fn entry(certificate: &Certificate, seconds: i64, reason: RevocationReason) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(&certificate.serial),
        revocation_time: OffsetDateTime::from_unix_timestamp(seconds).unwrap(),
        reason_code: Some(reason),
        invalidity_date: None,
    }
}

#[test]
fn a_chain_of_three_holds_within_its_period_only() {
    let root = root();
    let authority = below(&root, params("签发", Some(BasicConstraints::Constrained(0))));
    let leaf = leaf(&authority, &params("印章", None));
    let check = |seconds, expected: Option<ChainError>| {
        let result =
            build_and_check(&leaf, &[parsed(&authority)], &[parsed(&root)], at(seconds), &Revocation::not_asked());
        assert_eq!(result.as_ref().err(), expected.as_ref(), "{seconds}");
        if let Ok(chain) = result {
            assert_eq!(chain.certificates.len(), 3);
        }
    };
    check(START - 1, Some(ChainError::NotYetValid("印章".to_owned())));
    check(START, None);
    check(END, None);
    check(END + 1, Some(ChainError::Expired("印章".to_owned())));
    assert_eq!(leaf.common_name.as_deref(), Some("印章"));
}

#[test]
fn another_root_of_the_same_name_is_not_trusted() {
    let (ours, theirs) = (root(), root());
    let leaf = leaf(&theirs, &params("印章", None));
    let result = build_and_check(&leaf, &[parsed(&theirs)], &[parsed(&ours)], at(START), &Revocation::not_asked());
    assert_eq!(result.unwrap_err(), ChainError::UnknownIssuer("根".to_owned()));
}

#[test]
fn an_ordinary_certificate_cannot_issue() {
    let root = root();
    let mut pretender = params("冒充", None);
    pretender.key_usages.push(KeyUsagePurpose::KeyCertSign);
    let pretender = below(&root, pretender);
    let leaf = leaf(&pretender, &params("印章", None));
    let result = build_and_check(&leaf, &[parsed(&pretender)], &[parsed(&root)], at(START), &Revocation::not_asked());
    assert_eq!(result.unwrap_err(), ChainError::NotAnAuthority("冒充".to_owned()));
}

#[test]
fn the_path_length_of_each_authority_is_kept() {
    let root = root();
    let first = below(&root, params("一", Some(BasicConstraints::Constrained(0))));
    let second = below(&first, params("二", Some(BasicConstraints::Unconstrained)));
    let leaf = leaf(&second, &params("印章", None));
    let between = [parsed(&first), parsed(&second)];
    let result = build_and_check(&leaf, &between, &[parsed(&root)], at(START), &Revocation::not_asked());
    assert_eq!(result.unwrap_err(), ChainError::PathTooLong("一".to_owned()));
}

#[test]
fn keys_sign_only_what_they_may() {
    let root = root();
    let mut encryption = params("加密", None);
    encryption.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
    let encryption = leaf(&root, &encryption);
    let check = |leaf: &Certificate, expected| {
        let result = build_and_check(leaf, &[], &[parsed(&root)], at(START), &Revocation::not_asked());
        assert_eq!(result.unwrap_err(), expected);
    };
    check(&encryption, ChainError::KeyUsage("加密".to_owned()));
    let mut no_signing = params("无权", Some(BasicConstraints::Unconstrained));
    no_signing.key_usages = vec![KeyUsagePurpose::CrlSign];
    let no_signing = below(&root, no_signing);
    let below_it = leaf(&no_signing, &params("印章", None));
    let result =
        build_and_check(&below_it, &[parsed(&no_signing)], &[parsed(&root)], at(START), &Revocation::not_asked());
    assert_eq!(result.unwrap_err(), ChainError::KeyUsage("无权".to_owned()));
    // A root signs no documents.
    check(&parsed(&root), ChainError::KeyUsage("根".to_owned()));
}

#[test]
fn an_unknown_critical_extension_is_not_passed_over() {
    let root = root();
    let with = |critical| {
        let mut params = params("印章", None);
        let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
        extension.set_criticality(critical);
        params.custom_extensions.push(extension);
        let leaf = leaf(&root, &params);
        build_and_check(&leaf, &[], &[parsed(&root)], at(START), &Revocation::not_asked()).err()
    };
    assert_eq!(with(true), Some(ChainError::UnknownCriticalExtension("印章".to_owned())));
    assert_eq!(with(false), None);
}

#[test]
fn what_is_revoked_is_told_from_when_and_why() {
    let root = root();
    let leaf = leaf(&root, &params("印章", None));
    let check = |revoked: Option<(i64, RevocationReason)>, signed_at, sound: bool| {
        let lists = [list(&root, revoked.map(|(since, reason)| entry(&leaf, since, reason)).into_iter().collect())];
        let result = build_and_check(&leaf, &[], &[parsed(&root)], at(signed_at), &revocation(&lists));
        assert_eq!(result.is_ok(), sound, "{revoked:?} {signed_at}");
        if let Err(error) = result {
            assert!(matches!(error, ChainError::Revoked { .. }), "{error}");
        }
    };
    check(None, START + 500, true);
    check(Some((START + 400, RevocationReason::Superseded)), START + 500, false);
    check(Some((START + 600, RevocationReason::Superseded)), START + 500, true);
    check(Some((START + 600, RevocationReason::KeyCompromise)), START + 500, false);
}

#[test]
fn a_list_that_is_stale_or_not_the_authoritys_own_is_not_used() {
    let (root, other) = (root(), root());
    let leaf = leaf(&root, &params("印章", None));
    let roots = [parsed(&root)];
    let check = |lists: &[Crl], now| {
        let revocation = Revocation { lists, now: at(now), required: true };
        let result = build_and_check(&leaf, &[], &roots, at(START + 500), &revocation);
        result.err().map(|error| matches!(error, ChainError::RevocationUnknown(_)))
    };
    let own = [list(&root, vec![])];
    assert_eq!(check(&own, START + 1000), None);
    assert_eq!(check(&own, START + 1999), None);
    assert_eq!(check(&own, START + 2000), Some(true));
    assert_eq!(check(&own, START + 899), Some(true));
    assert_eq!(check(&[list(&other, vec![])], START + 1000), Some(true));
    assert_eq!(check(&[], START + 1000), Some(true));
}

#[test]
fn crossed_authorities_do_not_buy_our_time() {
    // Many authorities of one name and no key identifiers: each could have signed each.
    let mut many = Vec::new();
    for _ in 0..12 {
        let mut params = params("同名", Some(BasicConstraints::Unconstrained));
        params.use_authority_key_identifier_extension = false;
        let mut authority = parsed(&CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap());
        authority.subject_key_id = None;
        authority.authority_key_id = None;
        many.push(authority);
    }
    let mut params = params("同名", Some(BasicConstraints::Unconstrained));
    params.use_authority_key_identifier_extension = false;
    let issuer: Authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let leaf = leaf(&issuer, &self::params("印章", None));
    let root = root();
    for _ in 0..3 {
        many.extend(many.clone());
    }
    let result = build_and_check(&leaf, &many, &[parsed(&root)], at(START), &Revocation::not_asked());
    assert!(result.is_err());
}

#[test]
fn a_changed_certificate_is_refused_or_loses_its_issuer() {
    let root = root();
    let good = leaf(&root, &params("印章", None));
    let roots = [parsed(&root)];
    for place in 0..good.der.len() {
        assert!(Certificate::parse(&good.der[..place]).is_err(), "cut at {place}");
        for bit in 0..8 {
            let mut changed = good.der.clone();
            changed[place] ^= 1 << bit;
            if let Ok(changed) = Certificate::parse(&changed) {
                let chain = build_and_check(&changed, &[], &roots, at(START), &Revocation::not_asked());
                assert!(chain.is_err(), "byte {place} bit {bit}");
            }
        }
    }
    let mut longer = good.der.clone();
    longer.push(0);
    assert!(Certificate::parse(&longer).is_err());
}

#[test]
fn random_bytes_never_panic() {
    let entropy = SeededEntropy::new(7);
    let root = root();
    let samples = [root.der().to_vec(), {
        let params = CertificateRevocationListParams {
            this_update: OffsetDateTime::from_unix_timestamp(START).unwrap(),
            next_update: OffsetDateTime::from_unix_timestamp(END).unwrap(),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&root).unwrap().der().to_vec()
    }];
    for sample in &samples {
        for _ in 0..3000 {
            let mut bytes = sample.clone();
            for _ in 0..=entropy.next() % 8 {
                let place = entropy.next() as usize % bytes.len();
                let mut byte = [0];
                entropy.fill(&mut byte);
                bytes[place] = byte[0];
            }
            let _ = Certificate::parse(&bytes);
            let _ = Crl::parse(&bytes);
        }
    }
}
