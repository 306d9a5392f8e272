//! Reading the pages we are sent: forms, links, texts by id. Only as much HTML as our own pages use.

use std::collections::BTreeMap;

/// A tag with its attributes, and where its text begins.
#[derive(Clone, Debug)]
pub struct Tag {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    start: usize,
    end: usize,
}

impl Tag {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

/// A button of a form: its id, and the field that it adds.
pub type Button = (Option<String>, Option<(String, String)>);

/// A form as a browser would send it.
#[derive(Clone, Debug)]
pub struct Form {
    pub id: Option<String>,
    pub method: String,
    pub action: String,
    pub fields: Vec<(String, String)>,
    pub buttons: Vec<Button>,
}

impl Form {
    /// Fills in a field; a field that the page does not have is a mistake of the test.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(field, _)| field == name) {
            Some((_, old)) => value.clone_into(old),
            None => panic!("the form has no field {name}: {:?}", self.fields),
        }
        self
    }

    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }
}

/// All opening tags of a page.
pub fn tags(html: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = html[at..].find('<') {
        let start = at + offset;
        if html[start..].starts_with("<!--") {
            at = html[start..].find("-->").map_or(html.len(), |end| start + end + 3);
            continue;
        }
        let Some(end) = tag_end(html, start) else { break };
        let inside = html[start + 1..end - 1].trim_end_matches('/');
        let name: String = inside.chars().take_while(char::is_ascii_alphanumeric).collect();
        if !name.is_empty() {
            found.push(Tag { attributes: attributes(&inside[name.len()..]), name: name.to_lowercase(), start, end });
        }
        at = end;
    }
    found
}

/// Where the tag that begins at `start` ends: a `>` outside quotes.
fn tag_end(html: &str, start: usize) -> Option<usize> {
    let mut quote = None;
    for (place, c) in html[start..].char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '>') => return Some(start + place + 1),
            _ => {}
        }
    }
    None
}

fn attributes(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let name: String = rest.chars().take_while(|c| !c.is_whitespace() && *c != '=').collect();
        rest = &rest[name.len()..];
        let mut value = String::new();
        if let Some(after) = rest.trim_start().strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| ['"', '\''].contains(c));
            let (raw, length) = if let Some(quote) = quote {
                let length = after[1..].find(quote).unwrap_or(after.len() - 1);
                (&after[1..=length], (length + 2).min(after.len()))
            } else {
                let length = after.find(char::is_whitespace).unwrap_or(after.len());
                (&after[..length], length)
            };
            value = text_of(raw);
            rest = &after[length..];
        }
        if !name.is_empty() {
            found.insert(name.to_lowercase(), value);
        } else if let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
        }
        rest = rest.trim_start();
    }
    found
}

/// Text with entities read.
pub fn text_of(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(place) = rest.find('&') {
        text.push_str(&rest[..place]);
        rest = &rest[place..];
        let Some(end) = rest.find(';').filter(|end| *end < 12) else {
            text.push('&');
            rest = &rest[1..];
            continue;
        };
        let name = &rest[1..end];
        let number = name.strip_prefix("#x").map(|hex| u32::from_str_radix(hex, 16).ok());
        let number = number.or_else(|| name.strip_prefix('#').map(|decimal| decimal.parse().ok()));
        match (name, number.flatten().and_then(char::from_u32)) {
            (_, Some(c)) => text.push(c),
            ("amp", _) => text.push('&'),
            ("lt", _) => text.push('<'),
            ("gt", _) => text.push('>'),
            ("quot", _) => text.push('"'),
            ("nbsp", _) => text.push(' '),
            _ => text.push_str(&rest[..=end]),
        }
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    text
}

/// The forms of a page.
pub fn forms(html: &str) -> Vec<Form> {
    let tags = tags(html);
    let mut found = Vec::new();
    for form in tags.iter().filter(|tag| tag.name == "form") {
        let end = html[form.end..].find("</form").map_or(html.len(), |end| form.end + end);
        let inside: Vec<&Tag> = tags.iter().filter(|tag| tag.start >= form.end && tag.start < end).collect();
        found.push(Form {
            id: form.get("id").map(str::to_owned),
            method: form.get("method").unwrap_or("get").to_lowercase(),
            action: form.get("action").unwrap_or_default().to_owned(),
            fields: fields(html, &inside),
            buttons: inside
                .iter()
                .filter(|tag| tag.name == "button")
                .map(|tag| {
                    let sends =
                        tag.get("name").map(|name| (name.to_owned(), tag.get("value").unwrap_or("").to_owned()));
                    (tag.get("id").map(str::to_owned), sends)
                })
                .collect(),
        });
    }
    found
}

fn fields(html: &str, inside: &[&Tag]) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for (place, tag) in inside.iter().enumerate() {
        let Some(name) = tag.get("name").map(str::to_owned) else { continue };
        let value = match tag.name.as_str() {
            "input" if matches!(tag.get("type"), Some("radio" | "checkbox")) => {
                if tag.get("checked").is_none() {
                    continue;
                }
                tag.get("value").unwrap_or("on").to_owned()
            }
            "input" => tag.get("value").unwrap_or_default().to_owned(),
            "textarea" => {
                let end = html[tag.end..].find("</textarea").unwrap_or(0);
                text_of(&html[tag.end..tag.end + end])
            }
            "select" => {
                let options: Vec<_> = inside[place + 1..]
                    .iter()
                    .take_while(|next| next.name == "option" || next.name == "optgroup")
                    .collect();
                let chosen = options.iter().find(|option| option.get("selected").is_some()).or(options.first());
                chosen.and_then(|option| option.get("value")).unwrap_or_default().to_owned()
            }
            _ => continue,
        };
        fields.push((name, value));
    }
    fields
}

/// The text inside the element with this id, without tags.
pub fn text_by_id(html: &str, id: &str) -> Option<String> {
    let tag = tags(html).into_iter().find(|tag| tag.get("id") == Some(id))?;
    let close = format!("</{}", tag.name);
    let end = html[tag.end..].find(&close).map_or(html.len(), |end| tag.end + end);
    Some(plain(&html[tag.end..end]))
}

/// The text of a page without tags, spaces joined.
pub fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut at = 0;
    for tag in html.match_indices('<') {
        if tag.0 < at {
            continue;
        }
        text.push_str(&html[at..tag.0]);
        text.push(' ');
        at = tag_end(html, tag.0).unwrap_or(html.len());
    }
    text.push_str(&html[at..]);
    text_of(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}
