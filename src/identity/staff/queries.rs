use base::{
    Fault, Instant, ListPage,
    id::{OrganisationId, PersonId, StaffId},
};
use records::{FromRow, Tx, args};

use super::{Appointment, Roles, StaffView};

/// A statement that reads staff as [`Row`] takes them: the columns, and then what is asked for.
macro_rules! staff {
    ($rest:literal) => {
        concat!(
            "select f.staff_id, f.person_id, p.name, f.organisation_id, f.roles, f.appointed_at, f.ended_at, f.marked, \
                    f.mark
               from staff f join person p on p.person_id = f.person_id ",
            $rest
        )
    };
}

pub struct New<'a> {
    pub staff: &'a StaffId,
    pub person: &'a PersonId,
    pub organisation: &'a OrganisationId,
    pub roles: String,
}

#[derive(FromRow)]
struct Row {
    staff_id: String,
    person_id: String,
    name: String,
    organisation_id: String,
    roles: String,
    appointed_at: i64,
    ended_at: Option<i64>,
    marked: i64,
    mark: Option<String>,
}

impl Row {
    /// The row, if it is as the last act left it.
    async fn unchanged(self, tx: &mut Tx) -> Result<Option<Self>, Fault> {
        let fields = args![
            &self.staff_id,
            &self.person_id,
            &self.organisation_id,
            &self.roles,
            self.appointed_at,
            self.ended_at
        ];
        let is_right = tx.is_as_left_before("staff", fields, (self.marked, self.mark.as_deref())).await?;
        Ok(is_right.then_some(self))
    }

    fn view(self) -> StaffView {
        StaffView {
            staff_id: StaffId::stored(self.staff_id),
            person_id: PersonId::stored(self.person_id),
            name: self.name,
            organisation_id: OrganisationId::stored(self.organisation_id),
            roles: Roles::stored(&self.roles),
            appointed_at: Instant::from_micros(self.appointed_at),
        }
    }
}

/// False when the person has an appointment already.
pub async fn insert(tx: &mut Tx, new: New<'_>, at: Instant) -> Result<bool, Fault> {
    let inserted = tx
        .run(
            "insert into staff (staff_id, person_id, organisation_id, roles, appointed_at)
             values ($1, $2, $3, $4, $5)
                 on conflict (person_id) where ended_at is null do nothing",
            args![new.staff, new.person, new.organisation, new.roles, at],
        )
        .await?;
    Ok(inserted == 1)
}

pub async fn end(tx: &mut Tx, staff: &StaffId, at: Instant) -> Result<bool, Fault> {
    let ended =
        tx.run("update staff set ended_at = $2 where staff_id = $1 and ended_at is null", args![staff, at]).await?;
    Ok(ended == 1)
}

/// Holds the row of an appointment until the commit: it ends before what is done under it, or after.
pub async fn hold(tx: &mut Tx, staff: &StaffId) -> Result<(), Fault> {
    tx.run("update staff set roles = roles where staff_id = $1", args![staff]).await?;
    Ok(())
}

pub async fn end_of_person(tx: &mut Tx, person: &PersonId, at: Instant) -> Result<Vec<StaffId>, Fault> {
    let ended: Vec<(String,)> = tx
        .change(
            "update staff set ended_at = $2 where person_id = $1 and ended_at is null returning staff_id",
            args![person, at],
        )
        .await?;
    Ok(ended.into_iter().map(|(staff,)| StaffId::stored(staff)).collect())
}

#[derive(FromRow)]
struct Office {
    staff_id: String,
    organisation_name: String,
    appointed_at: i64,
    ended_at: Option<i64>,
}

pub async fn all_of_person(tx: &mut Tx, person: &PersonId, limit: i64) -> Result<Vec<super::Office>, Fault> {
    let rows: Vec<Office> = tx
        .all(
            "select f.staff_id, o.name as organisation_name, f.appointed_at, f.ended_at
               from staff f
               join organisation o on o.organisation_id = f.organisation_id
              where f.person_id = $1
              order by f.staff_id desc
              limit $2",
            args![person, limit],
        )
        .await?;
    let office = |row: Office| super::Office {
        staff_id: StaffId::stored(row.staff_id),
        organisation_name: row.organisation_name,
        appointed_at: Instant::from_micros(row.appointed_at),
        ended_at: row.ended_at.map(Instant::from_micros),
    };
    Ok(rows.into_iter().map(office).collect())
}

async fn unchanged(tx: &mut Tx, row: Option<Row>) -> Result<Option<Row>, Fault> {
    match row {
        Some(row) => row.unchanged(tx).await,
        None => Ok(None),
    }
}

/// What powers rest on.
pub async fn of_person(tx: &mut Tx, person: &PersonId) -> Result<Option<Appointment>, Fault> {
    let row: Option<Row> = tx
        .first(
            staff!(
                "where f.person_id = $1
                and f.ended_at is null"
            ),
            args![person],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    // Whoever has powers is asked more of: who they are must not be hidden by a change.
    let staff = row.staff_id.clone();
    let Some(row) = row.unchanged(tx).await? else {
        return Err(Fault::broken(format!("staff {staff} was changed past the product: nobody rests on it")));
    };
    let (name,): (String,) =
        tx.one("select name from organisation where organisation_id = $1", args![&row.organisation_id]).await?;
    Ok(Some(Appointment {
        staff_id: StaffId::stored(row.staff_id),
        organisation_id: OrganisationId::stored(row.organisation_id),
        organisation_name: name,
        roles: Roles::stored(&row.roles),
    }))
}

pub async fn by_id(tx: &mut Tx, staff: &StaffId) -> Result<Option<StaffView>, Fault> {
    let row: Option<Row> = tx
        .first(
            staff!(
                "where f.staff_id = $1
                and f.ended_at is null"
            ),
            args![staff],
        )
        .await?;
    Ok(unchanged(tx, row).await?.map(Row::view))
}

pub async fn ever(tx: &mut Tx, staff: &StaffId) -> Result<Option<StaffView>, Fault> {
    let row: Option<Row> = tx.first(staff!("where f.staff_id = $1"), args![staff]).await?;
    Ok(row.map(Row::view))
}

pub async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    page: &ListPage<StaffId>,
) -> Result<Vec<StaffView>, Fault> {
    let rows: Vec<Row> = tx
        .all(
            staff!(
                "where f.ended_at is null
                and f.organisation_id <= $1
                and (f.organisation_id, f.staff_id) > ($1, $2)
              order by f.organisation_id, f.staff_id
              limit $3"
            ),
            args![organisation, page.above(), page.limit + 1],
        )
        .await?;
    Ok(rows.into_iter().map(Row::view).collect())
}
