//! Fitting a text into its place: smaller, then in several lines, then not at all.

use std::ops::Range;

/// Distance of two base lines, as a multiple of the type size.
pub(crate) const LEADING: f32 = 1.25;
/// Sizes are tried in steps of half a point.
const STEP: f32 = 0.5;

/// The place for a text: points.
pub(crate) struct Room {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) size: f32,
    pub(crate) size_min: f32,
    pub(crate) lines_max: usize,
}

/// How a text fits its place.
#[derive(Debug, PartialEq)]
pub(crate) struct Fitted {
    pub(crate) size: f32,
    /// Positions in the text, in characters.
    pub(crate) lines: Vec<Range<usize>>,
}

/// The largest size at which the text fits, in as few lines as that size needs; `None` when it fits at no size.
///
/// `text` holds each character with its advance in thousandths of the size.
pub(crate) fn fit(text: &[(char, u16)], room: &Room) -> Option<Fitted> {
    let total: f32 = text.iter().map(|(_, advance)| f32::from(*advance)).sum::<f32>() / 1000.0;
    let mut size = room.size;
    while size >= room.size_min {
        let by_height = (room.height / (size * LEADING)).floor().max(1.0) as usize;
        let lines_max = by_height.min(room.lines_max);
        if total * size <= room.width {
            return Some(Fitted { size, lines: std::iter::once(0..text.len()).collect() });
        }
        if total * size <= room.width * lines_max as f32 {
            let lines = break_lines(text, room.width * 1000.0 / size);
            if lines.len() <= lines_max {
                return Some(Fitted { size, lines });
            }
        }
        size -= STEP;
    }
    None
}

/// Lines no wider than `width` (thousandths of the size), broken where Chinese text may be broken.
fn break_lines(text: &[(char, u16)], width: f32) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut allowed = 0;
    let mut used = 0.0;
    let mut at = 0;
    while let Some((character, advance)) = text.get(at) {
        if at > start
            && at.checked_sub(1).and_then(|i| text.get(i)).is_some_and(|(left, _)| may_break(*left, *character))
        {
            allowed = at;
        }
        used += f32::from(*advance);
        if used > width && at > start && *character != ' ' {
            let end = if allowed > start { allowed } else { at };
            lines.push(start..end);
            start = end;
            allowed = end;
            at = end;
            used = 0.0;
            continue;
        }
        at += 1;
    }
    lines.push(start..text.len());
    lines
}

/// Whether a line may end between two characters: never before closing punctuation, never after opening
/// punctuation, never inside a Latin word or a number.
fn may_break(left: char, right: char) -> bool {
    const NOT_FIRST: &str = "，。、；：？！）》〉」』】〕］｝”’…—～·％℃,.;:?!)]}%";
    const NOT_LAST: &str = "（《〈「『【〔［｛“‘([{￥＄№";
    if NOT_FIRST.contains(right) || NOT_LAST.contains(left) || right == ' ' {
        return false;
    }
    left == ' ' || left == '-' || left == '/' || is_wide(left) || is_wide(right)
}

fn is_wide(character: char) -> bool {
    u32::from(character) >= 0x2E80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<(char, u16)> {
        text.chars().map(|character| (character, if is_wide(character) { 1000 } else { 500 })).collect()
    }

    fn lines(text: &str, width: f32) -> Vec<String> {
        let characters: Vec<char> = text.chars().collect();
        break_lines(&wide(text), width * 1000.0).into_iter().map(|line| characters[line].iter().collect()).collect()
    }

    fn check(text: &str, width: f32, expected: &[&str]) {
        assert_eq!(lines(text, width), expected, "{text}");
    }

    #[test]
    fn chinese_breaks_anywhere_but_not_beside_the_wrong_punctuation() {
        check("热食类食品制售", 4.0, &["热食类食", "品制售"]);
        check("热食类食，品制售", 4.0, &["热食类", "食，品制", "售"]);
        check("热食类（食品）制售", 4.0, &["热食类", "（食品）", "制售"]);
        check("人民路ABC号", 4.0, &["人民路", "ABC号"]);
        check("ABCDEFGHIJ", 2.0, &["ABCD", "EFGH", "IJ"]);
        check("two words here", 3.0, &["two ", "words ", "here"]);
    }

    #[test]
    fn a_text_is_made_smaller_before_it_is_given_up() {
        let room = Room { width: 100.0, height: 30.0, size: 12.0, size_min: 8.0, lines_max: 2 };
        let fit = |count: usize| fit(&wide(&"国".repeat(count)), &room);
        assert_eq!(fit(8).unwrap().lines.len(), 1);
        assert_eq!(fit(9).unwrap(), Fitted { size: 12.0, lines: vec![0..8, 8..9] });
        assert_eq!(fit(24).unwrap(), Fitted { size: 8.0, lines: vec![0..12, 12..24] });
        assert_eq!(fit(25), None);
    }
}
