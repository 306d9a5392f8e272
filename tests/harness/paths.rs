//! Reading our own source text: which other files a file names.

/// The parts of a path.
pub fn segments(path: &str) -> Vec<String> {
    path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The code of a Rust file: nothing in the place of comments and literals.
pub fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_raw = ["r\"", "r#\""].iter().any(|start| rest.starts_with(start)) && !code.ends_with(is_in_a_word);
        let length = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            'r' if is_raw => {
                let end = if rest.starts_with("r#") { "\"#" } else { "\"" };
                let start = rest.find('"').unwrap_or(0) + 1;
                rest[start..].find(end).map_or(rest.len(), |length| start + length + end.len())
            }
            '"' => closing(rest, '"').unwrap_or(rest.len()),
            // A lifetime has no closing quote where a character has one.
            '\'' => closing(rest, '\'')
                .filter(|length| *length <= 12 && (rest[1..].starts_with('\\') || rest[..*length].chars().count() == 3))
                .unwrap_or(1),
            _ => {
                code.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    code
}

/// How many bytes a literal takes, with its quotes.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((place, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote {
            return Some(place + 1);
        }
    }
    None
}

fn is_in_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Code without the items that only tests compile.
pub fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("#[cfg(") {
        kept.push_str(before);
        let (condition, item) = after.split_once(")]").unwrap_or((after, ""));
        rest = item;
        if condition.split(|c: char| !c.is_alphanumeric()).any(|word| word == "test") {
            rest = &item[item_length(item)..];
        }
    }
    kept + rest
}

/// How long an item is: up to its semicolon or its closing brace.
fn item_length(text: &str) -> usize {
    let mut depth = 0_usize;
    for (place, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return place + 1,
            '}' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => return place + 1,
            _ => {}
        }
    }
    text.len()
}

/// The imports of a file, each with whether it hands on what it names, and the rest of the code.
pub fn imports(code: &str) -> (Vec<(bool, String)>, String) {
    let (mut uses, mut body) = (Vec::new(), String::new());
    let mut rest = code;
    while let Some(place) = rest.match_indices("use ").map(|(place, _)| place).find(|place| begins_a_word(rest, *place))
    {
        let (before, import) = rest.split_at(place);
        let (tree, after) = import.split_once(';').unwrap_or((import, ""));
        let line = before.trim_end().rsplit([';', '}', '\n']).next().unwrap_or_default().trim();
        uses.push((line.starts_with("pub"), tree["use ".len()..].to_owned()));
        body.push_str(before);
        rest = after;
    }
    (uses, body + rest)
}

fn begins_a_word(text: &str, place: usize) -> bool {
    !text[..place].ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// The paths of a `use`, each with the name it has here.
pub fn expanded(tree: &str) -> Vec<(Vec<String>, String)> {
    let tree = tree.trim();
    if let Some((prefix, inside)) = tree.split_once('{') {
        let inside = inside.trim_end().strip_suffix('}').unwrap_or(inside);
        let branches = branches(inside).into_iter().flat_map(|branch| expanded(&branch));
        let prefix = segments(&prefix.replace(' ', ""));
        return branches
            .map(|(path, name)| {
                let own = if path == ["self"] { Vec::new() } else { path };
                let name = if name == "self" { prefix.last().cloned().unwrap_or_default() } else { name };
                (prefix.iter().cloned().chain(own).collect(), name)
            })
            .collect();
    }
    let (path, name) =
        tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name.trim().to_owned())));
    let path = segments(path.trim());
    let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
    if path.is_empty() { Vec::new() } else { vec![(path, name)] }
}

/// The parts of a list in braces.
fn branches(inside: &str) -> Vec<String> {
    let (mut found, mut depth) = (vec![String::new()], 0_usize);
    for c in inside.chars() {
        match c {
            ',' if depth == 0 => {
                found.push(String::new());
                continue;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        found.last_mut().unwrap().push(c);
    }
    found
}

/// The word after each of these.
pub fn words_after(code: &str, word: &str) -> Vec<String> {
    let words: Vec<&str> =
        code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    words.windows(2).filter(|pair| pair[0] == word).map(|pair| pair[1].to_owned()).collect()
}

/// The paths with more than one segment in code.
pub fn paths(code: &str) -> Vec<Vec<String>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.split(|c| !is_part(c)).filter(|word| word.contains("::")).map(segments).filter(|path| path.len() > 1).collect()
}
