//! Tests on a real database, real key files and the real fonts.

mod keeping;

use std::{path::PathBuf, sync::Arc};

use base::{
    Entropy, Instant, ListPage, Secret,
    id::{OrganisationId, SealId, StaffId},
    number::{CreditCode, IdentityNumber},
};
use documents::Fonts;
use identity::{Vault, organisation, person, staff, staff::Role};
use pki::{Custody, CustodySettings};
use records::{
    Context, Work,
    testing::{Fresh, context, fresh},
};

use crate::{
    ActiveSeal, Cabinet, Error, NewSeal, SealKind, SealState, cancel, create, freeze, limits, list, queries::by_id,
    renew, unfreeze,
};

const NOW: Instant = Instant::from_seconds(1_795_000_000);

struct House {
    fresh: Fresh,
    cabinet: Cabinet,
    folder: PathBuf,
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

struct Counting(base::SeededEntropy);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}

fn at(seconds: i64, entropy: &Arc<dyn Entropy>) -> Context {
    Context { entropy: Arc::clone(entropy), ..context(NOW.plus_seconds(seconds), 1) }
}

async fn house() -> (House, Arc<dyn Entropy>) {
    let fresh = fresh().await.unwrap();
    let digest = crypto::digest::sha256(fresh.settings.url.expose().as_bytes());
    let folder = std::env::temp_dir().join(format!("guosuo_seals_{}", crypto::digest::hex(&digest[..8])));
    let entropy: Arc<dyn Entropy> = Arc::new(Counting(base::SeededEntropy::new(11)));
    let settings = CustodySettings {
        root_folder: None,
        folder: folder.clone(),
        envelope: Secret::new([3; 32]),
        organisation: "滨江市政务服务".to_owned(),
        crl_url: "http://127.0.0.1:8080/crl/".to_owned(),
        backdate_seconds: 0,
    };
    let custody = Custody::open(&fresh.database, settings).await.unwrap();
    custody.ensure(at(0, &entropy)).await.unwrap();
    let fonts = Fonts::load(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../documents/fonts")).unwrap();
    let cabinet = Cabinet::new(custody, fonts);
    cabinet.keep(&fresh.database);
    (House { fresh, cabinet, folder }, entropy)
}

async fn work(house: &House, seconds: i64, entropy: &Arc<dyn Entropy>) -> Work {
    house.fresh.database.begin(at(seconds, entropy)).await.unwrap()
}

/// A department with a seal keeper.
async fn department(work: &mut Work, name: &str, code: &str, roles: &[Role]) -> (OrganisationId, StaffId) {
    let organisation = organisation::register(
        work,
        organisation::NewOrganisation {
            name: name.to_owned(),
            credit_code: CreditCode::complete(code).unwrap(),
            kind: organisation::OrganisationKind::Department,
            legal_representative: None,
        },
    )
    .await
    .unwrap();
    let number = format!("33010119900101{:03}", work.entropy().bytes::<1>()[0]);
    let person = person::register(
        work,
        &Vault::new(&[9; 32]),
        person::NewPerson {
            name: "印管".to_owned(),
            identity_number: IdentityNumber::complete(&number).unwrap(),
            profile: person::Profile::default(),
        },
    )
    .await
    .unwrap();
    let staff = staff::appoint(work, &person, &organisation, roles).await.unwrap();
    (organisation, staff)
}

async fn active(house: &House, organisation: &OrganisationId, seconds: i64) -> Result<SealId, Error> {
    let mut tx = house.fresh.database.read().await.unwrap();
    let seal = house.cabinet.active_for(&mut tx, organisation, NOW.plus_seconds(seconds)).await?;
    Ok(seal.seal_id)
}

const NAME: &str = "滨江市市场监督管理局";
const CODE: &str = "11330100002489381";

async fn sealed_department(house: &House, entropy: &Arc<dyn Entropy>) -> (OrganisationId, SealId) {
    let mut work = work(house, 1, entropy).await;
    let (organisation, keeper) = department(&mut work, NAME, CODE, &[Role::SealKeeper]).await;
    let new = NewSeal { organisation_id: organisation.clone(), kind: SealKind::Licence, keeper };
    let seal = create(&mut work, &house.cabinet, new).await.unwrap();
    work.commit().await.unwrap();
    (organisation, seal)
}

#[tokio::test]
async fn a_new_seal_seals_until_it_is_frozen_and_again_after() {
    let (house, entropy) = house().await;
    let (organisation, seal) = sealed_department(&house, &entropy).await;
    assert_eq!(active(&house, &organisation, 2).await.unwrap(), seal);
    let mut tx = house.fresh.database.read().await.unwrap();
    let view = by_id(&mut tx, &seal).await.unwrap().unwrap();
    assert_eq!(view.number, "33010000000001");
    assert_eq!(view.name, "滨江市市场监督管理局电子证照专用章");
    assert!(house.cabinet.draw(&view).is_ok());
    let page = list(&mut tx, &organisation, &ListPage::first(1)).await.unwrap();
    assert_eq!((page.items, page.next), (vec![view], None));
    drop(tx);

    let mut next = work(&house, 3, &entropy).await;
    freeze(&mut next, &seal, "印章管理员交接").await.unwrap();
    next.commit().await.unwrap();
    assert!(matches!(active(&house, &organisation, 4).await, Err(Error::NoActiveSeal)));

    let mut next = work(&house, 5, &entropy).await;
    let refused = freeze(&mut next, &seal, "再次").await;
    assert!(matches!(refused, Err(Error::Transition { from: SealState::Frozen, .. })));
    unfreeze(&mut next, &seal, "交接完成").await.unwrap();
    next.commit().await.unwrap();
    assert_eq!(active(&house, &organisation, 6).await.unwrap(), seal);
}

#[tokio::test]
async fn a_cancelled_seal_never_seals_again_and_its_certificate_is_revoked() {
    let (house, entropy) = house().await;
    let (organisation, seal) = sealed_department(&house, &entropy).await;
    let mut next = work(&house, 3, &entropy).await;
    cancel(&mut next, house.cabinet.custody(), &seal, "机构撤销").await.unwrap();
    let again = cancel(&mut next, house.cabinet.custody(), &seal, "机构撤销").await;
    assert!(matches!(again, Err(Error::Transition { from: SealState::Cancelled, .. })));
    let refused = unfreeze(&mut next, &seal, "反悔").await;
    assert!(matches!(refused, Err(Error::Transition { from: SealState::Cancelled, .. })));
    next.commit().await.unwrap();
    assert!(matches!(active(&house, &organisation, 4).await, Err(Error::NoActiveSeal)));
    assert_eq!(house.cabinet.custody().crl(2).unwrap().number, 2);
}

#[tokio::test]
async fn a_revoked_or_expired_certificate_refuses_to_seal() {
    let (house, entropy) = house().await;
    let (organisation, seal) = sealed_department(&house, &entropy).await;
    assert!(active(&house, &organisation, pki::limits::SEAL_SECONDS).await.is_ok());
    let expired = active(&house, &organisation, pki::limits::SEAL_SECONDS + 1).await;
    assert!(matches!(expired, Err(Error::Pki(pki::Error::KeyUnusable { state: "expired", .. }))));

    let mut next = work(&house, 3, &entropy).await;
    let view = by_id(&mut next.tx, &seal).await.unwrap().unwrap();
    let custody = house.cabinet.custody();
    let signer = custody.seal_signer(&mut next.tx, view.key_id.as_ref().unwrap()).await.unwrap();
    let reason = pki::RevocationReason::KeyCompromise;
    pki::crl::revoke(&mut next, custody, &signer.certificate_id, reason).await.unwrap();
    next.commit().await.unwrap();
    let revoked = active(&house, &organisation, 4).await;
    assert!(matches!(revoked, Err(Error::Pki(pki::Error::KeyUnusable { state: "revoked", .. }))));
}

async fn taken_out(house: &House, organisation: &OrganisationId, seconds: i64) -> ActiveSeal {
    let mut tx = house.fresh.database.read().await.unwrap();
    house.cabinet.active_for(&mut tx, organisation, NOW.plus_seconds(seconds)).await.unwrap()
}

#[tokio::test]
async fn a_renewed_seal_seals_with_another_key_and_is_the_same_seal() {
    let (house, entropy) = house().await;
    let (organisation, seal) = sealed_department(&house, &entropy).await;
    let before = taken_out(&house, &organisation, 2).await;
    let mut next = work(&house, 3, &entropy).await;
    let refused = renew(&mut next, house.cabinet.custody(), &seal, " ").await;
    assert!(matches!(refused, Err(Error::Reason { .. })));
    let key = renew(&mut next, house.cabinet.custody(), &seal, "证书即将到期").await.unwrap();
    next.commit().await.unwrap();
    let after = taken_out(&house, &organisation, 4).await;
    assert_eq!((&after.seal_id, &after.name, &after.number), (&before.seal_id, &before.name, &before.number));
    assert_eq!(after.signer.key_id, key);
    assert_ne!(before.signer.key_id, key);
    let mut next = work(&house, 5, &entropy).await;
    let old = house.cabinet.custody().seal_signer(&mut next.tx, &before.signer.key_id).await.unwrap();
    let refused = old.check_usable(pki::Purpose::Seal, NOW.plus_seconds(4));
    assert!(matches!(refused, Err(pki::Error::KeyUnusable { state: "retired", .. })));
    assert!(old.revoked_at.is_none(), "what it sealed stays good");

    freeze(&mut next, &seal, "印章管理员调离").await.unwrap();
    renew(&mut next, house.cabinet.custody(), &seal, "密钥泄露").await.unwrap();
    cancel(&mut next, house.cabinet.custody(), &seal, "机构撤销").await.unwrap();
    let refused = renew(&mut next, house.cabinet.custody(), &seal, "换发证书").await;
    assert!(matches!(refused, Err(Error::Transition { from: SealState::Cancelled, .. })));
}

#[tokio::test]
async fn only_a_seal_keeper_of_the_department_gets_one_seal_of_each_kind() {
    let (house, entropy) = house().await;
    let mut work = work(&house, 1, &entropy).await;
    let (first, keeper) = department(&mut work, NAME, CODE, &[Role::SealKeeper]).await;
    let (second, clerk) = department(&mut work, "滨江市卫生健康委员会", "11330100002490000", &[Role::Clerk]).await;
    let new = |organisation: &OrganisationId, keeper: &StaffId| NewSeal {
        organisation_id: organisation.clone(),
        kind: SealKind::Licence,
        keeper: keeper.clone(),
    };
    let refused = create(&mut work, &house.cabinet, new(&second, &keeper)).await;
    assert!(matches!(refused, Err(Error::NotAKeeper)));
    let refused = create(&mut work, &house.cabinet, new(&second, &clerk)).await;
    assert!(matches!(refused, Err(Error::NotAKeeper)));
    create(&mut work, &house.cabinet, new(&first, &keeper)).await.unwrap();
    let refused = create(&mut work, &house.cabinet, new(&first, &keeper)).await;
    assert!(matches!(refused, Err(Error::AlreadyHasOne)));
    let official = NewSeal { kind: SealKind::Official, ..new(&first, &keeper) };
    let official = create(&mut work, &house.cabinet, official).await.unwrap();
    assert_eq!(by_id(&mut work.tx, &official).await.unwrap().unwrap().number, "33010000000002");
    assert!(matches!(active_in(&house, &mut work, &second).await, Err(Error::NoActiveSeal)));
}

async fn active_in(house: &House, work: &mut Work, organisation: &OrganisationId) -> Result<SealId, Error> {
    Ok(house.cabinet.active_for(&mut work.tx, organisation, NOW.plus_seconds(2)).await?.seal_id)
}

#[tokio::test]
async fn a_name_has_to_fit_the_ring() {
    let (house, entropy) = house().await;
    let mut work = work(&house, 1, &entropy).await;
    for (place, length, fits) in [
        (0, limits::RING_CHARACTERS_MIN - 1, false),
        (1, limits::RING_CHARACTERS_MIN, true),
        (2, limits::RING_CHARACTERS_MAX, true),
        (3, limits::RING_CHARACTERS_MAX + 1, false),
    ] {
        let code = format!("1133010000249{place}000");
        let (organisation, keeper) = department(&mut work, &"局".repeat(length), &code, &[Role::SealKeeper]).await;
        let new = NewSeal { organisation_id: organisation, kind: SealKind::Licence, keeper };
        let made = create(&mut work, &house.cabinet, new).await;
        assert_eq!(made.is_ok(), fits, "{length} {made:?}");
    }
}

#[tokio::test]
async fn the_steps_of_a_seal_are_kept_in_their_order() {
    let (house, entropy) = house().await;
    let (_, seal) = sealed_department(&house, &entropy).await;
    let told = async |expected: &[&str]| {
        assert_eq!(records::testing::last_kinds(&house.fresh.database, expected.len()).await.unwrap(), expected);
    };
    let made = ["seal.applied", "pki.key.created", "pki.certificate.issued", "seal.made", "seal.filed", "seal.enabled"];
    told(&made).await;
    let mut end = work(&house, 2, &entropy).await;
    cancel(&mut end, house.cabinet.custody(), &seal, "机构改革，部门撤并").await.unwrap();
    end.commit().await.unwrap();
    told(&["seal.cancelled", "pki.certificate.revoked", "pki.key.revoked", "pki.crl.signed"]).await;
}
