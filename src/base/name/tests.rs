use super::*;

fn taken(read: fn(&str) -> Result<String, NameError>, text: &str, expected: &str) {
    assert_eq!(read(text).as_deref(), Ok(expected), "{text:?}");
}

fn refused(read: fn(&str) -> Result<String, NameError>, text: &str, expected: (usize, char, Flaw, Option<&str>)) {
    let (place, character, flaw, offer) = expected;
    let refused = Refused { place, character, flaw, offer: offer.map(str::to_owned) };
    assert_eq!(read(text), Err(NameError::Character(refused)), "{text:?}");
}

#[test]
fn what_looks_alike_is_one_name() {
    for text in ["李木子", "李⽊⼦", " 李木子　", "李 木 子", "李木⼦"] {
        taken(person, text, "李木子");
    }
    for dot in "·‧•・･．∙⋅⸱.".chars() {
        taken(person, &format!("阿卜杜拉{dot}买买提"), "阿卜杜拉·买买提");
    }
    taken(person, "阿卜杜拉 · 买买提", "阿卜杜拉·买买提");
    taken(person, "\u{f9b4}明", "領明");
    taken(person, "⻢云", "马云");
    taken(person, "⺠", "民");
    taken(person, "Rene\u{301}  Ｄｕｐｏｎｔ", "René Dupont");
    taken(person, "Anne–Marie O’Neil", "Anne-Marie O'Neil");
    taken(person, "张○", "张〇");
    taken(organisation, "滨江（高新）餐饮", "滨江（高新）餐饮");
    taken(organisation, "滨江(高新)餐饮", "滨江（高新）餐饮");
    taken(organisation, "Smith （China） Co., Ltd.", "Smith (China) Co., Ltd.");
    taken(organisation, "滨江\"一品\"餐馆", "滨江“一品”餐馆");
    taken(organisation, "滨江Ａ＆Ｂ＋１２３", "滨江A&B+123");
    taken(organisation, "ｶﾞﾗｽの店", "ガラスの店");
}

#[test]
fn rare_characters_are_names() {
    for text in ["龘㐂𠮷", "〇", "欧阳小明", "O'Neil-Smith", "John F. Kennedy", "Иван Петров", "々"]
    {
        taken(person, text, text);
    }
    for text in ["滨江市《一品》餐馆", "滨江、滨海“老字号”商行", "3M中国有限公司", "鲜の店"]
    {
        taken(organisation, text, text);
    }
}

#[test]
fn what_no_name_has_is_refused_with_the_character_and_the_name_that_was_meant() {
    refused(organisation, "滨江市—大众餐馆", (4, '—', Flaw::LooksLike, Some("滨江市一大众餐馆")));
    refused(organisation, "滨江№3店", (3, '№', Flaw::LooksLike, Some("滨江No.3店")));
    refused(organisation, "滨江第Ⅱ店", (4, 'Ⅱ', Flaw::LooksLike, Some("滨江第II店")));
    refused(organisation, "滨江【东】店", (3, '【', Flaw::LooksLike, Some("滨江（东）店")));
    refused(organisation, "滨江；滨海商会", (3, '；', Flaw::Sign, Some("滨江滨海商会")));
    refused(organisation, "滨江‘一品’店", (3, '‘', Flaw::LooksLike, Some("滨江“一品”店")));
    refused(person, "阿卜杜拉。买买提", (5, '。', Flaw::Sign, Some("阿卜杜拉·买买提")));
    refused(person, "张力カ", (3, 'カ', Flaw::LooksLike, Some("张力力")));
    refused(person, "丁ー", (2, 'ー', Flaw::LooksLike, Some("丁一")));
    refused(person, "p\u{430}y", (2, '\u{430}', Flaw::LooksLike, Some("pay")));
    refused(person, "\u{410}\u{41e}", (1, '\u{410}', Flaw::LooksLike, Some("AO")));
    refused(person, "张三<b>", (3, '<', Flaw::Sign, None));
    refused(person, "张3", (2, '3', Flaw::Sign, None));
    refused(person, "张（三）", (2, '（', Flaw::Sign, None));
    refused(person, "·张三", (1, '·', Flaw::Sign, Some("张三")));
    refused(person, "阿··里", (2, '·', Flaw::Sign, Some("阿·里")));
    refused(person, "张\u{e000}", (2, '\u{e000}', Flaw::PrivateUse, None));
    refused(person, "བསྟན", (1, 'བ', Flaw::Script, None));
    refused(person, "张\u{1f600}", (2, '\u{1f600}', Flaw::Sign, None));
    refused(person, "张\u{30000}", (2, '\u{30000}', Flaw::NotPrinted, None));
    assert_eq!(person(" \u{3000} "), Err(NameError::Empty));
    assert_eq!(person(""), Err(NameError::Empty));
}

#[test]
fn what_nobody_sees_is_refused_and_the_name_without_it_offered() {
    for c in "\0\n\t\u{7f}\u{85}\u{ad}\u{200b}\u{200d}\u{200e}\u{202e}\u{2028}\u{2066}\u{feff}\u{fe0f}\u{fffd}\u{fffe}\
              \u{e0041}\u{e0100}\u{3164}\u{fdd0}\u{1fffe}\u{61c}"
        .chars()
    {
        refused(person, &format!("张{c}三"), (2, c, Flaw::Unseen, Some("张三")));
        refused(person, &format!("{c}张三"), (1, c, Flaw::Unseen, Some("张三")));
    }
    for c in ['\u{f8ff}', '\u{f0000}', '\u{10fffd}'] {
        refused(person, &format!("张{c}三"), (2, c, Flaw::PrivateUse, None));
    }
}

#[test]
fn a_name_of_120_characters_is_read_and_one_of_121_is_not() {
    taken(person, &"𠮷".repeat(120), &"𠮷".repeat(120));
    assert_eq!(person(&"𠮷".repeat(121)), Err(NameError::TooLong(120)));
    assert_eq!(person(&"𠮷".repeat(1_000_000)), Err(NameError::TooLong(120)));
}

#[test]
fn reading_a_name_twice_changes_nothing_and_no_character_makes_it_fail() {
    let rare = (0x1_0000..=0x0010_ffff).step_by(61);
    for c in (0..=0xffff).chain(rare).filter_map(char::from_u32) {
        for read in [person, organisation] {
            let beside_latin = (c < '\u{3000}').then(|| format!("a{c}b"));
            for text in std::iter::once(format!("张{c}三")).chain(beside_latin) {
                match read(&text) {
                    Ok(name) => {
                        assert_eq!(read(&name).as_deref(), Ok(name.as_str()), "{text:?}");
                        assert_eq!(key(&name), key(&text), "{text:?}");
                        assert!(name.chars().all(is_printed), "{text:?}");
                    }
                    Err(NameError::Character(Refused { offer: Some(offer), .. })) => {
                        assert_eq!(read(&offer).as_deref(), Ok(offer.as_str()), "{text:?}");
                    }
                    Err(_) => {}
                }
            }
        }
    }
}

#[test]
fn a_refusal_names_the_character_and_offers_the_name_that_was_meant() {
    let error = organisation("滨江市—大众餐馆").unwrap_err();
    assert_eq!(
        error.to_string(),
        "character 4 of the name, “—” (U+2014), looks like another one; is it “滨江市一大众餐馆”?"
    );
}
