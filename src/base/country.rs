//! Countries and regions by their names and codes (GB/T 2659, ISO 3166-1): `CHN`, 中国, China.

/// A country or region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    /// Three letters: `CHN`.
    pub code: &'static str,
    /// Its short name in Chinese, as documents print it.
    pub zh: &'static str,
    /// Its short name in English.
    pub en: &'static str,
}

/// A line each: the code, a space, the Chinese name, a space, the English one.
const COUNTRIES: &str = include_str!("countries.txt");

impl Country {
    /// All of them, China first.
    pub fn all() -> impl Iterator<Item = Self> {
        COUNTRIES.lines().filter_map(|line| {
            let mut parts = line.splitn(3, ' ');
            Some(Self { code: parts.next()?, zh: parts.next()?, en: parts.next()? })
        })
    }

    /// The one that somebody means by its code or by its name in either language, whatever the case.
    pub fn named(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::all()
            .find(|one| one.zh == text || one.code.eq_ignore_ascii_case(text) || one.en.eq_ignore_ascii_case(text))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_country_has_three_letters_and_two_names_of_its_own() {
        let all: Vec<Country> = Country::all().collect();
        assert_eq!(all.len(), COUNTRIES.lines().count());
        assert_eq!(all.len(), 249);
        assert_eq!(all.iter().map(|one| one.code).collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(all.iter().map(|one| one.zh).collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(all.iter().map(|one| one.en).collect::<BTreeSet<_>>().len(), all.len());
        for one in all {
            assert!(one.code.len() == 3 && one.code.bytes().all(|b| b.is_ascii_uppercase()), "{}", one.code);
        }
    }

    #[test]
    fn a_country_is_known_by_its_code_and_by_either_name() {
        for text in ["中国", "CHN", "chn", "China", " china "] {
            assert_eq!(Country::named(text).map(|one| one.zh), Some("中国"), "{text}");
        }
        for text in ["", "火星", "CN", "中国人"] {
            assert_eq!(Country::named(text), None, "{text}");
        }
    }
}
