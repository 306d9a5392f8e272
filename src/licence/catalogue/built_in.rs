//! The three types every new catalogue begins with.

use documents::Layout;
use records::Work;

use super::{
    field::{FieldKind, FieldRule, Label, Source},
    licence_type::{self, Definition, Validity},
    queries,
};
use crate::{error::Error, register::holder::HolderKind};

/// 食品经营许可证.
pub const FOOD: &str = "11100000MB0143028R001";
/// 机动车驾驶证.
pub const DRIVING: &str = "113399000024810107001";
/// 出生医学证明.
pub const BIRTH: &str = "11339900002482020F001";

/// The sexes as licences have them.
pub(crate) const FEMALE: &str = "女";
pub(crate) const MALE: &str = "男";

/// The codes and definitions.
pub fn all() -> Vec<(&'static str, Definition)> {
    vec![(FOOD, food()), (DRIVING, driving()), (BIRTH, birth())]
}

/// Writes and publishes each of them that the catalogue does not have yet.
///
/// # Errors
///
/// When one of them cannot be written or published: as `licence_type::draft` and `licence_type::publish`.
pub async fn install(work: &mut Work) -> Result<(), Error> {
    for (code, definition) in all() {
        if queries::newest_type_version(&mut work.tx, code).await? == 0 {
            let id = licence_type::draft(work, code, &definition).await?;
            licence_type::publish(work, &id).await?;
        }
    }
    Ok(())
}

/// The keys of the fields that the counter is shown of one of these types, for definitions that were written before they
/// could say so.
pub(super) fn at_counter(code: &str) -> Vec<String> {
    let definition = all().into_iter().find(|(known, _)| *known == code).map(|(_, definition)| definition);
    let fields = definition.into_iter().flat_map(|definition| definition.fields);
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
            text("holder_name", "姓名", "Name", 60).source(Source::HolderName).kind(FieldKind::Name),
            text("sex", "性别", "Sex", 1).source(Source::HolderSex).kind(sexes()).at_counter(),
            text("nationality", "国籍", "Nationality", 20),
            text("address", "住址", "Address", 80).masked(),
            text("birth_date", "出生日期", "Date of birth", 10)
                .source(Source::HolderBirthDate)
                .kind(FieldKind::Date)
                .masked(),
            text("first_issue_date", "初次领证日期", "Date of first issue", 10).kind(FieldKind::Date),
            text("vehicle_class", "准驾车型", "Classes of vehicles", 12).only("ABCDEFMNP123456").at_counter(),
            text("file_number", "档案编号", "File number", 12).only("0123456789"),
            text("record", "记录", "Record", 60).optional(),
        ],
        layout: layout(documents::layout::DRIVING_LICENCE),
    }
}

fn birth() -> Definition {
    Definition {
        name: Label::new("出生医学证明", "Birth Certificate"),
        holder: HolderKind::Person,
        several: false,
        ends_with_holder: false,
        validity: Validity::Unlimited,
        fields: vec![
            text("holder_name", "新生儿姓名", "Name of newborn", 60).source(Source::HolderName).kind(FieldKind::Name),
            text("sex", "性别", "Sex", 1).source(Source::HolderSex).kind(sexes()).at_counter(),
            text("birth_time", "出生时间", "Date and time of birth", 20).at_counter(),
            text("gestation", "出生孕周", "Gestation (weeks)", 10).optional(),
            text("weight", "出生体重（克）", "Weight (g)", 6).kind(FieldKind::Number).optional(),
            text("birth_place", "出生地点", "Place of birth", 60),
            text("facility", "接生机构名称", "Medical institution", 60),
            text("mother_name", "母亲姓名", "Name of mother", 60).kind(FieldKind::Name).at_counter(),
            text("mother_code", "母亲身份证号", "Identity number of mother", 18)
                .kind(FieldKind::IdentityNumber)
                .masked(),
            text("father_name", "父亲姓名", "Name of father", 60).kind(FieldKind::Name).optional().at_counter(),
            text("father_code", "父亲身份证号", "Identity number of father", 18)
                .kind(FieldKind::IdentityNumber)
                .masked()
                .optional(),
            text("family_address", "家庭住址", "Home address", 60).masked().optional(),
        ],
        layout: layout(documents::layout::BIRTH_CERTIFICATE),
    }
}

/// The layouts are part of the program and a test reads them all; a broken one prints nothing.
#[allow(clippy::expect_used, reason = "the three layouts are constants, and a test reads each of them")]
fn layout(json: &str) -> Layout {
    Layout::parse(json).expect("a built-in layout")
}

fn sexes() -> FieldKind {
    choice(&[(MALE, "male"), (FEMALE, "female")])
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
