//! The two languages of every text that a person reads.

use std::fmt;

/// A language of the product. Chinese is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    Chinese,
    /// English, for whoever reads no Chinese.
    English,
}

impl Language {
    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// The first language of a list of tags that we have: `ui_locales` (separated by spaces) or
    /// `Accept-Language` (separated by commas; weights are ignored, browsers send them in order).
    pub fn preferred(tags: &str) -> Option<Self> {
        tags.split([' ', ',']).take(16).find_map(|tag| {
            let primary = tag.split(['-', '_', ';']).next().unwrap_or_default().trim();
            if primary.eq_ignore_ascii_case("zh") {
                Some(Self::Chinese)
            } else if primary.eq_ignore_ascii_case("en") {
                Some(Self::English)
            } else {
                None
            }
        })
    }
}

/// One sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    /// Simplified Chinese.
    pub zh: std::borrow::Cow<'static, str>,
    /// English.
    pub en: std::borrow::Cow<'static, str>,
}

impl Text {
    /// A text known when the program was written.
    pub const fn fixed(zh: &'static str, en: &'static str) -> Self {
        Self { zh: std::borrow::Cow::Borrowed(zh), en: std::borrow::Cow::Borrowed(en) }
    }

    /// A text made while the program runs.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: std::borrow::Cow::Owned(zh.into()), en: std::borrow::Cow::Owned(en.into()) }
    }

    /// A text put together from others, once in each language.
    pub fn composed(in_language: impl Fn(Language) -> Self) -> Self {
        Self { zh: in_language(Language::Chinese).zh, en: in_language(Language::English).en }
    }

    /// The text in one language.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Chinese => &self.zh,
            Language::English => &self.en,
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.zh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_language_wins() {
        assert_eq!(Language::preferred("fr-FR en zh"), Some(Language::English));
        assert_eq!(Language::preferred("zh-CN,zh;q=0.9,en;q=0.8"), Some(Language::Chinese));
        assert_eq!(Language::preferred("de"), None);
        assert_eq!(Language::preferred(""), None);
    }
}
