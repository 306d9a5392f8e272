//! Whether what a licence will say can be true: its fields held against the register, against each other, and against the
//! day. Clerks' pages, the API and every other way to a licence come here, when it is asked for and again before it is
//! signed.

use std::collections::BTreeMap;

use base::{Date, Fault, Instant, mask, number::IdentityNumber};
use identity::Vault;
use records::Tx;

use super::{
    field::{FieldKind, FieldRule},
    limit::{Bound, Day, Limit, NamedPerson},
    problem::{Edge, FieldError, FieldProblem},
    vehicle,
};
use crate::{
    error::Error,
    register::{
        content::Fields,
        holder::{self, HolderFacts},
    },
};

/// The people whom fields name by their numbers, by the keys of these fields; none for whom the register does not know.
pub(crate) type Named = BTreeMap<String, Option<HolderFacts>>;

/// Looks up whom the fields name.
///
/// # Errors
///
/// [`Fault`] when one of them was changed past the product, or the database is out of reach.
pub(crate) async fn named(tx: &mut Tx, vault: &Vault, rules: &[FieldRule], fields: &Fields) -> Result<Named, Fault> {
    let mut named = Named::new();
    for rule in rules.iter().filter(|rule| rule.person.is_some()) {
        let number = fields.get(&rule.key).and_then(|text| IdentityNumber::parse(text).ok());
        let Some(number) = number else { continue };
        let found = match holder::person_by_number(tx, vault, &number).await {
            Ok(found) => Some(found),
            Err(Error::Fault(fault)) => return Err(fault),
            Err(_) => None,
        };
        named.insert(rule.key.clone(), found);
    }
    Ok(named)
}

/// Of those whom the licence is about, as the fields name them, the other one than the holder, who is alive.
pub(crate) fn joint_holder(rules: &[FieldRule], holder: &HolderFacts, named: &Named) -> Option<String> {
    let mut holding = rules.iter().filter(|rule| rule.person.as_ref().is_some_and(|person| person.holds));
    holding.find_map(|rule| {
        let found = named.get(&rule.key)?.as_ref()?;
        let is_other = found.holder != holder.holder && !found.has_ended;
        is_other.then(|| found.holder.id().to_owned())
    })
}

/// What fields are held against.
pub(crate) struct Sense<'a> {
    pub rules: &'a [FieldRule],
    pub holder: &'a HolderFacts,
    pub named: &'a Named,
    pub first_day: Date,
    pub now: Instant,
}

impl Sense<'_> {
    /// Everything that cannot be true. What a field is held against and nobody knows, or what is wrong by itself, stands in
    /// the way of nothing.
    pub(crate) fn check(&self, fields: &Fields) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for rule in self.rules {
            let Some(value) = fields.get(&rule.key) else { continue };
            let mut add = |key: &str, problem| errors.push(FieldError { key: key.to_owned(), problem });
            for limit in &rule.limits {
                if let Some(problem) = self.value(limit, value, fields) {
                    add(&rule.key, problem);
                }
            }
            if rule.kind == FieldKind::VehicleClasses
                && let Some(problem) = self.classes(value)
            {
                add(&rule.key, problem);
            }
            if let Some(person) = &rule.person {
                for (key, problem) in self.person(&rule.key, person, value, fields) {
                    add(key, problem);
                }
            }
        }
        errors.extend(self.holds(fields));
        errors
    }

    fn value(&self, limit: &Limit, value: &str, fields: &Fields) -> Option<FieldProblem> {
        let typed = value.to_owned();
        match limit {
            Limit::AtLeast(least) => {
                (number(value)? < f64::from(*least)).then_some(FieldProblem::TooSmall { typed, least: *least })
            }
            Limit::AtMost(most) => {
                (number(value)? > f64::from(*most)).then_some(FieldProblem::TooLarge { typed, most: *most })
            }
            Limit::AgeAtLeast(years) => self.age(day_of(value)?, *years, None),
            Limit::NotAfter(bound) => {
                let edge = self.edge(bound, fields)?;
                self.is_late(value, bound, &edge)?.then_some(FieldProblem::TooLate { typed, edge })
            }
            Limit::NotBefore(bound) => {
                let edge = self.edge(bound, fields)?;
                (day_of(value)? < edge.day).then_some(FieldProblem::TooEarly { typed, edge })
            }
            Limit::On(bound) => {
                let edge = self.edge(bound, fields)?;
                (day_of(value)? != edge.day).then_some(FieldProblem::OtherDay { typed, edge })
            }
        }
    }

    /// Whether a day or an instant is later than a bound; an instant of today is not later than now.
    fn is_late(&self, value: &str, bound: &Bound, edge: &Edge) -> Option<bool> {
        let is_to_come = bound.day == Day::Today && Instant::parse_minute(value).is_ok_and(|at| at > self.now);
        Some(day_of(value)? > edge.day || (is_to_come && edge.day == self.now.date()))
    }

    fn age(&self, born: Date, years: i32, class: Option<vehicle::VehicleClass>) -> Option<FieldProblem> {
        let from = born.plus_years(years);
        (from > self.first_day).then_some(FieldProblem::TooYoung { born, years, from, class })
    }

    /// The class that needs the greatest age of those for which the holder is too young.
    fn classes(&self, value: &str) -> Option<FieldProblem> {
        let born = self.holder.born?;
        let highest = vehicle::parse(value)?.into_iter().max_by_key(|class| class.age)?;
        self.age(born, highest.age, Some(highest))
    }

    fn edge(&self, bound: &Bound, fields: &Fields) -> Option<Edge> {
        let day = match &bound.day {
            Day::Field(key) => day_of(fields.get(key)?)?,
            Day::FirstDay => self.first_day,
            Day::HolderBirth => self.holder.born?,
            Day::Today => self.now.date(),
        };
        Some(Edge::new(bound, bound.from(day), self.rules))
    }

    fn person<'a>(
        &self,
        key: &'a str,
        rule: &'a NamedPerson,
        value: &str,
        fields: &Fields,
    ) -> Vec<(&'a str, FieldProblem)> {
        let found = match self.named.get(key) {
            None => return Vec::new(),
            Some(None) => return vec![(key, FieldProblem::PersonUnknown(mask::identity_number(value)))],
            Some(Some(found)) => found,
        };
        let mut wrong = Vec::new();
        if let Some(typed) = fields.get(&rule.name).filter(|typed| **typed != found.name) {
            wrong.push((rule.name.as_str(), FieldProblem::PersonName { typed: typed.clone() }));
        }
        if let (Some(wanted), Some(sex)) = (rule.sex, found.sex)
            && wanted != sex
        {
            wrong.push((key, FieldProblem::PersonSex(wanted)));
        }
        if let Some(born) = found.born {
            let problems = rule.born.iter().filter_map(|limit| self.born(limit, born, fields));
            wrong.extend(problems.map(|problem| (key, problem)));
        }
        if let (Some(bound), Some(on)) = (&rule.alive_on, found.died_on)
            && let Some(edge) = self.edge(bound, fields).filter(|edge| on < edge.day)
        {
            wrong.push((key, FieldProblem::PersonDied { on, edge }));
        }
        wrong
    }

    fn born(&self, limit: &Limit, born: Date, fields: &Fields) -> Option<FieldProblem> {
        match limit {
            Limit::NotAfter(bound) => {
                let edge = self.edge(bound, fields).filter(|edge| born > edge.day)?;
                Some(FieldProblem::PersonBorn { born, edge, is_late: true })
            }
            Limit::NotBefore(bound) => {
                let edge = self.edge(bound, fields).filter(|edge| born < edge.day)?;
                Some(FieldProblem::PersonBorn { born, edge, is_late: false })
            }
            Limit::AgeAtLeast(years) => self.age(born, *years, None),
            Limit::AtLeast(_) | Limit::AtMost(_) | Limit::On(_) => None,
        }
    }

    /// Where fields name those whom the licence is about, the holder is one of them.
    fn holds(&self, fields: &Fields) -> Option<FieldError> {
        let mut holding = self.rules.iter().filter(|rule| rule.person.as_ref().is_some_and(|person| person.holds));
        let first = holding.clone().next()?;
        let is_holder = |rule: &FieldRule| match self.named.get(&rule.key) {
            Some(Some(found)) => found.holder == self.holder.holder,
            // What is wrong with the number is said already.
            Some(None) => true,
            None => false,
        };
        let is_said = fields.contains_key(&first.key);
        (is_said && !holding.any(is_holder))
            .then(|| FieldError { key: first.key.clone(), problem: FieldProblem::HolderNotNamed })
    }
}

/// The day of a day or an instant.
fn day_of(value: &str) -> Option<Date> {
    Date::parse(value).ok().or_else(|| Some(Instant::parse_minute(value).ok()?.date()))
}

fn number(value: &str) -> Option<f64> {
    value.parse().ok()
}
