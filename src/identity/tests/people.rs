use records::args;

use super::*;

#[tokio::test]
async fn a_person_is_found_by_number_and_the_number_is_nowhere_in_clear() -> Result<(), Error> {
    let city = City::found().await?;
    let mut tx = city.database().read().await?;
    let found = person::find_by_identity_number(&mut tx, &city.vault, &number(1)).await?.unwrap();
    assert_eq!((&found.person_id, found.name.as_str()), (&city.person, "张伟"));
    assert_eq!(found.identity_number(&city.vault)?, number(1));
    assert!(person::find_by_identity_number(&mut tx, &city.vault, &number(2)).await?.is_none());
    // Another key finds nobody and opens nothing.
    let other = Vault::new(&[8; 32]);
    assert!(person::find_by_identity_number(&mut tx, &other, &number(1)).await?.is_none());
    assert!(found.identity_number(&other).is_err());
    let (lookup, sealed, profile): (String, Vec<u8>, String) =
        tx.one("select identity_lookup, identity_sealed, profile from person", vec![]).await?;
    let number = number(1);
    let clear = number.as_str().as_bytes();
    assert!(!lookup.contains(number.as_str()) && !profile.contains(number.as_str()));
    assert!(!sealed.windows(clear.len()).any(|window| window == clear));
    Ok(())
}

#[tokio::test]
async fn a_sealed_number_does_not_open_in_another_persons_row() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let second = person::register(&mut work, &city.vault, new_person("李娜", 2)).await?;
    work.commit().await?;
    let mut tx = city.database().housekeeping().await?;
    tx.run(
        "update person set identity_sealed = (select o.identity_sealed from person o where o.person_id <> $1)
          where person_id = $1",
        records::args![&second],
    )
    .await?;
    let moved = person::find(&mut tx, &second).await?.unwrap();
    assert!(moved.identity_number(&city.vault).is_err());
    Ok(())
}

#[tokio::test]
async fn a_person_is_registered_once() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let again = person::register(&mut work, &city.vault, new_person("张伟", 1)).await;
    assert!(matches!(again, Err(Error::IdentityNumberTaken)));
    work.commit().await?;
    assert_eq!(city.events::<events::PersonRegistered>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_profile_is_kept_as_given_and_completed_from_the_number() -> Result<(), Error> {
    let city = City::found().await?;
    let profile = Profile {
        nickname: Some("小李".to_owned()),
        email: Some("li@example.org".to_owned()),
        phone_number: Some("+86 138 0013 8000".to_owned()),
        address: Some(person::Address {
            formatted: Some("滨江市\n人民路1号".to_owned()),
            ..person::Address::default()
        }),
        ..Profile::default()
    };
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let new = NewPerson { profile: profile.clone(), ..new_person("龘㐂𠮷", 2) };
    let person = person::register(&mut work, &city.vault, new).await?;
    work.commit().await?;
    let found = person::find(&mut city.database().read().await?, &person).await?.unwrap();
    assert_eq!(found.name, "龘㐂𠮷");
    let completed = Profile { birthdate: Some("1990-01-01".to_owned()), gender: Some("female".to_owned()), ..profile };
    assert_eq!(found.profile, completed);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_true_is_refused_by_name_and_changes_nothing() -> Result<(), Error> {
    let city = City::found().await?;
    let check = async |name: &str, profile: Profile| -> Result<Error, Fault> {
        let mut work = city.database().begin(context(at(0), 2)).await?;
        let new = NewPerson { profile, ..new_person(name, 2) };
        Ok(person::register(&mut work, &city.vault, new).await.unwrap_err())
    };
    let none = Profile::default;
    assert!(matches!(check(&"长".repeat(121), none()).await?, Error::Name(crate::NameError::TooLong(120))));
    let character = |error: Error| match error {
        Error::Name(crate::NameError::Character(refused)) => refused.character,
        other => panic!("{other}"),
    };
    assert_eq!(character(check("张\u{202e}三", none()).await?), '\u{202e}');
    let field = |text: &str| Some(text.to_owned());
    assert_eq!(character(check("Zhang <b>", none()).await?), '<');
    for wrong in ["nowhere", "@", "li@", "@example.com", "li@example@com", "li na@example.com"] {
        let email = check("李娜", Profile { email: field(wrong), ..none() }).await?;
        assert!(matches!(email, Error::Field { field: "email" }), "{wrong}");
    }
    for wrong in ["１３８", "12", "+", "1234567890123456"] {
        let phone = check("李娜", Profile { phone_number: field(wrong), ..none() }).await?;
        assert!(matches!(phone, Error::Field { field: "phone_number" }), "{wrong}");
    }
    let date = check("李娜", Profile { birthdate: field("2001-02-29"), ..none() }).await?;
    assert!(matches!(date, Error::Field { field: "birthdate" }));
    let long = check("李娜", Profile { website: Some("w".repeat(501)), ..none() }).await?;
    assert!(matches!(long, Error::Field { field: "website" }));
    assert_eq!(city.events::<events::PersonRegistered>().await?.len(), 1);
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let fits = NewPerson {
        profile: Profile { website: Some("w".repeat(500)), ..none() },
        ..new_person(&"长".repeat(120), 2)
    };
    person::register(&mut work, &city.vault, fits).await?;
    Ok(())
}

fn code(serial: u32) -> CreditCode {
    CreditCode::complete(&format!("113301000000{serial:05}")).unwrap()
}

fn department(name: &str, serial: u32) -> NewOrganisation {
    NewOrganisation {
        name: name.to_owned(),
        credit_code: code(serial),
        kind: OrganisationKind::Department,
        legal_representative: None,
    }
}

#[tokio::test]
async fn an_organisation_is_found_by_its_code_and_registered_once() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let bureau = organisation::register(&mut work, department("滨江市市场监督管理局", 1)).await?;
    let again = organisation::register(&mut work, department("别的局", 1)).await;
    assert!(matches!(again, Err(Error::CreditCodeTaken)));
    work.commit().await?;
    let mut tx = city.database().read().await?;
    let found = organisation::find_by_code(&mut tx, &code(1)).await?.unwrap();
    assert_eq!((found.organisation_id, found.name.as_str()), (bureau, "滨江市市场监督管理局"));
    assert!(organisation::find_by_code(&mut tx, &code(2)).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn organisations_are_walked_over_two_pages() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    for serial in 1..=3 {
        organisation::register(&mut work, department("局", serial)).await?;
    }
    let enterprise = NewOrganisation { kind: OrganisationKind::Enterprise, ..department("公司", 4) };
    organisation::register(&mut work, enterprise).await?;
    work.commit().await?;
    let mut tx = city.database().read().await?;
    let first = organisation::list(&mut tx, OrganisationKind::Department, &ListPage::first(2)).await?;
    let second =
        organisation::list(&mut tx, OrganisationKind::Department, &ListPage::after(first.next.clone().unwrap(), 2))
            .await?;
    assert_eq!((first.items.len(), second.items.len(), second.next), (2, 1, None));
    let enterprises = organisation::list(&mut tx, OrganisationKind::Enterprise, &ListPage::first(2)).await?;
    assert_eq!((enterprises.items.len(), enterprises.next), (1, None));
    Ok(())
}

#[tokio::test]
async fn the_staff_of_a_department_are_walked_without_those_of_others_and_those_who_left() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let mut bureaus = Vec::new();
    for serial in 1..=2 {
        bureaus.push(organisation::register(&mut work, department("局", serial)).await?);
    }
    let mut appointed = Vec::new();
    for serial in 10..18_u32 {
        let person = person::register(&mut work, &city.vault, new_person("李娜", serial)).await?;
        let bureau = &bureaus[serial as usize % 2];
        appointed.push(staff::appoint(&mut work, &person, bureau, &[Role::Clerk]).await?);
    }
    staff::end(&mut work, &appointed[2]).await?;
    work.commit().await?;
    let mut tx = city.database().read().await?;
    let (mut found, mut page) = (Vec::new(), ListPage::first(1));
    loop {
        let read = staff::list(&mut tx, &bureaus[0], &page).await?;
        found.extend(read.items.into_iter().map(|view| view.staff_id));
        let Some(next) = read.next else { break };
        page = ListPage::after(next, 1);
    }
    assert_eq!(found.iter().collect::<Vec<_>>(), [&appointed[0], &appointed[4], &appointed[6]]);
    Ok(())
}

#[tokio::test]
async fn who_may_act_for_an_organisation_is_its_representative_or_has_a_mandate_that_runs() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let agent = person::register(&mut work, &city.vault, new_person("李娜", 2)).await?;
    let company = NewOrganisation {
        kind: OrganisationKind::Enterprise,
        legal_representative: Some(city.person.clone()),
        ..department("公司", 1)
    };
    let company = organisation::register(&mut work, company).await?;
    let period = base::Period { start: at(10), end: Some(at(20)) };
    mandate::give(&mut work, &company, &agent, period).await?;
    work.commit().await?;
    let check = async |person: &PersonId, seconds, may: bool| -> Result<(), Fault> {
        let mut tx = city.database().read().await?;
        assert_eq!(mandate::may_act(&mut tx, &company, person, at(seconds)).await?, may, "{seconds}");
        assert_eq!(organisation::of_person(&mut tx, person, at(seconds)).await?.len(), usize::from(may), "{seconds}");
        Ok(())
    };
    check(&city.person, 0, true).await?;
    check(&agent, 9, false).await?;
    check(&agent, 10, true).await?;
    check(&agent, 19, true).await?;
    check(&agent, 20, false).await?;
    let mut work = city.database().begin(context(at(15), 3)).await?;
    assert!(mandate::end(&mut work, &company, &agent).await?);
    assert!(!mandate::end(&mut work, &company, &agent).await?);
    work.commit().await?;
    check(&agent, 15, false).await?;
    assert_eq!(city.events::<events::MandateEnded>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn staff_work_in_one_department_until_the_appointment_ends() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let bureau = organisation::register(&mut work, department("局", 1)).await?;
    let company = NewOrganisation { kind: OrganisationKind::Enterprise, ..department("公司", 2) };
    let company = organisation::register(&mut work, company).await?;
    let in_company = staff::appoint(&mut work, &city.person, &company, &[Role::Clerk]).await;
    assert!(matches!(in_company, Err(Error::OrganisationUnknown)));
    assert!(matches!(staff::appoint(&mut work, &city.person, &bureau, &[]).await, Err(Error::RoleMissing)));
    let clerk = staff::appoint(&mut work, &city.person, &bureau, &[Role::Counter, Role::Clerk, Role::Clerk]).await?;
    let again = staff::appoint(&mut work, &city.person, &bureau, &[Role::Auditor]).await;
    assert!(matches!(again, Err(Error::AlreadyAppointed)));
    work.commit().await?;
    let mut tx = city.database().read().await?;
    let found = staff::of_person(&mut tx, &city.person).await?.unwrap();
    assert_eq!((&found.staff_id, found.roles.to_string().as_str()), (&clerk, "clerk counter"));
    assert_eq!(staff::find(&mut tx, &clerk).await?.unwrap().name, "张伟");
    assert_eq!(staff::list(&mut tx, &bureau, &ListPage::first(1)).await?.items.len(), 1);
    drop(tx);
    let mut work = city.database().begin(context(at(1), 3)).await?;
    staff::end(&mut work, &clerk).await?;
    assert!(matches!(staff::end(&mut work, &clerk).await, Err(Error::StaffUnknown)));
    staff::appoint(&mut work, &city.person, &bureau, &[Role::Auditor]).await?;
    work.commit().await?;
    assert!(staff::find(&mut city.database().read().await?, &clerk).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn after_a_death_nobody_signs_in_or_acts_in_that_name() -> Result<(), Error> {
    let city = City::found().await?;
    let opened = city.sign_in(0, &right()).await?;
    let mut work = city.database().begin(context(at(1), 2)).await?;
    account::open(&mut work, &city.person, "second", None).await?;
    let new = NewOrganisation {
        name: "滨江市公安局".to_owned(),
        credit_code: CreditCode::complete("11330100002489402").unwrap(),
        kind: OrganisationKind::Department,
        legal_representative: None,
    };
    let department = organisation::register(&mut work, new).await?;
    let staff = staff::appoint(&mut work, &city.person, &department, &[Role::Clerk]).await?;
    let tomorrow = work.at().date().plus_days(1);
    assert!(matches!(death::record(&mut work, &city.person, tomorrow).await, Err(Error::DiedOn { .. })));
    let nobody = PersonId::stored("per_00000000000000000000000000".to_owned());
    assert!(matches!(death::record(&mut work, &nobody, at(0).date()).await, Err(Error::PersonUnknown)));
    work.commit().await?;
    assert!(city.session(&opened.token, 2).await?.is_some());
    assert_eq!(city.events::<events::PersonDied>().await?.len(), 0);

    let day = at(0).date().plus_days(-2);
    let mut work = city.database().begin(context(at(3), 3)).await?;
    death::record(&mut work, &city.person, day).await?;
    // What the table of consequences says.
    account::close_of_person(&mut work, &city.person).await?;
    staff::end_of_person(&mut work, &city.person).await?;
    work.commit().await?;
    assert!(city.session(&opened.token, 4).await?.is_none());
    assert!(matches!(city.sign_in(5, &right()).await, Err(Error::Refused)), "as a wrong password is");
    let mut work = city.database().begin(context(at(6), 4)).await?;
    assert!(staff::find(&mut work.tx, &staff).await?.is_none());
    assert!(matches!(account::unlock(&mut work, &city.account).await, Err(Error::AccountUnknown)));
    assert!(matches!(account::open(&mut work, &city.person, "third", None).await, Err(Error::PersonDeceased)));
    let again = staff::appoint(&mut work, &city.person, &department, &[Role::Clerk]).await;
    assert!(matches!(again, Err(Error::PersonDeceased)));
    // The first day stands.
    death::record(&mut work, &city.person, at(0).date()).await?;
    assert_eq!(person::find(&mut work.tx, &city.person).await?.unwrap().died_on, Some(day));
    drop(work);
    let died = city.events::<events::PersonDied>().await?;
    assert_eq!(died, [events::PersonDied { person: city.person.clone(), on: day.to_string() }]);
    assert_eq!(city.events::<events::AccountClosed>().await?.len(), 2);
    assert_eq!(city.events::<events::StaffEnded>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_organisation_is_suspended_until_it_resumes_and_ceases_for_good() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let new = NewOrganisation {
        name: "滨江市龙福餐饮有限公司".to_owned(),
        credit_code: CreditCode::complete("91330100MA2ABCDE1").unwrap(),
        kind: OrganisationKind::Enterprise,
        legal_representative: None,
    };
    let id = organisation::register(&mut work, new).await?;
    let unknown = |outcome| matches!(outcome, Err(Error::OrganisationUnknown));
    assert!(unknown(organisation::resume(&mut work, &id).await), "it is active");
    organisation::suspend(&mut work, &id).await?;
    assert!(unknown(organisation::suspend(&mut work, &id).await));
    organisation::resume(&mut work, &id).await?;
    organisation::suspend(&mut work, &id).await?;
    organisation::cease(&mut work, &id).await?;
    assert!(unknown(organisation::resume(&mut work, &id).await));
    assert!(unknown(organisation::cease(&mut work, &id).await));
    work.commit().await?;
    let found = organisation::find(&mut city.database().read().await?, &id).await?.unwrap();
    assert_eq!(found.state, organisation::OrganisationState::Ceased);
    assert_eq!(city.events::<events::OrganisationSuspended>().await?.len(), 2);
    assert_eq!(city.events::<events::OrganisationResumed>().await?.len(), 1);
    assert_eq!(city.events::<events::OrganisationCeased>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn roles_of_which_one_checks_the_other_exclude_each_other() -> Result<(), Error> {
    let city = City::found().await?;
    for (one, other) in staff::EXCLUSIVE {
        let mut work = city.database().begin(context(at(0), 2)).await?;
        let bureau = organisation::register(&mut work, department("局", 1)).await?;
        let refused = staff::appoint(&mut work, &city.person, &bureau, &[other, one]).await;
        assert!(matches!(refused, Err(Error::RolesExclude { .. })), "{one:?} and {other:?}: {refused:?}");
        staff::appoint(&mut work, &city.person, &bureau, &[one]).await?;
    }
    let excluded = |role| staff::EXCLUSIVE.iter().filter(|(one, other)| *one == role || *other == role).count();
    assert_eq!(excluded(Role::Auditor), Role::ALL.len() - 1, "auditors do nothing else");
    assert_eq!(excluded(Role::Counter), 1, "the counter checks nobody and is checked by auditors");
    Ok(())
}

#[tokio::test]
async fn a_name_of_an_older_version_is_found_however_it_is_typed_and_stays_as_it_is() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    let person = person::register(&mut work, &city.vault, new_person("李木子", 2)).await?;
    let company = organisation::register(&mut work, department("滨江市一品餐馆", 3)).await?;
    work.commit().await?;
    // As a version wrote them that knew no keys and took whatever was typed.
    let mut tx = city.database().housekeeping().await?;
    tx.run("update person set name = '李\u{2f4a}\u{2f26}', name_key = null where person_id = $1", args![&person])
        .await?;
    let name = "滨江市—品《一品》餐馆";
    tx.run("update organisation set name = $2, name_key = null where organisation_id = $1", args![&company, name])
        .await?;
    tx.commit().await?;
    let filled = async || -> Result<usize, Fault> {
        let mut tx = city.database().housekeeping().await?;
        let filled = person::key_some(&mut tx).await? + organisation::key_some(&mut tx).await?;
        tx.commit().await?;
        Ok(filled)
    };
    assert_eq!((filled().await?, filled().await?), (2, 0));
    let mut tx = city.database().read().await?;
    for typed in ["李木子", "李\u{2f4a}\u{2f26}", " 李 木 子"] {
        let found = person::find_by_name(&mut tx, typed).await?;
        assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["李\u{2f4a}\u{2f26}"], "{typed}");
    }
    let found = organisation::find_by_name(&mut tx, name).await?;
    assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), [name]);
    Ok(())
}

#[tokio::test]
async fn two_people_whose_names_look_alike_have_one_name_and_are_both_found_by_it() -> Result<(), Error> {
    let city = City::found().await?;
    let mut work = city.database().begin(context(at(0), 2)).await?;
    for (serial, typed) in ["阿卜杜拉·买买提", "阿卜杜拉•买买提", "阿卜杜拉．买买提"].into_iter().enumerate()
    {
        person::register(&mut work, &city.vault, new_person(typed, serial as u32 + 2)).await?;
    }
    work.commit().await?;
    let mut tx = city.database().read().await?;
    for typed in ["阿卜杜拉‧买买提", "阿卜杜拉买买提"] {
        let found = person::find_by_name(&mut tx, typed).await?;
        assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["阿卜杜拉·买买提"; 3], "{typed}");
    }
    Ok(())
}
