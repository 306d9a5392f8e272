//! Names and numbers as they are shown by default.

/// What stands for a character that is hidden.
pub const HIDDEN: char = '*';

/// A person's name with all but the first character (and, from three characters on, the last) hidden.
///
/// ```
/// assert_eq!(base::mask::person_name("张三"), "张*");
/// assert_eq!(base::mask::person_name("欧阳小明"), "欧**明");
/// ```
pub fn person_name(name: &str) -> String {
    keep(name, 1, usize::from(name.chars().count() > 2))
}

/// An organisation's name as rows of before have it: it is public, and is not hidden any more.
///
/// ```
/// assert_eq!(base::mask::organisation_name("滨江市龙福餐饮有限公司"), "滨江市龙****有限公司".replace("****", "***"));
/// ```
pub fn organisation_name(name: &str) -> String {
    keep(name, 4, 4)
}

/// A person's number: of a resident's the region's first four digits and the last character, of a shorter one less.
///
/// ```
/// assert_eq!(base::mask::identity_number("11010519491231002X"), "1101*************X");
/// assert_eq!(base::mask::identity_number("USA123456789"), "USA*******89");
/// assert_eq!(base::mask::identity_number("H12345678"), "H******78");
/// assert_eq!(base::mask::identity_number("12345678"), "1*****78");
/// ```
pub fn identity_number(number: &str) -> String {
    match number.chars().count() {
        0..=9 => keep(number, 1, 2),
        10..=12 => keep(number, 3, 2),
        _ => keep(number, 4, 1),
    }
}

/// A telephone number: the first three and the last two digits.
///
/// ```
/// assert_eq!(base::mask::phone("13800138000"), "138******00");
/// ```
pub fn phone(number: &str) -> String {
    keep(number, 3, 2)
}

fn keep(text: &str, first: usize, last: usize) -> String {
    let count = text.chars().count();
    if count <= first + last && count > 1 {
        // Too short to hide a middle: hide everything but the first character.
        return text.chars().enumerate().map(|(place, c)| if place == 0 { c } else { HIDDEN }).collect();
    }
    text.chars()
        .enumerate()
        .map(|(place, c)| if place < first || place >= count.saturating_sub(last) { c } else { HIDDEN })
        .collect()
}
