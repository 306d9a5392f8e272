//! Sixty names of persons and sixty of organisations, from the register to the printed page and back: what is said to
//! each stands in `src/base/name/names.md`.

use std::{collections::BTreeMap, fmt::Write as _, io::Read as _};

use base::{
    Language,
    name::{is_printed, is_private, is_unseen},
};
use serde_json::json;

use super::*;
use crate::kit::wording::Worded;

/// Where the table is kept.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../base/name/names.md");

/// Set by `cargo xtask reference`: the table is written, not compared.
const WRITE: &str = "GUOSUO_WRITE_REFERENCE";

const PERSONS: [&str; 60] = [
    "张三",
    "  欧阳小明 ",
    "李木子",
    "李\u{2f4a}\u{2f26}",
    "⻢\u{2f49}",
    "龘㐂𠮷",
    "𬭊𬭛𬭳",
    "〇",
    "张○",
    "丁一",
    "丁—",
    "丁ー",
    "丁㇐",
    "张 三",
    "张\u{3000}三",
    "阿卜杜拉·买买提",
    "阿卜杜拉‧买买提",
    "阿卜杜拉•买买提",
    "阿卜杜拉・买买提",
    "阿卜杜拉･买买提",
    "阿卜杜拉．买买提",
    "阿卜杜拉.买买提",
    "阿卜杜拉 · 买买提",
    "阿卜杜拉。买买提",
    "阿卜杜拉··买买提",
    "·买买提",
    "\u{f9b4}明",
    "葛\u{e0100}城",
    "神\u{fe00}田",
    "张\u{200b}三",
    "张\u{202e}三",
    "张\u{e000}",
    "张\u{30000}",
    "张カ",
    "ガラス",
    "ｶﾞﾗｽ",
    "安倍の助",
    "佐々木",
    "金철수",
    "Rene\u{301} Dupont",
    "René Dupont",
    "Ｊｏｈｎ Ｓｍｉｔｈ",
    "John F. Kennedy",
    "O'Neil-Smith",
    "O’Neil–Smith",
    "Иван Петров",
    "p\u{430}y",
    "\u{410}\u{41e}",
    "Νίκος",
    "ɢeorge",
    "张3",
    "张（三）",
    "张三<b>",
    "张三\u{1f600}",
    "བསྟན་འཛིན",
    "مەھمەت",
    "ꁈꃅ",
    "木_61",
    "木_120",
    "木_121",
];

const ORGANISATIONS: [&str; 60] = [
    "滨江市龙福餐饮有限公司",
    " 滨江市 龙福 餐饮有限公司",
    "滨江市\u{2f24}众餐馆",
    "滨江市—大众《一品》餐馆",
    "滨江市一大众《一品》餐馆",
    "滨江市——大众餐馆",
    "滨江市－大众餐馆",
    "滨江市-大众餐馆",
    "滨江市–大众餐馆",
    "滨江市“老字号”商行",
    "滨江市\"老字号\"商行",
    "滨江市＂老字号＂商行",
    "滨江市「老字号」商行",
    "滨江市‘老字号’商行",
    "滨江市《一品》餐馆",
    "滨江市〈一品〉餐馆",
    "滨江市<一品>餐馆",
    "滨江、滨海联合商会",
    "滨江，滨海联合商会",
    "滨江,滨海联合商会",
    "滨江；滨海联合商会",
    "滨江Ａ＆Ｂ商行",
    "滨江A&B商行",
    "滨江Ａ＋Ｂ商行",
    "滨江１２３商行",
    "滨江№3店",
    "滨江第Ⅱ店",
    "滨江①店",
    "滨江㈱商行",
    "滨江100％果汁店",
    "滨江@咖啡",
    "滨江#1店",
    "滨江*星*酒店",
    "滨江/滨海商会",
    "滨江（高新）餐饮有限公司",
    "滨江(高新)餐饮有限公司",
    "滨江﹙高新﹚餐饮有限公司",
    "滨江【高新】餐饮有限公司",
    "滨江〔高新〕餐饮有限公司",
    "星巴克•滨江店",
    "星巴克・滨江店",
    "星巴克．滨江店",
    "鲜の店",
    "滨江ロ福餐馆",
    "滨江カラオケ",
    "二〇二六商行",
    "二○二六商行",
    "𠮷野家龘龢餐饮㐂𬭊有限公司",
    "3M中国有限公司",
    "Smith & Sons Co., Ltd.",
    "Smith （China） Co.， Ltd.",
    "L’Oréal 滨江",
    "ООО Ромашка",
    "ЗАО",
    "滨江\u{200d}商行",
    "滨江\u{feff}商行",
    "滨江\u{e123}商行",
    "木_61",
    "木_90",
    "木_121",
];

/// A long name is written by its length.
fn typed(name: &str) -> String {
    match name.strip_prefix("木_") {
        Some(length) => "木森林".chars().cycle().take(length.parse().unwrap()).collect(),
        None => name.to_owned(),
    }
}

#[tokio::test]
async fn every_name_that_the_register_takes_is_issued_printed_read_back_and_found() {
    let office = office().await;
    let mut table = HEAD.to_owned();
    table.push_str("\n## Persons 自然人\n");
    table.push_str(COLUMNS);
    for (serial, name) in PERSONS.iter().enumerate() {
        let name = typed(name);
        let number = IdentityNumber::complete(&format!("33010119910101{serial:03}")).unwrap();
        let new = person::NewPerson {
            name: name.clone(),
            identity_number: number.clone(),
            profile: person::Profile::default(),
        };
        let mut work = office.work(serial as i64 - 500).await;
        let registered = person::register(&mut work, &office.app.vault, new).await;
        if registered.is_ok() {
            work.commit().await.unwrap();
        }
        if let Some((person, taken)) = row(&mut table, serial, &name, base::name::person(&name), registered) {
            let read = office.issued(&format!("person-{serial}"), &driving(&office, &number)).await;
            assert!(read.contains(&taken), "{taken} is not in {read}");
            let mut tx = office.app.database.read().await.unwrap();
            for wanted in [&taken, &name] {
                let found = person::find_by_name(&mut tx, wanted).await.unwrap();
                assert!(found.iter().any(|one| one.person_id == person && one.name == taken), "{wanted}");
            }
        }
    }
    table.push_str("\n## Organisations 单位\n");
    table.push_str(COLUMNS);
    for (serial, name) in ORGANISATIONS.iter().enumerate() {
        let name = typed(name);
        let code = CreditCode::complete(&format!("913301000000{serial:05}")).unwrap();
        let new = organisation::NewOrganisation {
            name: name.clone(),
            credit_code: code.clone(),
            kind: organisation::OrganisationKind::Enterprise,
            legal_representative: None,
        };
        let mut work = office.work(serial as i64 - 400).await;
        let registered = organisation::register(&mut work, new).await;
        if registered.is_ok() {
            work.commit().await.unwrap();
        }
        if let Some((id, taken)) = row(&mut table, serial, &name, base::name::organisation(&name), registered) {
            let mut request = office.example();
            request["holder"]["credit_code"] = code.as_str().into();
            let read = office.issued(&format!("organisation-{serial}"), &request).await;
            assert!(read.contains(&taken), "{taken} is not in {read}");
            let mut tx = office.app.database.read().await.unwrap();
            for wanted in [&taken, &name] {
                let found = organisation::find_by_name(&mut tx, wanted).await.unwrap();
                assert!(found.iter().any(|one| one.organisation_id == id && one.name == taken), "{wanted}");
            }
        }
    }
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(KEPT, &table).unwrap();
    }
    let kept = std::fs::read_to_string(KEPT).unwrap_or_default();
    assert!(kept == table, "src/base/name/names.md: run `cargo xtask reference` and keep what it writes\n{table}");
}

const HEAD: &str = "# Names 名称\n\n\
What the register says to sixty names of persons and sixty of organisations.\n\
Each that is registered was issued a licence in the test that prints this page, printed, read back from the page's text \
and found by a search, as it was typed and as it is registered: \
`every_name_that_the_register_takes_is_issued_printed_read_back_and_found`.\n\
登记系统对 60 个人名和 60 个单位名称的回答；凡登记的，均已签发证照、印出、从版面文字读回并能按名称查到。\n";

const COLUMNS: &str =
    "\n| No. | Typed 录入 | Registered and printed 登记并印出 | Refused 不予登记 |\n|---|---|---|---|\n";

/// One row; the name that was registered, and whose it is.
fn row<T>(
    table: &mut String,
    serial: usize,
    typed: &str,
    read: Result<String, identity::NameError>,
    registered: Result<T, identity::Error>,
) -> Option<(T, String)> {
    let _ = write!(table, "| {} | {} | ", serial + 1, shown(typed));
    match registered {
        Ok(id) => {
            let taken = read.unwrap();
            let _ = writeln!(table, "{} | |", shown(&taken));
            Some((id, taken))
        }
        Err(identity::Error::Name(error)) => {
            assert_eq!(read, Err(error.clone()), "{typed}");
            let words = error.text();
            let (zh, en) = (words.in_language(Language::Chinese), words.in_language(Language::English));
            let _ = writeln!(table, "| {}<br>{} |", quoted(zh), quoted(en));
            None
        }
        Err(other) => panic!("{typed}: {other}"),
    }
}

/// A name with the numbers of those of its characters that look like others or like nothing.
fn shown(name: &str) -> String {
    let count = name.chars().count();
    if count > 40 {
        let first: String = name.chars().take(9).collect();
        return format!("{first}… ({count} characters 字)");
    }
    let is_plain = |c: char| matches!(u32::from(c), 0x21..=0x7e | 0x4e00..=0x9fa5);
    let codes: Vec<String> =
        name.chars().filter(|c| !is_plain(*c)).map(|c| format!("U+{:04X}", u32::from(c))).collect();
    if codes.is_empty() { quoted(name) } else { format!("{} ({})", quoted(name), codes.join(" ")) }
}

/// What a table can hold of a text: nothing that is not seen, no mark of the table.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars() {
        match c {
            c if is_unseen(c) || is_private(c) => quoted.push('\u{25a1}'),
            '|' | '<' | '*' | '_' | '`' | '#' => {
                let _ = write!(quoted, "\\{c}");
            }
            c => quoted.push(c),
        }
    }
    quoted.trim().to_owned()
}

fn driving(office: &Office, number: &IdentityNumber) -> Value {
    json!({
        "type": built_in::DRIVING,
        "holder": { "identity_number": number.as_str() },
        "fields": {
            "nationality": "中国",
            "address": "滨江市江南区解放路 1 号",
            "first_issue_date": "2026-11-18",
            "vehicle_class": "C1",
            "file_number": "330100123456"
        },
        "clerk": office.clerk.staff.as_str(),
        "reviewer": office.reviewer.staff.as_str()
    })
}

impl Office {
    /// The text of the page of a licence that is issued.
    async fn issued(&self, key: &str, request: &Value) -> String {
        let answer = self.call(Method::POST, "/api/v1/licences", Some(key), &request.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        let request = Request::get(format!("{}/file.pdf", answer.location()))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Body::empty())
            .unwrap();
        let body = self.router.clone().oneshot(request).await.unwrap().into_body();
        text_of(&axum::body::to_bytes(body, 1 << 22).await.unwrap())
    }
}

/// The text of our pages as a reader has it: what the page shows, glyph by glyph, through the table of each font that says
/// what a glyph means.
fn text_of(file: &[u8]) -> String {
    let objects = objects(file);
    let dictionary = |number: usize| objects[&number].0.as_str();
    let (_, page) = objects.iter().find(|(_, (text, _))| text.contains("/Contents[")).unwrap();
    let references = |text: &str, after: &str, until: char| -> Vec<usize> {
        let part = text.split_once(after).unwrap().1.split_once(until).unwrap().0;
        part.split(" 0 R").filter_map(|number| number.rsplit([' ', '/']).next()?.parse().ok()).collect()
    };
    let fonts = page.0.split_once("/Font").unwrap().1;
    let fonts: BTreeMap<&str, BTreeMap<String, String>> = fonts
        .split('/')
        .filter_map(|font| font.strip_prefix('F')?.split_once(' '))
        .map(|(name, reference)| {
            let font: usize = reference.split(' ').next().unwrap().parse().unwrap();
            let map = dictionary(font).split_once("/ToUnicode ").unwrap().1.split(' ').next().unwrap();
            let map: usize = map.parse().unwrap();
            (name, meanings(&objects[&map].1))
        })
        .collect();
    let mut text = String::new();
    for contents in references(&page.0, "/Contents[", ']') {
        let shown = String::from_utf8_lossy(&objects[&contents].1).into_owned();
        let mut font = "";
        for word in shown.split_inclusive(char::is_whitespace) {
            let (name, glyphs) = word.trim().split_once('<').unwrap_or((word.trim(), ""));
            if let Some((name, _)) =
                fonts.get_key_value(name.trim_start_matches("/F")).filter(|_| name.starts_with("/F"))
            {
                font = name;
            }
            let glyphs = glyphs.split('>').next().unwrap_or_default().as_bytes();
            for glyph in glyphs.chunks(4) {
                text.push_str(&fonts[font][std::str::from_utf8(glyph).unwrap()]);
            }
        }
    }
    text
}

/// The dictionary and the unpacked stream of each object.
fn objects(file: &[u8]) -> BTreeMap<usize, (String, Vec<u8>)> {
    let find =
        |from: usize, what: &[u8]| file[from..].windows(what.len()).position(|part| part == what).map(|at| from + at);
    let mut objects = BTreeMap::new();
    let mut at = 0;
    while let Some(begin) = find(at, b" 0 obj\n") {
        let line = file[..begin].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        let number: usize = std::str::from_utf8(&file[line..begin]).unwrap().parse().unwrap();
        let body = begin + 7;
        let end = find(body, b"endobj").unwrap();
        let stream = find(body, b"stream\n").filter(|stream| *stream < end);
        let dictionary = String::from_utf8_lossy(&file[body..stream.unwrap_or(end)]).into_owned();
        let mut data = Vec::new();
        at = end;
        if let Some(stream) = stream {
            let length = dictionary.split_once("/Length ").unwrap().1;
            let length: usize = length.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
            let packed = &file[stream + 7..stream + 7 + length];
            if dictionary.contains("/FlateDecode") {
                flate2::read::ZlibDecoder::new(packed).read_to_end(&mut data).unwrap();
            } else {
                data = packed.to_vec();
            }
            at = stream + 7 + length;
        }
        objects.insert(number, (dictionary, data));
    }
    objects
}

/// What each glyph of a font means.
fn meanings(map: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(map).into_owned();
    let lines = text.lines().filter_map(|line| line.strip_prefix('<')?.strip_suffix('>')?.split_once("><"));
    lines
        .map(|(glyph, units)| {
            let units =
                units.as_bytes().chunks(4).map(|unit| u16::from_str_radix(std::str::from_utf8(unit).unwrap(), 16));
            let units: Vec<u16> = units.collect::<Result<_, _>>().unwrap();
            (glyph.to_owned(), String::from_utf16(&units).unwrap())
        })
        .collect()
}

#[test]
fn there_are_sixty_different_names_of_each_kind_and_the_fonts_have_what_is_offered() {
    for names in [PERSONS, ORGANISATIONS] {
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), 60);
        for name in names {
            let typed = typed(name);
            for read in [base::name::person(&typed), base::name::organisation(&typed)].into_iter().flatten() {
                assert!(read.chars().all(is_printed), "{read}");
            }
        }
    }
}
