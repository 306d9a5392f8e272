//! DER as a tree: changed at its elements, with lengths that fit again.

use crate::{chance::Chance, change::change};

/// How deep elements are taken apart.
const DEPTH_MAX: usize = 24;

/// Object identifiers and times that certificates and signatures are made of.
pub const WORDS: &[&str] =
    &["\x06\x03\x55\x04\x03", "\x06\x03\x55\x1d\x0f", "\x05\0", "\x01\x01\x7f", "\x30\0", "\x31\0", "\x02\x01\0"];

#[derive(Clone)]
struct Node {
    tag: u8,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Bytes(Vec<u8>),
    Nodes(Vec<Node>),
}

/// Changes an element or two; none when these bytes are not elements.
pub fn changed(input: &[u8], chance: &Chance) -> Option<Vec<u8>> {
    let mut nodes = apart(input, 0)?;
    let count = count(&nodes);
    for _ in 0..=chance.below(2) {
        alter(&mut nodes, &mut chance.below(count), chance);
    }
    let mut out = Vec::new();
    for node in &nodes {
        write(node, &mut out);
    }
    Some(out)
}

fn apart(bytes: &[u8], depth: usize) -> Option<Vec<Node>> {
    let (mut rest, mut nodes) = (bytes, Vec::new());
    while let [tag, first, after @ ..] = rest {
        let (length, body) = if *first < 0x80 {
            (usize::from(*first), after)
        } else {
            let (digits, body) =
                after.split_at_checked(usize::from(first & 0x7f)).filter(|(digits, _)| digits.len() < 5)?;
            (digits.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), body)
        };
        let (content, behind) = body.split_at_checked(length)?;
        let inside = if tag & 0x20 != 0 && depth < DEPTH_MAX { apart(content, depth + 1) } else { None };
        nodes
            .push(Node { tag: *tag, content: inside.map_or_else(|| Content::Bytes(content.to_vec()), Content::Nodes) });
        rest = behind;
    }
    rest.is_empty().then_some(nodes)
}

fn count(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| 1 + if let Content::Nodes(inside) = &node.content { count(inside) } else { 0 }).sum()
}

/// Alters the element with this number, counted from the outside and from the front.
fn alter(nodes: &mut Vec<Node>, number: &mut usize, chance: &Chance) -> bool {
    for place in 0..nodes.len() {
        if *number == 0 {
            alter_here(nodes, place, chance);
            return true;
        }
        *number -= 1;
        if let Content::Nodes(inside) = &mut nodes[place].content
            && alter(inside, number, chance)
        {
            return true;
        }
    }
    false
}

fn alter_here(nodes: &mut Vec<Node>, place: usize, chance: &Chance) {
    let other = chance.below(nodes.len());
    match chance.below(9) {
        0 => {
            nodes.remove(place);
        }
        1 => nodes.insert(place, nodes[other].clone()),
        2 => nodes.swap(place, other),
        3 => nodes[place].tag = chance.byte() & 0xbf,
        4 => nodes[place] = nodes[other].clone(),
        5 => {
            let inside = vec![nodes[place].clone()];
            nodes[place] = Node { tag: 0x30, content: Content::Nodes(inside) };
        }
        6 => {
            // Many of them: what is not in proportion to the size shows here.
            let copies = vec![nodes[place].clone(); 1 << chance.below(8)];
            nodes.splice(place..place, copies);
        }
        _ => {
            let mut bytes = Vec::new();
            match &nodes[place].content {
                Content::Bytes(content) => bytes.clone_from(content),
                Content::Nodes(inside) => inside.iter().for_each(|node| write(node, &mut bytes)),
            }
            nodes[place].content = Content::Bytes(change(&bytes, &bytes, WORDS, chance));
        }
    }
}

fn write(node: &Node, out: &mut Vec<u8>) {
    let mut content = Vec::new();
    match &node.content {
        Content::Bytes(bytes) => content.clone_from(bytes),
        Content::Nodes(inside) => inside.iter().for_each(|node| write(node, &mut content)),
    }
    out.push(node.tag);
    let length = content.len();
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let digits = length.to_be_bytes();
        let first = digits.iter().position(|digit| *digit != 0).unwrap_or(0);
        out.push(0x80 | (digits.len() - first) as u8);
        out.extend_from_slice(&digits[first..]);
    }
    out.append(&mut content);
}
