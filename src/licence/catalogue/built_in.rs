//! The three types every new catalogue begins with.

use documents::Layout;
use records::Work;

use super::{
    field::{FieldKind, FieldRule, Label, Source},
    licence_type::{self, Definition, Validity},
    limit::{Bound, Day, Limit, NamedPerson},
    queries,
};
use crate::{
    error::Error,
    register::{holder::HolderKind, sex::Sex},
};

/// 食品经营许可证.
pub const FOOD: &str = "11100000MB0143028R001";
/// 机动车驾驶证.
pub const DRIVING: &str = "113399000024810107001";
/// 出生医学证明.
pub const BIRTH: &str = "11339900002482020F001";

/// A type as the product has it.
pub(crate) struct BuiltIn {
    pub code: &'static str,
    /// The version from which on the catalogue's own counts: one more whenever what is below is changed.
    pub version: i64,
    pub definition: Definition,
}

/// The types.
pub(crate) fn all() -> Vec<BuiltIn> {
    let built_in = |code, version, definition| BuiltIn { code, version, definition };
    vec![built_in(FOOD, 2, food()), built_in(DRIVING, 2, driving()), built_in(BIRTH, 2, birth())]
}

/// Writes and publishes each of them that the catalogue does not have yet, or has in an older version. Licences keep the
/// version under which they were issued.
///
/// # Errors
///
/// When one of them cannot be written or published: as `licence_type::draft` and `licence_type::publish`.
pub async fn install(work: &mut Work) -> Result<(), Error> {
    for built_in in all() {
        if queries::newest_type_version(&mut work.tx, built_in.code).await? < built_in.version {
            let id = licence_type::draft_as(work, built_in.code, built_in.version, &built_in.definition).await?;
            licence_type::publish(work, &id).await?;
        }
    }
    Ok(())
}

/// The keys of the fields that the counter is shown of one of these types, for definitions that were written before they
/// could say so.
pub(super) fn at_counter(code: &str) -> Vec<String> {
    let found = all().into_iter().find(|built_in| built_in.code == code);
    let fields = found.into_iter().flat_map(|built_in| built_in.definition.fields);
    fields.filter(|rule| rule.at_counter).map(|rule| rule.key).collect()
}

fn food() -> Definition {
    Definition {
        name: Label::new("食品经营许可证", "Food Business Licence"),
        holder: HolderKind::Organisation,
        several: true,
        ends_with_holder: true,
        validity: Validity::Years(5),
        fields: vec![
            text("holder_name", "经营者名称", "Operator", 60).source(Source::HolderName).kind(FieldKind::Name),
            text("holder_code", "统一社会信用代码", "Credit code", 18).source(Source::HolderNumber),
            number_kind(),
            text("legal_representative", "法定代表人（负责人）", "Legal representative", 30)
                .kind(FieldKind::Name)
                .at_counter(),
            text("residence", "住所", "Registered address", 60),
            text("premises", "经营场所", "Place of business", 60).at_counter(),
            text("business_category", "主体业态", "Category of business", 20).kind(choice(&[
                ("食品销售经营者", "food retail"),
                ("餐饮服务经营者", "catering"),
                ("单位食堂", "canteen"),
            ])),
            text("business_items", "经营项目", "Items of business", 120).at_counter(),
            text("supervisor", "日常监督管理机构", "Supervising authority", 40).optional(),
        ],
        layout: layout(documents::layout::FOOD_BUSINESS),
    }
}

fn driving() -> Definition {
    Definition {
        name: Label::new("机动车驾驶证", "Driving Licence"),
        holder: HolderKind::Person,
        several: false,
        ends_with_holder: true,
        validity: Validity::Years(6),
        fields: vec![
            text("holder_code", "证号", "Licence number", 18)
                .source(Source::HolderNumber)
                .kind(FieldKind::IdentityNumber)
                .masked(),
            number_kind(),
            text("holder_name", "姓名", "Name", 60).source(Source::HolderName).kind(FieldKind::Name),
            text("sex", "性别", "Sex", 1).source(Source::HolderSex).kind(sexes()).at_counter(),
            text("nationality", "国籍", "Nationality", 60).kind(FieldKind::Country),
            text("address", "住址", "Address", 80).masked(),
            text("birth_date", "出生日期", "Date of birth", 10)
                .source(Source::HolderBirthDate)
                .kind(FieldKind::Date)
                .masked()
                .limit(Limit::AgeAtLeast(DRIVING_YEARS)),
            text("first_issue_date", "初次领证日期", "Date of first issue", 10)
                .kind(FieldKind::Date)
                .limit(Limit::NotBefore(Bound::at(Day::HolderBirth).plus_years(DRIVING_YEARS)))
                .limit(Limit::NotAfter(Bound::at(Day::Today))),
            text("vehicle_class", "准驾车型", "Classes of vehicles", 40).kind(FieldKind::VehicleClasses).at_counter(),
            text("file_number", "档案编号", "File number", 12).only("0123456789"),
            text("record", "记录", "Record", 60).optional(),
        ],
        layout: layout(documents::layout::DRIVING_LICENCE),
    }
}

/// A newborn has no number yet: the certificate is about the child and is held by its parents.
fn birth() -> Definition {
    let birth = || Bound::at(Day::Field("birth_time".to_owned()));
    let born = |youngest: i32, oldest: i32| {
        vec![Limit::NotAfter(birth().plus_years(-youngest)), Limit::NotBefore(birth().plus_years(-oldest))]
    };
    let parent = |name: &str, sex, born, alive_on| NamedPerson {
        name: name.to_owned(),
        sex: Some(sex),
        born,
        alive_on: Some(alive_on),
        holds: true,
    };
    let mother = parent("mother_name", Sex::Female, born(MOTHER_YEARS.0, MOTHER_YEARS.1), birth());
    let conception = birth().plus_days(-GESTATION_DAYS_MAX);
    let father = parent("father_name", Sex::Male, born(FATHER_YEARS.0, FATHER_YEARS.1), conception);
    Definition {
        name: Label::new("出生医学证明", "Birth Certificate"),
        holder: HolderKind::Person,
        several: true,
        ends_with_holder: false,
        validity: Validity::Unlimited,
        fields: vec![
            text("newborn_name", "新生儿姓名", "Name of newborn", 60).kind(FieldKind::Name),
            text("sex", "性别", "Sex", 1).kind(sexes()).at_counter(),
            text("birth_time", "出生时间", "Date and time of birth", 16)
                .kind(FieldKind::Instant)
                .limit(Limit::NotAfter(Bound::at(Day::Today)))
                .limit(Limit::NotBefore(Bound::at(Day::Today).plus_years(-NEWBORN_YEARS)))
                .at_counter(),
            text("gestation", "出生孕周", "Gestation (weeks)", 4)
                .kind(FieldKind::Number)
                .limit(Limit::AtLeast(GESTATION_WEEKS.0))
                .limit(Limit::AtMost(GESTATION_WEEKS.1))
                .optional(),
            text("weight", "出生体重（克）", "Weight (g)", 6)
                .kind(FieldKind::Number)
                .limit(Limit::AtLeast(WEIGHT_GRAMS.0))
                .limit(Limit::AtMost(WEIGHT_GRAMS.1))
                .optional(),
            text("birth_place", "出生地点", "Place of birth", 60),
            text("facility", "接生机构名称", "Medical institution", 60),
            text("mother_name", "母亲姓名", "Name of mother", 60).kind(FieldKind::Name).at_counter(),
            text("mother_code", "母亲证件号码", "Identity number of mother", 18)
                .kind(FieldKind::IdentityNumber)
                .person(mother)
                .masked(),
            text("father_name", "父亲姓名", "Name of father", 60).kind(FieldKind::Name).optional().at_counter(),
            text("father_code", "父亲证件号码", "Identity number of father", 18)
                .kind(FieldKind::IdentityNumber)
                .person(father)
                .masked()
                .optional(),
            text("family_address", "家庭住址", "Home address", 60).masked().optional(),
        ],
        layout: layout(documents::layout::BIRTH_CERTIFICATE),
    }
}

/// From which age on somebody drives (机动车驾驶证申领和使用规定, 公安部令第162号, article 14).
const DRIVING_YEARS: i32 = 18;

/// Up to which age of a child its birth is certified for the first time: until it goes to school, in whole years. Later a
/// court or the police find out who its parents are.
const NEWBORN_YEARS: i32 = 6;

/// The ages at which people became parents, as far as anybody knows: the youngest and the oldest, in whole years.
const MOTHER_YEARS: (i32, i32) = (10, 75);
const FATHER_YEARS: (i32, i32) = (10, 100);

/// A father may have died before the birth, and lived at most so long before.
const GESTATION_DAYS_MAX: i32 = 310;

/// The weeks after which children are born alive.
const GESTATION_WEEKS: (i32, i32) = (20, 45);

/// What newborn children weigh, in grams.
const WEIGHT_GRAMS: (i32, i32) = (200, 10_000);

/// The layouts are part of the program and a test reads them all; a broken one prints nothing.
#[allow(clippy::expect_used, reason = "the three layouts are constants, and a test reads each of them")]
fn layout(json: &str) -> Layout {
    Layout::parse(json).expect("a built-in layout")
}

/// It has no place on the page: programs read it beside the number.
fn number_kind() -> FieldRule {
    text("holder_code_type", "证件类型", "Kind of number", 20).source(Source::HolderNumberKind)
}

fn sexes() -> FieldKind {
    choice(&Sex::ALL.map(Sex::words))
}

fn choice(words: &[(&str, &str)]) -> FieldKind {
    FieldKind::Choice(words.iter().map(|(zh, en)| Label::new(zh, en)).collect())
}

fn text(key: &str, zh: &str, en: &str, length_max: usize) -> FieldRule {
    FieldRule {
        key: key.to_owned(),
        label: Label::new(zh, en),
        kind: FieldKind::Text,
        required: true,
        length_max,
        characters: None,
        masked: false,
        at_counter: false,
        source: Source::Entered,
        limits: vec![],
        person: None,
    }
}

impl FieldRule {
    fn source(self, source: Source) -> Self {
        Self { source, ..self }
    }

    fn kind(self, kind: FieldKind) -> Self {
        Self { kind, ..self }
    }

    fn masked(self) -> Self {
        Self { masked: true, ..self }
    }

    fn limit(mut self, limit: Limit) -> Self {
        self.limits.push(limit);
        self
    }

    fn person(self, person: NamedPerson) -> Self {
        Self { person: Some(person), ..self }
    }

    fn at_counter(self) -> Self {
        Self { at_counter: true, ..self }
    }

    fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    fn only(self, characters: &str) -> Self {
        Self { characters: Some(characters.to_owned()), ..self }
    }
}
