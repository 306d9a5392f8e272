//! The classes of vehicles that a driving licence is for (准驾车型: 机动车驾驶证申领和使用规定, 公安部令第162号, annex 1).

/// A class, and from which age on it can be applied for (article 14; for A1 and A2 that of who learns the trade).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VehicleClass {
    /// As documents print it: `C1`.
    pub code: &'static str,
    /// Whole years.
    pub age: i32,
}

const fn class(code: &'static str, age: i32) -> VehicleClass {
    VehicleClass { code, age }
}

/// All of them, in the order in which documents print them.
pub const ALL: [VehicleClass; 17] = [
    class("A1", 19),
    class("A2", 19),
    class("A3", 20),
    class("B1", 20),
    class("B2", 20),
    class("C1", 18),
    class("C2", 18),
    class("C3", 18),
    class("C4", 18),
    class("C5", 18),
    class("C6", 20),
    class("D", 18),
    class("E", 18),
    class("F", 18),
    class("M", 18),
    class("N", 20),
    class("P", 20),
];

/// The classes in a text such as `C1D`, in their order; capitals or not, with or without signs and spaces between. None
/// when something in it is no class, or stands twice.
pub(crate) fn parse(text: &str) -> Option<Vec<VehicleClass>> {
    let between = |c: char| c.is_whitespace() || "、,，/;；+".contains(c);
    let text: String = text.chars().filter(|c| !between(*c)).map(|c| c.to_ascii_uppercase()).collect();
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let next = ALL.into_iter().find(|class| rest.starts_with(class.code) && !found.contains(class))?;
        rest = rest.strip_prefix(next.code)?;
        found.push(next);
    }
    found.sort_by_key(|class| ALL.iter().position(|known| known == class));
    Some(found).filter(|found| !found.is_empty())
}

/// The classes as documents print them: `C1D`.
pub(crate) fn text(classes: &[VehicleClass]) -> String {
    classes.iter().map(|class| class.code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_classes_of_the_standard_are_read_each_once_and_in_their_order() {
        let check = |typed: &str, expected: Option<&str>| {
            assert_eq!(parse(typed).map(|classes| text(&classes)).as_deref(), expected, "{typed}");
        };
        check("C1", Some("C1"));
        check("c1d", Some("C1D"));
        check("DC1", Some("C1D"));
        check("A1、A2，D", Some("A1A2D"));
        check("A1A2A3B1B2C1C2C3C4C5C6DEFMNP", Some("A1A2A3B1B2C1C2C3C4C5C6DEFMNP"));
        for typed in ["666", "", "C", "C7", "C1C1", "A4", "B3", "G", "C１", "C11", "1C", "C1 D2", "，"] {
            check(typed, None);
        }
    }
}
