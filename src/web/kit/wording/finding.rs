//! What an audit found, in words.

use base::Text;
use records::audit::Said;

/// What rows are of, by their tables.
const ROWS: &[(&str, &Text)] = &[
    ("account", words::marked::ACCOUNT),
    ("application", words::marked::APPLICATION),
    ("client", words::marked::CLIENT),
    ("client_grant", words::marked::CLIENT_GRANT),
    ("command_key", words::marked::COMMAND_KEY),
    ("licence", words::marked::LICENCE),
    ("licence_content", words::marked::LICENCE_CONTENT),
    ("licence_file", words::marked::LICENCE_FILE),
    ("licence_joint_holder", words::marked::LICENCE_JOINT_HOLDER),
    ("licence_revocation", words::marked::LICENCE_REVOCATION),
    ("licence_type", words::marked::LICENCE_TYPE),
    ("licence_type_issuer", words::marked::LICENCE_TYPE_ISSUER),
    ("mandate", words::marked::MANDATE),
    ("organisation", words::marked::ORGANISATION),
    ("password", words::marked::PASSWORD),
    ("password_reset", words::marked::PASSWORD_RESET),
    ("person", words::marked::PERSON),
    ("person_renaming", words::marked::PERSON_RENAMING),
    ("pki_certificate", words::marked::PKI_CERTIFICATE),
    ("pki_key", words::marked::PKI_KEY),
    ("proposal", words::marked::PROPOSAL),
    ("seal", words::marked::SEAL),
    ("session", words::marked::SESSION),
    ("staff", words::marked::STAFF),
    ("token_family", words::marked::TOKEN_FAMILY),
];

/// What the rows of a table are of.
pub fn rows_of(table: &str) -> Text {
    let known = ROWS.iter().find(|(known, _)| *known == table);
    known.map_or_else(|| Text::new(table.to_owned(), table.to_owned()), |(_, words)| (*words).clone())
}

/// What a finding says of these; of rows, the first is what they are of, and the second which of them it is.
pub fn finding(said: Said, values: &[String]) -> Text {
    let value = |place: usize| values.get(place).map_or("", String::as_str);
    let row = |words: fn(&str) -> Text| {
        Text::composed(|language| {
            let kind = rows_of(value(0)).in_language(language).to_owned();
            let what = match value(1) {
                "" => kind,
                name => words::found::of_row(kind, name).in_language(language).to_owned(),
            };
            words(&what)
        })
    };
    match said {
        Said::Missing => words::found::missing(value(0)),
        Said::MissingStretch => words::found::missing_stretch(value(0), value(1)),
        Said::Changed => words::found::changed(value(0)),
        Said::Foreign => words::found::foreign(value(0)),
        Said::Stray => words::found::stray(value(0)),
        Said::Again => words::found::again(value(0)),
        Said::Unnumbered => words::found::unnumbered(value(0)),
        Said::ForeignWaiting => words::found::foreign_waiting(value(0)),
        Said::Cut => words::found::cut(value(0), value(1)),
        Said::Beyond => words::found::beyond(value(0)),
        Said::Head => words::found::HEAD.clone(),
        Said::Contradicted => words::found::contradicted(value(0)),
        Said::PutBack => words::found::put_back(value(0), value(1)),
        Said::Archived => words::found::ARCHIVED.clone(),
        Said::Actor => words::found::actor(value(0), rows_of(value(1)), value(2)),
        Said::Contrary => words::found::contrary(value(0), rows_of(value(1)), value(2)),
        Said::File => words::found::file(value(0)),
        Said::StrayFile => words::found::stray_file(value(0)),
        Said::HeadsGone => words::found::HEADS_GONE.clone(),
        Said::Guard => words::found::guard(value(0)),
        Said::Rows => row(|what| words::found::rows(what)),
        Said::RowChanged => row(|what| words::found::row_changed(what)),
        Said::RowInserted => row(|what| words::found::row_inserted(what)),
        Said::RowPutBack => row(|what| words::found::row_put_back(what)),
        Said::RowRemoved => row(|what| words::found::row_removed(what)),
    }
}

#[cfg(test)]
mod tests {
    use records::Rule;

    use super::*;

    #[test]
    fn whatever_rows_an_audit_looks_at_have_words() {
        let all = [
            identity::marked::MARKED,
            licence::marked::MARKED,
            oidc::marked::MARKED,
            pki::marked::MARKED,
            seal::marked::MARKED,
        ];
        let marked = || all.iter().flat_map(|marked| marked.iter());
        let ruled = marked().flat_map(|marked| marked.rules).map(Rule::what);
        let mut tables: Vec<&str> = marked().map(|marked| marked.table).chain(ruled).collect();
        tables.sort_unstable();
        tables.dedup();
        assert_eq!(tables, ROWS.iter().map(|(table, _)| *table).collect::<Vec<_>>());
    }

    #[test]
    fn whatever_an_audit_says_is_said_in_both_languages_with_what_it_is_of() {
        for said in Said::ALL {
            let text = finding(*said, &["7".to_owned(), "9".to_owned()]);
            let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
            assert!(text.zh.chars().any(is_chinese) && text.zh.ends_with('。'), "{said:?}: {}", text.zh);
            assert!(!text.en.chars().any(is_chinese) && text.en.ends_with('.'), "{said:?}: {}", text.en);
            assert_eq!(text.zh.contains('7'), text.en.contains('7'), "{said:?}");
        }
        let text = finding(Said::RowPutBack, &["licence".to_owned(), "11330100".to_owned()]);
        assert_eq!(text.zh, "证照 11330100 的数据被绕过本系统换回上一次变更之前的内容。");
    }
}
