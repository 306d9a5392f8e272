//! What a counter is shown of a licence that is valid, so that it can be told whether the person who stands there is the
//! holder; and that this was said. The public page shows none of it.

use base::{
    Date, Fault, Text,
    id::{OrganisationId, ReceiptId},
    number::LicenceIdentifier,
};
use identity::person;
use records::Work;
use verify::{Outcome, Verdict};

use super::{queries, receipt};
use crate::{
    Error, Library,
    catalogue::licence_type::LicenceType,
    events::{HolderCompared, LicenceOpened},
    own_affair,
    register::{
        self,
        content::Content,
        holder::{self, Holder, HolderKind},
        licence::Licence,
    },
};

/// Digits of a person's number that are compared with the document in the hand.
const NUMBER_END: usize = 4;

/// What is compared with the person and with the document in the hand.
#[derive(Clone, Debug)]
pub struct Compared {
    pub kind: HolderKind,
    /// As the licence has it.
    pub name: String,
    /// What the holder is called now, when that is another name.
    pub name_now: Option<String>,
    /// The end of a person's number; an organisation's whole, which is public.
    pub number: String,
    pub birth_date: Option<Date>,
    /// The fields that the type shows at the counter, with their names.
    pub fields: Vec<(Text, Text)>,
}

/// What was said about whether the person who showed a licence is its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is written down now.
    Now,
    /// It was said before, and stays so.
    Before(bool),
}

/// Shows what to compare, of a licence that was found valid just now, and writes down that it was shown. Of other verdicts
/// there is nothing to compare: nothing is done for whoever shows such a licence. `only_of` is the department whose licences
/// alone may be seen in full by whoever asks; none for who checks licences of all departments.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach, or what is stored was changed past the product.
pub async fn compare(
    work: &mut Work,
    library: &Library,
    verdict: &Verdict,
    only_of: Option<&OrganisationId>,
) -> Result<Option<Compared>, Error> {
    let Some(facts) = verdict.licence.as_ref().filter(|_| verdict.outcome == Outcome::Valid) else { return Ok(None) };
    let Ok(identifier) = LicenceIdentifier::parse(&facts.identifier) else { return Ok(None) };
    let found = register::by_identifier(&mut work.tx, &identifier).await?;
    let is_open = |licence: &Licence| only_of.is_none_or(|department| licence.issuer == *department);
    let Some(licence) = found.filter(is_open) else { return Ok(None) };
    let content = library.safe.content(&mut work.tx, &licence.id).await?;
    let facts = holder::facts(&mut work.tx, &library.vault, &licence.holder).await?;
    let (number, birth_date) = match &licence.holder {
        Holder::Person(id) => {
            let born = person::find(&mut work.tx, id).await?.and_then(|found| found.profile.birthdate);
            let number = facts.number.expose();
            let end = number.char_indices().rev().nth(NUMBER_END - 1).and_then(|(at, _)| number.get(at..));
            (end.unwrap_or_default().to_owned(), born.and_then(|day| Date::parse(&day).ok()))
        }
        Holder::Organisation(_) => (facts.number.expose().clone(), None),
    };
    let fields = shown(&*library.catalogue.now().of(&licence)?, &content);
    work.record(LicenceOpened { licence: licence.id.clone(), what: "counter".to_owned() });
    Ok(Some(Compared {
        kind: licence.holder.kind(),
        name_now: (facts.name != content.holder_name).then_some(facts.name),
        name: content.holder_name,
        number,
        birth_date,
        fields,
    }))
}

fn shown(licence_type: &LicenceType, content: &Content) -> Vec<(Text, Text)> {
    let rules = licence_type.definition.fields.iter().filter(|rule| rule.at_counter);
    rules.filter_map(|rule| Some((rule.label.text(), rule.on_screen(content.fields.get(&rule.key)?)))).collect()
}

/// Says whether the person who showed a licence is its holder: once for each receipt, on its day, by whoever verified.
///
/// # Errors
///
/// [`Error::NotFound`] when whoever acts has no such receipt of today about a licence that was valid; [`Error::OwnAffair`]
/// when they are the holder themselves, or act for it.
pub async fn say(work: &mut Work, number: &ReceiptId, is_holder: bool) -> Result<Said, Error> {
    let found = receipt::find(&mut work.tx, number).await?;
    let asked_by = receipt::asked_by(work);
    let may_be_said = |receipt: &receipt::Receipt| {
        receipt.asked_by == asked_by
            && receipt.at.date() == work.at().date()
            && receipt.outcome == Outcome::Valid.as_str()
    };
    let receipt = found.filter(may_be_said).ok_or(Error::NotFound)?;
    let licence = receipt.licence.ok_or(Error::NotFound)?;
    if let Some(said) = receipt.holder {
        return Ok(Said::Before(said.is_holder));
    }
    let shown = register::by_id(&mut work.tx, &licence).await?.ok_or(Error::NotFound)?;
    own_affair::check_acting(work, &shown).await?;
    let at = work.at();
    if queries::say_holder(&mut work.tx, number, is_holder, at).await? == 0 {
        return Err(Fault::conflict("somebody said of this receipt at the same time whose licence it is").into());
    }
    work.record(HolderCompared { about: licence.to_string(), receipt: number.clone(), is_holder });
    Ok(Said::Now)
}
