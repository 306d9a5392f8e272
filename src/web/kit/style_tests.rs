//! What can be checked about the styles without a browser.

use std::collections::HashMap;

const TOKENS: &str = include_str!("../static/kit/tokens.css");
const SHEETS: &[&str] = &[
    TOKENS,
    include_str!("../static/kit/base.css"),
    include_str!("../static/kit/parts.css"),
    include_str!("../static/kit/print.css"),
];

/// Text and what it stands on.
const PAIRS: &[(&str, &str)] = &[
    ("ink", "paper"),
    ("ink", "ground"),
    ("ink-soft", "paper"),
    ("ink-soft", "ground"),
    ("ink-soft", "neutral-pale"),
    ("brand", "paper"),
    ("brand", "ground"),
    ("brand", "brand-pale"),
    ("brand", "neutral-pale"),
    ("on-brand", "brand"),
    ("good", "good-pale"),
    ("warning", "warning-pale"),
    ("bad", "bad-pale"),
    ("bad", "paper"),
    ("info", "info-pale"),
    ("neutral", "neutral-pale"),
    ("ink", "good-pale"),
    ("ink", "warning-pale"),
    ("ink", "bad-pale"),
];

fn colours(css: &str) -> HashMap<&str, [f64; 3]> {
    let mut found = HashMap::new();
    for line in css.lines() {
        let Some((name, value)) = line.trim().strip_prefix("--").and_then(|rest| rest.split_once(": #")) else {
            continue;
        };
        let value = value.trim_end_matches(';');
        let part = |at: usize| f64::from(u8::from_str_radix(&value[at..at + 2], 16).unwrap()) / 255.0;
        found.insert(name, [part(0), part(2), part(4)]);
    }
    found
}

/// Contrast as WCAG 2 reckons it.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let linear = colour.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_stands_out_in_the_light_and_in_the_dark() {
    let (light, dark) = TOKENS.split_once("prefers-color-scheme: dark").unwrap();
    let light = colours(light);
    let mut night = light.clone();
    night.extend(colours(dark));
    for (mode, colours) in [("light", &light), ("dark", &night)] {
        for (text, ground) in PAIRS {
            let contrast = contrast(colours[text], colours[ground]);
            assert!(contrast >= 4.5, "{mode}: {text} on {ground} is only {contrast:.2}");
        }
        let focus = contrast(colours["focus"], colours["paper"]);
        assert!(focus >= 3.0, "{mode}: focus is only {focus:.2}");
    }
}

#[test]
fn styles_use_only_what_chromium_90_knows() {
    for sheet in SHEETS {
        for unknown in
            [":has(", "@container", "color-mix(", "@layer", "dvh", "svh", "oklch(", "light-dark(", "subgrid", " & "]
        {
            assert!(!sheet.contains(unknown), "{unknown}");
        }
        assert_eq!(sheet.matches('{').count(), sheet.matches('}').count(), "unbalanced braces");
    }
}

#[test]
fn every_token_that_is_used_exists() {
    for sheet in SHEETS {
        for used in sheet.split("var(--").skip(1) {
            let name = used.split([')', ',']).next().unwrap();
            assert!(TOKENS.contains(&format!("--{name}:")), "--{name}");
        }
    }
}

#[test]
fn a_column_of_names_stays_wide_enough_for_one_and_a_date_stays_on_its_line() {
    assert!(include_str!("../static/kit/parts.css").contains(".table .whole { min-width: 7.5em; }"));
    let entries = include_str!("../templates/staff/audit/parts/entries.html");
    for (column, class) in [("WHEN", "nowrap"), ("WHO", "whole"), ("WHAT", "whole")] {
        let cell = format!("<td data-label=\"{{{{ page.say(words::audit::{column}) }}}}\" class=\"{class}\">");
        assert!(entries.contains(&cell), "{cell}");
    }
}

#[test]
fn a_tag_breaks_into_lines_rather_than_leave_its_box() {
    let parts = include_str!("../static/kit/parts.css");
    let (_, rule) = parts.split_once("\n.tag {").unwrap();
    let rule = rule.split('}').next().unwrap();
    assert!(
        !rule.contains("nowrap") && rule.contains("max-width: 100%") && rule.contains("overflow-wrap: anywhere"),
        "{rule}"
    );
}
