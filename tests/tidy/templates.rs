//! Templates: lines that a person can read, and forms that carry their token.

use std::fs;

use tests::source;

use super::{none, shown, tracked};

/// The widest line, in characters.
const LINE_CHARACTERS_MAX: usize = 140;

/// The one macro for the hidden field that `kit::form` looks for.
const TOKEN: &str = "{{ forms::token(page) ";

/// Where the macros for fields are.
const FIELDS: &str = "src/web/templates/kit/parts/forms.html";

/// It posts to the site of an application, which knows nothing of our tokens.
const TO_OTHERS: &str = "src/web/templates/sign_in/oidc/form_post.html";

#[test]
fn lines_of_templates_can_be_read() {
    let mut wrong = Vec::new();
    for (name, text) in templates() {
        for (place, line) in text.lines().enumerate() {
            if line.chars().count() > LINE_CHARACTERS_MAX {
                wrong.push(format!("{name}:{}: {} characters", place + 1, line.chars().count()));
            }
        }
    }
    none(&wrong);
}

#[test]
fn every_form_that_changes_something_carries_its_token_through_the_macro() {
    let (mut forms, mut wrong) = (0, Vec::new());
    for (name, text) in templates() {
        for form in text.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap_or_default()) {
            let tag = form.split('>').next().unwrap_or_default();
            if tag.contains("method=\"post\"") && name != TO_OTHERS {
                forms += 1;
                if form.matches(TOKEN).count() != 1 {
                    wrong.push(format!("{name}: <form{tag}>"));
                }
            }
        }
        if text.contains("\"csrf\"") && name != FIELDS {
            wrong.push(format!("{name}: writes the token by hand"));
        }
    }
    assert!(forms > 10, "only {forms} forms were found");
    none(&wrong);
}

/// So that no field lacks its label, its hint's or its error's name, or what keeps a keyboard from correcting it.
#[test]
fn fields_are_written_by_a_macro_for_each_kind() {
    let (mut of_macros, mut wrong) = (0, Vec::new());
    for (name, text) in templates() {
        for (place, line) in text.lines().enumerate() {
            if ["<input", "<select", "<textarea", "<option"].iter().any(|tag| line.contains(tag)) {
                if name == FIELDS {
                    of_macros += 1;
                } else {
                    wrong.push(format!("{name}:{}: {}", place + 1, line.trim()));
                }
            }
        }
    }
    assert!(of_macros > 4, "only {of_macros} were found");
    none(&wrong);
}

/// A browser shows every space there, so a line may begin with one only where the template takes it away again.
#[test]
fn what_is_shown_as_it_stands_is_not_indented() {
    let (mut shown_as_written, mut wrong) = (0, Vec::new());
    for (name, text) in templates() {
        for element in ["pre", "textarea"] {
            for rest in text.split(&format!("<{element}")).skip(1) {
                let (inside, _) =
                    rest.split_once(&format!("</{element}>")).unwrap_or_else(|| panic!("{name}: <{element}"));
                let (_, inside) = inside.split_once("\">").or_else(|| inside.split_once('>')).unwrap();
                shown_as_written += 1;
                let lines: Vec<&str> = inside.lines().collect();
                let indented = lines.windows(2).find(|two| two[1].starts_with(' ') && !two[0].ends_with("-}}"));
                wrong.extend(indented.map(|two| format!("{name}: {}", two[1])));
            }
        }
    }
    assert!(shown_as_written > 2, "only {shown_as_written} were found");
    none(&wrong);
}

fn templates() -> Vec<(String, String)> {
    let files = tracked().into_iter().filter(|file| file.starts_with(source::root().join("src/web/templates")));
    files.map(|file| (shown(&file), without_comments(&fs::read_to_string(&file).unwrap()))).collect()
}

/// The same lines; what stands in `{# … #}` is for whoever reads the template.
fn without_comments(text: &str) -> String {
    let mut parts = text.split("{#");
    let begin = parts.next().unwrap_or_default().to_owned();
    parts.fold(begin, |whole, part| {
        let (comment, rest) = part.split_once("#}").unwrap_or((part, ""));
        whole + &"\n".repeat(comment.matches('\n').count()) + rest
    })
}
