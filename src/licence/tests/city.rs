//! A department that may issue, its staff, a company and two persons.

use std::{path::PathBuf, sync::Arc};

use base::{
    Entropy, Instant, Secret, SeededEntropy,
    id::{LicenceId, OrganisationId, PersonId, StaffId},
    number::{CreditCode, IdentityNumber},
};
use documents::Fonts;
use identity::{
    Role, Vault,
    events::{OrganisationCeased, PersonDied},
    organisation, person, staff,
};
use pki::{Custody, CustodySettings};
use records::{
    Actor, Consequence, Context, EventRow, Marked, Reacting, Work,
    testing::{Fresh, context, fresh_following, fresh_protected},
};
use seal::{Cabinet, NewSeal, SealKind};

use crate::{
    Error, Fields, Holder, HolderFacts, Library, Licence, Official,
    catalogue::{built_in, licence_type},
    issue::{self, Begun, Intent, NewLicence, Origin},
    library::Parts,
    lifecycle,
    register::{self, holder, reason::RevocationReason},
    revocation,
};

/// 2026-11-18 in the legal time zone.
pub const NOW: Instant = Instant::from_seconds(1_795_000_000);

/// What the product's table says of licences; this crate cannot see the table itself.
static CONSEQUENCES: &[Consequence] = &[
    Consequence::after::<PersonDied>(&[person_ended]),
    Consequence::after::<OrganisationCeased>(&[organisation_ended]),
];

fn person_ended<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
    Box::pin(async move {
        let holder = Holder::Person(event.read::<PersonDied>()?.person);
        lifecycle::holder_ended(work, &holder).await.map_err(base::Fault::broken)
    })
}

fn organisation_ended<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
    Box::pin(async move {
        let holder = Holder::Organisation(event.read::<OrganisationCeased>()?.organisation);
        lifecycle::holder_ended(work, &holder).await.map_err(base::Fault::broken)
    })
}

/// A department with its three people.
pub struct Department {
    pub id: OrganisationId,
    pub clerk: Official,
    pub reviewer: Official,
    pub seal: base::id::SealId,
}

/// A request under a key, to be changed before it is sent.
#[derive(Clone)]
pub struct Asked {
    pub origin: Origin,
    pub request: NewLicence,
}

impl std::ops::Deref for Asked {
    type Target = NewLicence;

    fn deref(&self) -> &NewLicence {
        &self.request
    }
}

impl std::ops::DerefMut for Asked {
    fn deref_mut(&mut self) -> &mut NewLicence {
        &mut self.request
    }
}

impl Asked {
    pub fn new(key: &str, request: NewLicence) -> Self {
        Self { origin: Origin::request("client", key), request }
    }

    /// The same for another holder, or as a renewal, or of another type.
    pub fn with(mut self, change: impl FnOnce(&mut NewLicence)) -> Self {
        change(&mut self.request);
        self
    }
}

pub struct City {
    pub fresh: Fresh,
    pub library: Library,
    pub entropy: Arc<dyn Entropy>,
    pub food: Department,
    pub police: Department,
    pub company: HolderFacts,
    pub person: HolderFacts,
    folder: PathBuf,
}

impl Drop for City {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub fn numbers(seventeen: &str) -> IdentityNumber {
    IdentityNumber::complete(seventeen).unwrap()
}

async fn register(work: &mut Work, vault: &Vault, name: &str, seventeen: &str) -> PersonId {
    let new = person::NewPerson {
        name: name.to_owned(),
        identity_number: numbers(seventeen),
        profile: person::Profile::default(),
    };
    person::register(work, vault, new).await.unwrap()
}

async fn organisation(work: &mut Work, name: &str, code: &str, kind: organisation::OrganisationKind) -> OrganisationId {
    let new = organisation::NewOrganisation {
        name: name.to_owned(),
        credit_code: CreditCode::complete(code).unwrap(),
        kind,
        legal_representative: None,
    };
    organisation::register(work, new).await.unwrap()
}

/// Appoints somebody; also in roles that exclude each other, which appointments from before may hold.
async fn appoint(work: &mut Work, person: &PersonId, at: &OrganisationId, roles: &[Role]) -> StaffId {
    let staff = staff::appoint(work, person, at, roles.get(..1).unwrap()).await.unwrap();
    let all = staff::Roles::new(roles).to_string();
    work.tx.run("update staff set roles = $2 where staff_id = $1", records::args![&staff, all]).await.unwrap();
    staff
}

pub async fn official(
    work: &mut Work,
    vault: &Vault,
    at: &OrganisationId,
    who: (&str, &str),
    roles: &[Role],
) -> Official {
    let person = register(work, vault, who.0, who.1).await;
    let id = appoint(work, &person, at, roles).await;
    Official::from(staff::find(&mut work.tx, &id).await.unwrap().unwrap())
}

async fn department(
    work: &mut Work,
    (vault, cabinet): (&Vault, &Cabinet),
    name: &str,
    code: &str,
    digits: &str,
) -> Department {
    let id = organisation(work, name, code, organisation::OrganisationKind::Department).await;
    let birth = |n: u32| format!("3301011980010{digits}{n:03}");
    let clerk = official(work, vault, &id, ("经办甲", &birth(1)), &[Role::Clerk, Role::Reviewer]).await;
    let reviewer = official(work, vault, &id, ("审核乙", &birth(2)), &[Role::Clerk, Role::Reviewer]).await;
    let keeper = official(work, vault, &id, ("保管丙", &birth(3)), &[Role::SealKeeper]).await;
    let new = NewSeal { organisation_id: id.clone(), kind: SealKind::Licence, keeper: keeper.staff_id };
    let seal = seal::create(work, cabinet, new).await.unwrap();
    Department { id, clerk, reviewer, seal }
}

pub async fn city() -> City {
    city_on(fresh_following(CONSEQUENCES).await.unwrap()).await
}

/// The same with a key of its log, under which its rows are marked.
pub async fn marked_city() -> City {
    static ALL: [&[Marked]; 4] =
        [identity::marked::MARKED, crate::marked::MARKED, pki::marked::MARKED, seal::marked::MARKED];
    city_on(fresh_protected(&ALL).await.unwrap()).await
}

async fn city_on(fresh: Fresh) -> City {
    let digest = crypto::digest::sha256(fresh.settings.url.expose().as_bytes());
    let folder = std::env::temp_dir().join(format!("guosuo_licences_{}", crypto::digest::hex(&digest[..8])));
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(17));
    let at = Context { entropy: Arc::clone(&entropy), ..context(NOW.plus_seconds(-3600), 1) };
    let settings = CustodySettings {
        root_folder: None,
        folder: folder.clone(),
        envelope: Secret::new([3; 32]),
        organisation: "滨江市政务服务".to_owned(),
        crl_url: "http://127.0.0.1:8080/crl/".to_owned(),
        backdate_seconds: 0,
    };
    let custody = Custody::open(&fresh.database, settings).await.unwrap();
    custody.ensure(at.clone()).await.unwrap();
    let fonts = Fonts::load(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../documents/fonts")).unwrap();
    let vault = Vault::new(&[9; 32]);
    let cabinet = Cabinet::new(custody, fonts.clone());
    let library = Library::new(Parts {
        key: Secret::new([5; 32]),
        vault: vault.clone(),
        cabinet: cabinet.clone(),
        fonts,
        public_url: "http://127.0.0.1:8080".to_owned(),
    });
    library.keep(&fresh.database);
    let mut work = fresh.database.begin(at).await.unwrap();
    built_in::install(&mut work).await.unwrap();
    let keeping = (&vault, &cabinet);
    let food = department(&mut work, keeping, "滨江市市场监督管理局", "11330100002489381", "1").await;
    let police = department(&mut work, keeping, "滨江市公安局交通警察支队", "11330100002489402", "2").await;
    licence_type::authorise(&mut work, built_in::FOOD, &food.id).await.unwrap();
    licence_type::authorise(&mut work, built_in::DRIVING, &police.id).await.unwrap();
    licence_type::authorise(&mut work, built_in::BIRTH, &police.id).await.unwrap();
    let company = organisation(
        &mut work,
        "滨江市龙福餐饮有限公司",
        "91330100MA2ABCDE1",
        organisation::OrganisationKind::Enterprise,
    )
    .await;
    let person = register(&mut work, &vault, "龘㐂𠮷", "33010119900307123").await;
    work.commit().await.unwrap();
    let mut tx = fresh.database.read().await.unwrap();
    let company = holder::facts(&mut tx, &library.vault, &Holder::Organisation(company)).await.unwrap();
    let person = holder::facts(&mut tx, &library.vault, &Holder::Person(person)).await.unwrap();
    drop(tx);
    City { fresh, library, entropy, food, police, company, person, folder }
}

impl City {
    pub fn context(&self, seconds: i64) -> Context {
        Context { entropy: Arc::clone(&self.entropy), ..context(NOW.plus_seconds(seconds), 1) }
    }

    pub async fn work(&self, seconds: i64) -> Work {
        self.fresh.database.begin(self.context(seconds)).await.unwrap()
    }

    /// What somebody of a department does.
    pub async fn work_of(&self, who: &Official, seconds: i64) -> Work {
        let actor = Actor::Staff { staff: who.staff_id.clone(), person: who.person_id.clone() };
        self.fresh.database.begin(Context { actor, ..self.context(seconds) }).await.unwrap()
    }

    /// What the department of food would issue to the company.
    pub fn food_request(&self, key: &str) -> Asked {
        let request = NewLicence {
            type_code: built_in::FOOD.to_owned(),
            holder: self.company.clone(),
            fields: food_fields(),
            valid_from: None,
            valid_until: None,
            renews: None,
        };
        Asked::new(key, request)
    }

    pub fn driving_request(&self, key: &str) -> Asked {
        let fields = [
            ("nationality", "中国"),
            ("address", "滨江市江南区解放路 1 号"),
            ("first_issue_date", "2026-11-18"),
            ("vehicle_class", "C1"),
            ("file_number", "330100123456"),
        ];
        let request = NewLicence {
            type_code: built_in::DRIVING.to_owned(),
            holder: self.person.clone(),
            fields: fields.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            valid_from: None,
            valid_until: None,
            renews: None,
        };
        Asked::new(key, request)
    }

    /// Somebody else in the register.
    pub async fn register(&self, name: &str, seventeen: &str) -> HolderFacts {
        let mut work = self.work(0).await;
        let id = register(&mut work, &self.library.vault, name, seventeen).await;
        work.commit().await.unwrap();
        self.facts(&Holder::Person(id)).await
    }

    /// What the register says of somebody now.
    pub async fn facts(&self, of: &Holder) -> HolderFacts {
        holder::facts(&mut self.fresh.database.read().await.unwrap(), &self.library.vault, of).await.unwrap()
    }

    /// A child of the person and of a woman who is registered with it, born yesterday.
    pub async fn birth_request(&self, key: &str) -> Asked {
        let mother = self.register("王芳", "33010119920101124").await;
        let born = format!("{} 08:15", NOW.date().plus_days(-1));
        let fields = [
            ("newborn_name", "龘小芳"),
            ("sex", "女"),
            ("birth_time", &born),
            ("birth_place", "滨江市"),
            ("facility", "滨江市妇幼保健院"),
            ("mother_name", &mother.name),
            ("mother_code", mother.number.expose()),
            ("father_name", &self.person.name),
            ("father_code", self.person.number.expose()),
        ];
        self.driving_request(key).with(|request| {
            request.type_code = built_in::BIRTH.to_owned();
            request.fields = fields.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        })
    }

    /// The first unit of work.
    pub async fn begin(&self, request: Asked, by: &Department, seconds: i64) -> Result<Begun, Error> {
        self.begin_in(&self.context(seconds), request, by).await
    }

    pub async fn begin_in(&self, context: &Context, request: Asked, by: &Department) -> Result<Begun, Error> {
        let mut work = self.fresh.database.begin(context.clone()).await?;
        let begun =
            issue::begin(&mut work, &self.library, &request.origin, request.request, (&by.clerk, &by.reviewer)).await?;
        if matches!(begun, Begun::Intent(_)) {
            work.commit().await?;
        }
        Ok(begun)
    }

    pub async fn intent(&self, request: Asked, by: &Department, seconds: i64) -> Intent {
        match self.begin(request, by, seconds).await.unwrap() {
            Begun::Intent(intent) => *intent,
            Begun::Issued(licence) => panic!("{} was issued before", licence.identifier),
        }
    }

    pub async fn finish(&self, intent: &Intent, seconds: i64) -> Result<Licence, Error> {
        issue::finish(&self.fresh.database, &self.library, &self.context(seconds), intent, None).await
    }

    /// Issues as one request does: two units of work at one instant.
    pub async fn issue(&self, request: Asked, by: &Department, seconds: i64) -> Result<Licence, Error> {
        let context = self.context(seconds);
        match self.begin_in(&context, request, by).await? {
            Begun::Intent(intent) => issue::finish(&self.fresh.database, &self.library, &context, &intent, None).await,
            Begun::Issued(licence) => Ok(licence),
        }
    }

    pub async fn find(&self, licence: &Licence) -> Licence {
        let mut tx = self.fresh.database.read().await.unwrap();
        register::by_id(&mut tx, &licence.id).await.unwrap().unwrap()
    }

    /// How many rows a table has.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let (count,): (i64,) = self.fresh.database.read().await.unwrap().one(sql, vec![]).await.unwrap();
        count
    }
}

/// Revokes in the name of a system that attests its own reviews.
pub async fn revoke_at_once(
    work: &mut Work,
    issuer: &OrganisationId,
    id: &LicenceId,
    reason: RevocationReason,
) -> Result<lifecycle::Changed, Error> {
    revocation::attest(work, std::slice::from_ref(issuer), "client", id, (reason, None)).await
}

pub fn food_fields() -> Fields {
    let fields = [
        ("legal_representative", "王小明"),
        ("residence", "滨江市江南区解放路 1 号"),
        ("premises", "滨江市江南区解放路 1 号一层"),
        ("business_category", "餐饮服务经营者"),
        ("business_items", "热食类食品制售；冷食类食品制售"),
    ];
    fields.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}
