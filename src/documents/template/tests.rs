use base::Instant;

use super::*;
use crate::{
    SealText,
    font::testing::fonts,
    layout::{self, BIRTH_CERTIFICATE, DRIVING_LICENCE, FOOD_BUSINESS},
};

fn template(json: &str) -> Template {
    template_of(&Layout::parse(json).unwrap())
}

fn template_of(layout: &Layout) -> Template {
    let fonts = fonts();
    let text = SealText {
        ring: "滨海市市场监督管理局".into(),
        below: "电子证照专用章".into(),
        number: "33010600000001".into(),
    };
    let seal = SealPicture::draw(&fonts, &text).unwrap();
    Template::new(&fonts, layout, &seal, DigestAlgorithm::Sha256).unwrap()
}

pub(crate) fn food(name: &str) -> Filling {
    let field = Field::new;
    Filling {
        title: "食品经营许可证".into(),
        identifier: "1.2.156.3005.2.11100000000013127D001.11330100002489559F.20261123000001.001.X".into(),
        fields: vec![
            field("certificate_number", "JY23301060000018"),
            field("holder_name", name),
            field("holder_code", "91330106MA27XL0C2E"),
            field("legal_representative", "张㐂龘"),
            field("residence", "滨海市临江区人民路一百二十八号金融大厦甲座十六层一六〇三室"),
            field("premises", "滨海市临江区解放东路88号首层101、102铺"),
            field("business_category", "餐饮服务经营者（中型餐饮服务）"),
            field(
                "business_items",
                "预包装食品销售；散装食品销售（不含冷藏冷冻食品）；热食类食品制售；冷食类食品制售；糕点类食品制售（含裱花蛋糕）；自制饮品制售",
            ),
            field("supervisor", "滨海市临江区市场监督管理所"),
            field("validity", "2026年11月23日至2031年11月22日"),
            field("issuer", "滨海市市场监督管理局"),
            field("issued_on", "2026年11月23日"),
        ],
        qr_text: "HTTPS://EG.EXAMPLE.GOV.CN/V/440100202611220018375512".into(),
        metadata: vec![("certificate_type_code".into(), "11100000000013127D001".into())],
        signer_name: "滨海市市场监督管理局".into(),
        at: Instant::from_seconds(1_795_400_000),
    }
}

#[test]
fn one_content_gives_one_file() {
    let template = template(FOOD_BUSINESS);
    let content = food("滨海市某某餐饮管理有限公司");
    let (one, two) = (template.typeset(&content).unwrap(), template.typeset(&content).unwrap());
    assert_eq!(one.digest(), two.digest());
    let cms = vec![7; 100];
    let file = one.finish(&cms).unwrap();
    assert_eq!(file.sha256(), crypto::digest::sha256(file.bytes()));
    let file = file.into_bytes();
    assert_eq!(file, two.finish(&cms).unwrap().into_bytes());
    assert!(file.len() < 120_000, "{} bytes", file.len());
}

#[test]
fn the_digest_covers_everything_but_the_hole() {
    let prepared = template(FOOD_BUSINESS).typeset(&food("滨海市某某餐饮管理有限公司")).unwrap();
    let digest = prepared.digest();
    let file = prepared.finish(&[1, 2, 3]).unwrap().into_bytes();
    let open = file.windows(10).position(|part| part == b"/Contents<").unwrap() + 9;
    let close = open + file[open..].iter().position(|byte| *byte == b'>').unwrap();
    let mut signed = file[..open].to_vec();
    signed.extend_from_slice(&file[close + 1..]);
    assert_eq!(crypto::Digest::of(DigestAlgorithm::Sha256, &signed), digest);
}

#[test]
fn a_text_is_fitted_wrapped_or_refused_but_never_printed_over_the_frame() {
    let (template, layout) = (template(FOOD_BUSINESS), Layout::parse(FOOD_BUSINESS).unwrap());
    let cell = layout.cells.iter().find(|cell| cell.key == "holder_name").unwrap();
    let (left, right) = (cell.x + cell.label_width, cell.x + cell.width);
    assert!(left > layout::FRAME && right < layout::PAGE_WIDTH - layout::FRAME);
    let (mut shapes, mut refused) = (std::collections::BTreeSet::new(), false);
    for length in 1..=200 {
        match template.typeset(&food(&"龘".repeat(length))) {
            Ok(prepared) => {
                assert!(!refused, "{length} fit after less did not");
                let lines: Vec<Line> = lines(prepared.finish(&[1]).unwrap().bytes(), 10.min(length));
                assert_eq!(lines.iter().map(|line| line.glyphs).sum::<usize>(), length, "nothing is left out");
                for line in &lines {
                    // A character of Chinese is as wide as it is high.
                    let width = line.glyphs as f32 * line.size;
                    assert!(line.x >= left && line.x + width <= right, "{length}: {line:?}");
                    assert!(line.base - line.size >= cell.y && line.base <= cell.y + cell.height, "{length}: {line:?}");
                }
                shapes.insert((lines.len(), lines.iter().any(|line| line.size * POINTS_PER_MM < cell.size)));
            }
            Err(error) => {
                assert!(matches!(error, Error::TooLong { field } if field == "holder_name"));
                refused = true;
            }
        }
    }
    // One line, two lines, two smaller lines, none.
    assert_eq!(shapes, [(1, false), (2, false), (2, true)].into());
    assert!(refused);
}

/// A line that repeats one glyph, as it stands in the file: millimetres from the top left.
#[derive(Debug)]
struct Line {
    x: f32,
    base: f32,
    size: f32,
    glyphs: usize,
}

/// The lines of at least so many equal glyphs, or the last of such a text.
fn lines(file: &[u8], least: usize) -> Vec<Line> {
    let text = String::from_utf8_lossy(file);
    let shown = text.split("BT\n").skip(1).filter_map(|part| part.split_once("ET\n").map(|(shown, _)| shown));
    let all = shown.filter_map(|shown| {
        let mut words = shown.split_whitespace();
        let (x, y) = (words.next()?.parse::<f32>().ok()?, words.next()?.parse::<f32>().ok()?);
        let (_, font) = (words.next()?, words.next()?);
        let size = words.next()?.parse::<f32>().ok()? / POINTS_PER_MM;
        let hex = shown.split_once('<')?.1.split_once('>')?.0;
        let first = hex.get(..4)?;
        let is_one_glyph = font.starts_with("/F") && hex.as_bytes().chunks(4).all(|glyph| glyph == first.as_bytes());
        let line =
            Line { x: x / POINTS_PER_MM, base: layout::PAGE_HEIGHT - y / POINTS_PER_MM, size, glyphs: hex.len() / 4 };
        is_one_glyph.then_some((first.to_owned(), line))
    });
    let all: Vec<(String, Line)> = all.collect();
    let glyph = all.iter().find(|(_, line)| line.glyphs >= least).map(|(glyph, _)| glyph.clone()).unwrap_or_default();
    all.into_iter().filter(|(other, _)| *other == glyph).map(|(_, line)| line).collect()
}

#[test]
fn a_character_without_a_glyph_is_named_with_its_field() {
    let template = template(FOOD_BUSINESS);
    assert!(template.typeset(&food("𠮷野家龘龢餐饮㐂𬭊有限公司")).is_ok());
    let error = template.typeset(&food("滨海\u{1F600}公司")).unwrap_err();
    assert!(matches!(error, Error::MissingGlyph { field, character: '\u{1F600}' } if field == "holder_name"));
    let error = template.typeset(&food("滨海\n公司")).unwrap_err();
    assert!(matches!(error, Error::MissingGlyph { character: '\n', .. }));
}

#[test]
fn fields_and_layout_must_agree() {
    let template = template(FOOD_BUSINESS);
    let mut content = food("滨海市某某餐饮管理有限公司");
    content.fields.push(Field::new("shoe_size", "42"));
    assert!(matches!(template.typeset(&content), Err(Error::UnknownField { field }) if field == "shoe_size"));
    content.fields.retain(|field| field.key != "shoe_size" && field.key != "supervisor");
    assert!(template.typeset(&content).is_ok());
    content.fields.retain(|field| field.key != "validity");
    assert!(matches!(template.typeset(&content), Err(Error::MissingField { field }) if field == "validity"));
}

#[test]
fn a_signature_larger_than_its_hole_is_refused() {
    let template = template(FOOD_BUSINESS);
    let prepared = || template.typeset(&food("滨海市某某餐饮管理有限公司")).unwrap();
    assert!(prepared().finish(&[0; limits::CMS_BYTES_MAX]).is_ok());
    assert!(matches!(prepared().finish(&[0; limits::CMS_BYTES_MAX + 1]), Err(Error::SignatureTooLarge { .. })));
}

#[test]
fn the_three_layouts_typeset() {
    for json in [FOOD_BUSINESS, DRIVING_LICENCE, BIRTH_CERTIFICATE] {
        let layout = Layout::parse(json).unwrap();
        let content = Filling {
            fields: layout.cells.iter().map(|cell| Field::new(cell.key.clone(), "二〇二六年")).collect(),
            ..food("")
        };
        assert!(template(json).typeset(&content).is_ok());
    }
}

#[test]
fn the_longest_texts_that_the_built_in_types_allow_fit() {
    let check = |json: &str, lengths: &[(&str, usize)]| {
        let layout = Layout::parse(json).unwrap();
        let text = |key: &str| match lengths.iter().find(|length| length.0 == key) {
            Some((_, length)) => "龘".repeat(*length),
            None if key == "validity" => "2026年11月23日至2031年11月22日".to_owned(),
            None => "8".repeat(18),
        };
        let fields = layout.cells.iter().map(|cell| Field::new(cell.key.clone(), text(&cell.key)));
        let content = Filling { fields: fields.collect(), ..food("") };
        template(json).typeset(&content).unwrap();
    };
    let food = [
        ("holder_name", 60),
        ("legal_representative", 30),
        ("residence", 60),
        ("premises", 60),
        ("business_category", 20),
        ("business_items", 120),
        ("supervisor", 40),
        ("issuer", 50),
    ];
    check(FOOD_BUSINESS, &food);
    check(
        DRIVING_LICENCE,
        &[("holder_name", 60), ("nationality", 20), ("address", 80), ("record", 60), ("issuer", 50)],
    );
    let birth = [
        ("newborn_name", 60),
        ("sex", 1),
        ("birth_place", 60),
        ("birth_time", 20),
        ("gestation", 10),
        ("facility", 60),
        ("mother_name", 60),
        ("father_name", 60),
        ("family_address", 60),
        ("issuer", 50),
    ];
    check(BIRTH_CERTIFICATE, &birth);
}

#[test]
fn every_layout_has_room_for_names_of_120_characters_inside_their_cells() {
    for json in [FOOD_BUSINESS, DRIVING_LICENCE, BIRTH_CERTIFICATE] {
        let names = ["holder_name", "legal_representative", "mother_name", "father_name", "issuer"];
        let layout = Layout::parse(json).unwrap().with_room_for_names(&names);
        let template = template_of(&layout);
        for cell in layout.cells.iter().filter(|cell| names.contains(&cell.key.as_str())) {
            for length in [20, 61, 90, 119, base::name::CHARACTERS_MAX] {
                let value = |key: &str| if key == cell.key { "龘".repeat(length) } else { "8".to_owned() };
                let fields = layout.cells.iter().map(|cell| Field::new(cell.key.clone(), value(&cell.key)));
                let prepared = template.typeset(&Filling { fields: fields.collect(), ..food("") }).unwrap();
                let lines = lines(prepared.finish(&[1]).unwrap().bytes(), 10);
                assert_eq!(lines.iter().map(|line| line.glyphs).sum::<usize>(), length, "{}", cell.key);
                for line in &lines {
                    let (left, right) = (cell.x + cell.label_width, cell.x + cell.width);
                    let width = line.glyphs as f32 * line.size;
                    assert!(line.size * POINTS_PER_MM >= 5.49, "{} {length}: {line:?}", cell.key);
                    assert!(line.x >= left && line.x + width <= right, "{} {length}: {line:?}", cell.key);
                    // Type reaches an eighth of its size below its base line, and the rule is a millimetre above the edge.
                    let (top, bottom) = (line.base - 0.88 * line.size, line.base + 0.12 * line.size);
                    assert!(top >= cell.y && bottom <= cell.y + cell.height - 1.0, "{} {length}: {line:?}", cell.key);
                }
            }
        }
    }
}

#[test]
fn values_of_a_birth_certificate_stand_in_two_columns_of_one_size() {
    let layout = Layout::parse(BIRTH_CERTIFICATE).unwrap();
    let body: Vec<_> = layout.cells.iter().filter(|cell| cell.y < 200.0).collect();
    let mut columns: Vec<f32> = body.iter().map(|cell| cell.x + cell.label_width).collect();
    columns.sort_by(f32::total_cmp);
    columns.dedup();
    assert_eq!(columns, [70.0, 133.0]);
    assert!(body.iter().all(|cell| (cell.size - 13.0).abs() < f32::EPSILON));
}

#[test]
fn the_picture_of_a_page_has_every_character_of_it_and_neither_seal_nor_code() {
    for (json, content) in [(FOOD_BUSINESS, food("滨海市某某餐饮管理有限公司")), (FOOD_BUSINESS, food("𠮷龘㐂餐馆"))]
    {
        let template = template(json);
        let picture = template.picture(&content, "预览 <一>").unwrap();
        let printed: usize = content.fields.iter().map(|field| field.value.chars().count()).sum();
        let layout = Layout::parse(json).unwrap();
        let labels = layout.cells.iter().filter_map(|cell| cell.label.as_ref());
        let said: usize = labels.map(|label| label.zh.chars().count() + label.en.chars().count()).sum();
        let shown = picture.matches("<use ").count();
        assert!(shown > printed + said, "{shown} glyphs of {printed} and {said} characters and more");
        assert!(picture.len() < 500_000, "{} bytes", picture.len());
        assert!(picture.starts_with("<svg ") && picture.contains("aria-label=\"预览 &lt;一>\""));
        // The two frames that wait for the seal and the code, and nothing red and nothing to scan in them.
        assert_eq!(picture.matches("stroke-dasharray").count(), 2);
        assert!(!picture.contains("#cc0c1c"));
        let other = template.picture(&Filling { qr_text: "HTTPS://OTHER".to_owned(), ..content.clone() }, "预览 <一>");
        assert_eq!(picture, other.unwrap());
    }
}

#[test]
fn what_cannot_be_printed_has_no_picture() {
    let (template, long) = (template(FOOD_BUSINESS), food(&"很".repeat(400)));
    let refused = template.picture(&long, "");
    assert!(matches!(refused, Err(Error::TooLong { field }) if field == "holder_name"));
    assert!(matches!(template.check(&long), Err(Error::TooLong { field }) if field == "holder_name"));
    template.check(&food("滨海市某某餐饮管理有限公司")).unwrap();
}

#[test]
fn the_digits_of_the_code_stand_under_it_in_groups() {
    let check = |text: &str, expected: &str| assert_eq!(grouped(text), expected, "{text}");
    check("HTTPS://V.EXAMPLE/V/123456789012345678901", "1234 5678 9012 3456 78901");
    check("HTTP://127.0.0.1:8080/V/12345678", "1234 5678");
    check("123", "123");
    check("HTTPS://V.EXAMPLE/V/", "");
    let layout = Layout::parse(FOOD_BUSINESS).unwrap();
    let template = template(FOOD_BUSINESS);
    let printed = |code: &str| {
        let content = Filling {
            qr_text: format!("HTTPS://V.EXAMPLE/V/{code}"), ..food("滨海市某某餐饮管理有限公司")
        };
        template.typeset(&content).unwrap().finish(&[1]).unwrap().into_bytes()
    };
    // Seven of one digit stand there as a line of one glyph once the breaks are taken out: as few as are found.
    let under = |file: &[u8]| {
        let text = String::from_utf8_lossy(file).into_owned();
        let base = (layout::PAGE_HEIGHT - layout.qr.y - layout.qr.side - 3.6) * POINTS_PER_MM;
        text.split("BT\n").filter(|shown| shown.split_whitespace().nth(1) == Some(&format!("{base:.2}"))).count()
    };
    assert_eq!((under(&printed("123456789012345678901")), under(&printed("777777777777777777777"))), (1, 1));
}
