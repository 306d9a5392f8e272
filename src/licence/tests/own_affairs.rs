//! Nobody decides on their own affair, whatever the act.

use base::{
    Period,
    id::{ApplicationId, LicenceId, RevocationId},
};
use identity::{Reason, Role, mandate, staff};
use records::args;

use super::city::{Asked, City, Department, city, official};
use crate::{
    DecisionNumber, Error, Holder, Official, application, events, issue, lifecycle,
    register::{
        self,
        reason::{ReturnReason, RevocationReason, SuspensionReason, WithdrawalReason},
    },
    revocation::{self, Filed},
    verification,
};

/// What is asked of an act that leaves an event of this crate.
enum Asks {
    /// Whether it is the own affair of whoever acts.
    Who(&'static [Act]),
    /// Nothing: no person decides anything by it, and why.
    Nobody(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Adopt,
    AdoptRevocation,
    Amend,
    Apply,
    Approve,
    ApproveRevocation,
    AttestAsClerk,
    AttestAsReviewer,
    CompareHolder,
    FileRevocation,
    Propose,
    RefuseProposedRevocation,
    RefuseRevocation,
    Reinstate,
    Return,
    ReturnProposed,
    Suspend,
    Withdraw,
    WithdrawRevocation,
}

const LOOK: &str = "it is a look, and changes nothing";
const SYSTEM: &str = "what is done of itself after an act that was asked about";
const CATALOGUE: &str = "it is about a type, and about nobody's licence";

/// Every kind of event of this crate, and which acts lead to it.
const TABLE: &[(&str, Asks)] = &[
    ("application.adopted", Asks::Who(&[Act::Adopt])),
    ("application.amended", Asks::Who(&[Act::Amend])),
    ("application.approved", Asks::Who(&[Act::Approve])),
    ("application.opened", Asks::Nobody(LOOK)),
    ("application.proposed", Asks::Who(&[Act::Propose])),
    ("application.returned", Asks::Who(&[Act::Return, Act::ReturnProposed])),
    ("application.submitted", Asks::Who(&[Act::Apply])),
    ("application.withdrawn", Asks::Who(&[Act::Withdraw])),
    ("licence.issue_intended", Asks::Who(&[Act::Approve, Act::AttestAsClerk, Act::AttestAsReviewer])),
    ("licence.issue_resumed", Asks::Nobody(SYSTEM)),
    ("licence.issued", Asks::Nobody(SYSTEM)),
    ("licence.joint_holder_added", Asks::Nobody(SYSTEM)),
    ("licence.listed", Asks::Nobody(LOOK)),
    ("licence.notice_seen", Asks::Nobody("only the holder and whoever acts for it says that a notice was seen")),
    ("licence.opened", Asks::Nobody(LOOK)),
    ("licence.reinstated", Asks::Who(&[Act::Reinstate])),
    ("licence.revocation_adopted", Asks::Who(&[Act::AdoptRevocation])),
    ("licence.revocation_filed", Asks::Who(&[Act::FileRevocation])),
    ("licence.revocation_opened", Asks::Nobody(LOOK)),
    ("licence.revocation_refused", Asks::Who(&[Act::RefuseRevocation, Act::RefuseProposedRevocation])),
    ("licence.revocation_withdrawn", Asks::Who(&[Act::WithdrawRevocation])),
    ("licence.revoked", Asks::Who(&[Act::ApproveRevocation, Act::FileRevocation])),
    ("licence.searched", Asks::Nobody(LOOK)),
    ("licence.superseded", Asks::Nobody(SYSTEM)),
    ("licence.suspended", Asks::Who(&[Act::Suspend])),
    ("licence.verified", Asks::Nobody("what a verification says does not depend on who asks")),
    ("licence.voided", Asks::Nobody(SYSTEM)),
    ("licence_type.drafted", Asks::Nobody(CATALOGUE)),
    ("licence_type.issuer_added", Asks::Nobody(CATALOGUE)),
    ("licence_type.published", Asks::Nobody(CATALOGUE)),
    ("licence_type.retired", Asks::Nobody(CATALOGUE)),
    ("licence_type.revocation_set", Asks::Nobody(CATALOGUE)),
    ("verification.alarm", Asks::Nobody(SYSTEM)),
    ("verification.holder_compared", Asks::Who(&[Act::CompareHolder])),
    ("verification.receipt_opened", Asks::Nobody(LOOK)),
];

/// One affair: a person's own licence, or that of an organisation that the person acts for.
struct Affair<'c> {
    city: &'c City,
    department: &'c Department,
    own: Official,
    asked: Asked,
    submitted: ApplicationId,
    digest: String,
    proposed: ApplicationId,
    licence: LicenceId,
    /// What waits for a clerk first, and for a reviewer then.
    revocation: Option<RevocationId>,
}

fn number() -> DecisionNumber {
    DecisionNumber::parse("滨市监吊销〔2026〕12号").unwrap()
}

impl Affair<'_> {
    /// What becomes of an act of the one whose affair it is; nothing of it is kept.
    async fn act(&self, act: Act) -> Result<(), Error> {
        let (library, safe, own) = (&self.city.library, &self.city.library.safe, &self.own);
        let mut work = self.city.work_of(own, 20).await;
        let work = &mut work;
        let issuers = std::slice::from_ref(&self.department.id);
        let revocation = self.revocation.as_ref();
        let request = self.asked.request.clone();
        match act {
            Act::Adopt => application::adopt(work, safe, own, &self.proposed, &self.digest).await,
            Act::AdoptRevocation => revocation::adopt(work, revocation.unwrap(), &number()).await,
            Act::Amend => {
                application::amend(work, library, own, (&self.submitted, &self.digest), &request).await.map(drop)
            }
            Act::Apply => application::apply(work, library, own, request).await.map(drop),
            Act::Approve => application::approve(work, library, own, &self.submitted, &self.digest).await.map(drop),
            Act::ApproveRevocation => revocation::approve(work, revocation.unwrap()).await.map(drop),
            Act::AttestAsClerk => {
                let both = (own, &self.department.reviewer);
                issue::begin(work, library, &self.asked.origin, request, both).await.map(drop)
            }
            Act::AttestAsReviewer => {
                let both = (&self.department.clerk, own);
                issue::begin(work, library, &self.asked.origin, request, both).await.map(drop)
            }
            Act::CompareHolder => {
                let licence = register::by_id(&mut work.tx, &self.licence).await.unwrap().unwrap();
                let number = library.number(licence.code.as_str());
                let verdict = verification::by_number(work, &library.catalogue.now(), &number).await.unwrap();
                verification::counter::say(work, &verdict.receipt.unwrap(), true).await.map(drop)
            }
            Act::FileRevocation => {
                revocation::file(work, &self.licence, RevocationReason::Fraud, &number()).await.map(drop)
            }
            Act::Propose => application::propose(work, library, "system", own, request).await.map(drop),
            Act::RefuseProposedRevocation | Act::RefuseRevocation => {
                revocation::refuse(work, revocation.unwrap(), &Reason::parse("听证后认定事实不清").unwrap()).await
            }
            Act::Reinstate => lifecycle::reinstate(work, issuers, &self.licence).await.map(drop),
            Act::Return => {
                application::send_back(work, safe, own, &self.submitted, (ReturnReason::Incomplete, "")).await
            }
            Act::ReturnProposed => {
                application::send_back(work, safe, own, &self.proposed, (ReturnReason::Incomplete, "")).await
            }
            Act::Suspend => {
                lifecycle::suspend(work, issuers, &self.licence, SuspensionReason::Investigation).await.map(drop)
            }
            Act::Withdraw => {
                let why = (WithdrawalReason::EnteredInError, "");
                application::withdraw(work, safe, own, &self.submitted, why).await
            }
            Act::WithdrawRevocation => revocation::withdraw(work, revocation.unwrap()).await,
        }
    }

    /// Has acts refused, and says which were asked about.
    async fn refused(&self, acts: &[Act], asked: &mut Vec<Act>) {
        for act in acts {
            let outcome = self.act(*act).await;
            // A system is told of whom it is.
            let is_of_clerk = matches!(act, Act::AttestAsClerk | Act::Propose);
            let told = if is_of_clerk { Error::OwnAffairOfClerk } else { Error::OwnAffair };
            assert_eq!(outcome.as_ref().map_err(Error::code), Err(told.code()), "{act:?}");
            asked.push(*act);
        }
    }

    /// Makes the one whose affair it is the one who entered it, as if the holder had become theirs later.
    async fn entered_by_own(&self, entered: &'static str) {
        let mut tx = self.city.fresh.database.housekeeping().await.unwrap();
        tx.run(entered, args![self.own.staff_id.as_str(), self.own.person_id.as_str()]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A system asks for the revocation of the licence.
    async fn propose_revocation(&mut self) {
        let mut work = self.city.work(10).await;
        let (issuers, why) = (std::slice::from_ref(&self.department.id), (RevocationReason::Penalty, None));
        let filed = revocation::propose(&mut work, issuers, "system", &self.licence, why).await.unwrap();
        work.commit().await.unwrap();
        let Filed::Waiting(waiting) = filed else { panic!("it waits") };
        self.revocation = Some(waiting.id);
    }

    /// A clerk of the department takes it on.
    async fn adopt_revocation(&self) {
        let mut work = self.city.work_of(&self.department.clerk, 11).await;
        revocation::adopt(&mut work, self.revocation.as_ref().unwrap(), &number()).await.unwrap();
        work.commit().await.unwrap();
    }

    /// Every act of the one whose affair it is, each while it could be done otherwise.
    async fn every_act(&mut self) -> Vec<Act> {
        let mut asked = Vec::new();
        let free = [Act::Apply, Act::Propose, Act::Adopt, Act::ReturnProposed, Act::Approve, Act::Return];
        self.refused(&free, &mut asked).await;
        self.refused(&[Act::AttestAsClerk, Act::AttestAsReviewer], &mut asked).await;
        self.refused(&[Act::CompareHolder, Act::FileRevocation, Act::Suspend], &mut asked).await;
        let mut work = self.city.work_of(&self.department.clerk, 9).await;
        let issuers = std::slice::from_ref(&self.department.id);
        lifecycle::suspend(&mut work, issuers, &self.licence, SuspensionReason::Investigation).await.unwrap();
        work.commit().await.unwrap();
        self.refused(&[Act::Reinstate], &mut asked).await;
        self.propose_revocation().await;
        self.refused(&[Act::AdoptRevocation, Act::RefuseProposedRevocation], &mut asked).await;
        self.adopt_revocation().await;
        self.refused(&[Act::ApproveRevocation, Act::RefuseRevocation], &mut asked).await;
        self.entered_by_own("update application set maker_staff = $1, maker_person = $2 where state = 'submitted'")
            .await;
        self.entered_by_own("update licence_revocation set filed_by = $1, filed_person = $2").await;
        self.refused(&[Act::Amend, Act::Withdraw, Act::WithdrawRevocation], &mut asked).await;
        asked
    }
}

/// An affair of somebody, with what waits and what was issued before.
async fn affair<'c>(city: &'c City, department: &'c Department, own: Official, asked: Asked) -> Affair<'c> {
    let mut work = city.work(1).await;
    let (library, clerk) = (&city.library, &department.clerk);
    let submitted = application::apply(&mut work, library, clerk, asked.request.clone()).await.unwrap();
    // As if both had come in the same instant: one after the other, the second would be told of the first.
    let hide = "update application set state = 'withdrawn' where application_id = $1";
    work.tx.run(hide, args![&submitted]).await.unwrap();
    let proposed = application::propose(&mut work, library, "system", clerk, asked.request.clone()).await.unwrap();
    let show = "update application set state = 'submitted' where application_id = $1";
    work.tx.run(show, args![&submitted]).await.unwrap();
    let digest = application::find(&mut work.tx, &library.safe, &department.id, &submitted).await.unwrap().digest;
    work.commit().await.unwrap();
    let licence = city.issue(asked.clone(), department, 2).await.unwrap().id;
    let asked = Asked::new("another key", asked.request);
    Affair { city, department, own, asked, submitted, digest, proposed, licence, revocation: None }
}

#[tokio::test]
async fn every_act_of_a_person_asks_whether_it_is_their_own_affair() {
    let mut kinds: Vec<&str> = events::ALL.iter().map(|kind| kind.name).collect();
    kinds.sort_unstable();
    let mut listed: Vec<&str> = TABLE.iter().map(|(kind, _)| *kind).collect();
    listed.sort_unstable();
    assert_eq!(listed, kinds, "each kind of event says whether its acts ask");
    let city = city().await;
    let (Holder::Organisation(company), Holder::Person(person)) = (&city.company.holder, &city.person.holder) else {
        panic!("a company and a person")
    };
    let mut work = city.work(0).await;
    let (who, both) = (("经办己", "33010119800101913"), [Role::Clerk, Role::Reviewer]);
    let acting = official(&mut work, &city.library.vault, &city.food.id, who, &both).await;
    let always = Period { start: city.context(0).at, end: None };
    mandate::give(&mut work, company, &acting.person_id, always).await.unwrap();
    let appointed = staff::appoint(&mut work, person, &city.police.id, &[Role::Clerk]).await.unwrap();
    work.tx.run("update staff set roles = 'clerk reviewer' where staff_id = $1", args![&appointed]).await.unwrap();
    let holder = Official::from(staff::find(&mut work.tx, &appointed).await.unwrap().unwrap());
    work.commit().await.unwrap();
    // Of both types somebody may have several: one is issued while others wait.
    let birth = city.birth_request("h").await;
    for (department, own, asked) in [(&city.food, acting, city.food_request("a")), (&city.police, holder, birth)] {
        let asked = affair(&city, department, own, asked).await.every_act().await;
        for (kind, asks) in TABLE {
            match asks {
                Asks::Who(acts) => assert!(acts.iter().all(|act| asked.contains(act)), "{kind}"),
                Asks::Nobody(why) => assert!(!why.is_empty(), "{kind}"),
            }
        }
    }
}
