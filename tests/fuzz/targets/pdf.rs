//! Files: whatever is in one, it gets a verdict, and a good one only if it is the file that we made.

use std::{io::Read as _, ops::Range};

use crypto::digest::hex;
use flate2::read::ZlibDecoder;
use tests::bombs::{self, bombs, pack};
use verify::{
    Evidence, Outcome, Subject, Verdict, decide,
    licence::{LicenceFacts, Likeness},
    pdf::{Examined, Trust, examine},
};

use crate::{
    chance::Chance,
    change::{change, find, number},
    engine::{Target, run},
    ours::{LICENCE, OURS, now, record},
};

struct Pdf {
    trust: Trust,
    record: LicenceFacts,
    /// Where the signature of our licence stands, with its brackets.
    hole: Range<usize>,
}

impl Pdf {
    fn new() -> Self {
        Self { trust: OURS.trust(), record: record(), hole: hole(&LICENCE).unwrap() }
    }

    /// The verdict where this document is recorded.
    fn verdict(&self, examined: &Examined, document: &[u8]) -> Verdict {
        // The caller looks up what the file is or says it is; a record of anything else is not found.
        let likeness = examined.likeness(document);
        let is_claimed = examined.claimed.iter().any(|claimed| claimed.as_str() == self.record.identifier);
        let is_found = likeness == Likeness::Same || is_claimed;
        let licence = is_found.then(|| LicenceFacts { file: Some(likeness), ..self.record.clone() });
        let subject = Subject::File { examined, trust: &self.trust, known: usize::from(is_found) };
        decide(Evidence { subject, licence, at: now() })
    }

    /// Whether it is our licence, but for how the digits of the signature are written.
    fn is_ours(&self, file: &[u8]) -> bool {
        let lower = |file: &[u8]| {
            let mut file = file.to_vec();
            file[self.hole.clone()].make_ascii_lowercase();
            file
        };
        file.len() == LICENCE.len() && lower(file) == lower(&LICENCE)
    }
}

impl Target for Pdf {
    const NAME: &'static str = "pdf";
    const WORDS: &'static [&'static str] = &[
        "obj",
        "endobj",
        "stream\n",
        "endstream",
        "xref\n",
        "trailer\n",
        "startxref\n",
        "%%EOF\n",
        "1 0 R",
        "2 0 R",
        "<<",
        ">>",
        "[",
        "]",
        "(",
        ")",
        "<",
        ">",
        "%",
        "\\",
        "/Type/Sig",
        "/Type/DocTimeStamp",
        "/ByteRange[0 1 2 3]",
        "/Contents<30>",
        "/AcroForm",
        "/Fields[4 0 R]",
        "/Kids[4 0 R]",
        "/V 5 0 R",
        "/FT/Sig",
        "/Length 9",
        "/Length 3 0 R",
        "/Filter/FlateDecode",
        "/Filter[/FlateDecode/FlateDecode]",
        "/DecodeParms<</Predictor 12/Columns 6>>",
        "/Prev 9",
        "/XRefStm 9",
        "/Encrypt 3 0 R",
        "/Root 1 0 R",
        "/Metadata 3 0 R",
        "/Type/ObjStm/N 2/First 8",
        "/Type/XRef/W[1 2 1]/Index[0 2]/Size 2",
        "/JS",
        "/XFA",
        "/S/Launch",
        "/EF",
        "/F(a)",
        "/SubFilter/ETSI.CAdES.detached",
        "1.2.156.3005.2.",
        "<gs:a>",
        "<gs:certificate_identifier>",
        "/BaseFont/GSFIXE+x/Subtype/Type0",
        "</gs:a>",
        "#41",
        "null",
    ];

    fn seeds(&self) -> Vec<Vec<u8>> {
        let mut seeds: Vec<Vec<u8>> =
            bombs(1).into_iter().map(|(_, file)| file).filter(|file| file.len() < 20_000).collect();
        seeds.push(signed());
        seeds.push(rows());
        seeds.push(LICENCE.clone());
        seeds
    }

    fn change(&self, input: &[u8], chance: &Chance) -> Option<Vec<u8>> {
        let mut parts = Parts::of(input)?;
        if parts.objects.is_empty() || chance.one_in(8) {
            return Some(mended(input.to_vec()));
        }
        parts.alter(chance);
        if parts.objects.is_empty() {
            return None;
        }
        let file = match chance.below(4) {
            0 => parts.packed(),
            1 => parts.appended(input, chance),
            _ => bombs::pdf(&parts.objects, &parts.trailer),
        };
        Some(if chance.one_in(2) { mended(file) } else { file })
    }

    fn read(&self, input: &[u8]) -> String {
        let examined = examine(input);
        let verdict = self.verdict(&examined, &LICENCE);
        assert_eq!(verdict.outcome == Outcome::Valid, input == LICENCE.as_slice(), "{verdict:?}");
        // Even if the records held this very file, what is not ours would be seen.
        let strange = self.verdict(&examined, input);
        assert_eq!(strange.outcome == Outcome::Valid, self.is_ours(input), "{strange:?}");
        // What goes from one process to another says the same there.
        let message = serde_json::to_vec(&examined).unwrap();
        let arrived: Examined = serde_json::from_slice(&message).unwrap();
        assert_eq!(self.verdict(&arrived, &LICENCE), verdict);
        let checks: Vec<_> = verdict.checks.iter().map(|check| (check.code, check.result, check.reason)).collect();
        format!("{:?} {} {} {checks:?}", examined.problem, examined.signatures.len().min(3), examined.revisions.min(3))
    }
}

/// A small file with a field, a signature and a range that fits.
fn signed() -> Vec<u8> {
    let contents = hex(&OURS.signature(b""));
    let signature = format!(
        "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[0 00000 00000 00000]/Contents<{contents}>>>"
    );
    let metadata = bombs::stream("/Type/Metadata", b"xmlns:gs=\"urn:guosuo:licence:1:\"<gs:a>1</gs:a>");
    let bodies = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>/Metadata 6 0 R>>".as_slice(),
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[4 0 R]>>",
        b"<</Type/Annot/Subtype/Widget/FT/Sig/T(S)/Rect[0 0 9 9]/V 5 0 R>>",
        signature.as_bytes(),
        &metadata,
    ];
    let objects: Vec<_> = bodies.iter().enumerate().map(|(place, body)| (place + 1, body.to_vec())).collect();
    mended(bombs::pdf(&objects, "/Root 1 0 R/Size 7"))
}

/// A file whose cross-references are a packed stream, its rows written as differences.
fn rows() -> Vec<u8> {
    let parts = Parts::of(&signed()).unwrap();
    parts.packed()
}

/// A file taken apart at its objects.
struct Parts {
    objects: Vec<(usize, Vec<u8>)>,
    trailer: String,
}

impl Parts {
    /// None when there is nothing like an object in it.
    fn of(file: &[u8]) -> Option<Self> {
        let (mut objects, mut at) = (Vec::new(), 0);
        while let Some(place) = find(file.get(at..)?, b" obj").map(|place| at + place) {
            let number = file[..place].rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
            let number = std::str::from_utf8(number).ok().and_then(|text| text.split(' ').next()?.parse().ok());
            let end = find(&file[place..], b"endobj").map_or(file.len(), |end| place + end);
            objects.push((number.unwrap_or(1), file[place + 4..end].trim_ascii().to_vec()));
            at = file.len().min(end + 6);
        }
        let trailer = file.windows(7).rposition(|part| part == b"trailer").map(|place| file[place + 7..].trim_ascii());
        let trailer = trailer.and_then(|rest| rest.strip_prefix(b"<<")).and_then(|rest| {
            let end = find(rest, b"startxref")?;
            rest[..end].trim_ascii().strip_suffix(b">>").map(|inside| String::from_utf8_lossy(inside).into_owned())
        });
        (!objects.is_empty()).then(|| Self { objects, trailer: trailer.unwrap_or_else(|| "/Root 1 0 R".to_owned()) })
    }

    fn alter(&mut self, chance: &Chance) {
        let (place, other) = (chance.below(self.objects.len()), chance.below(self.objects.len()));
        match chance.below(10) {
            0 => {
                let body = self.objects[other].1.clone();
                self.objects[place].1 = body;
            }
            1 => {
                let number = 1 + self.objects.iter().map(|(number, _)| *number).max().unwrap_or(0);
                self.objects.push((number, self.objects[place].1.clone()));
            }
            2 => {
                self.objects.remove(place);
            }
            3 => self.objects[place].0 = self.objects[other].0,
            4 => self.trailer = String::from_utf8_lossy(&altered(self.trailer.as_bytes(), chance)).into_owned(),
            _ => self.objects[place].1 = altered(&self.objects[place].1, chance),
        }
    }

    /// The objects without a stream in a stream of objects, and the cross-references as a stream.
    fn packed(&self) -> Vec<u8> {
        let (mut header, mut body, mut count) = (String::new(), Vec::new(), 0);
        let mut file = b"%PDF-1.7\n".to_vec();
        let mut rows: Vec<(usize, [u8; 6])> = Vec::new();
        let row = |kind: u8, first: usize, second: usize| {
            let first = (first as u32).to_be_bytes();
            [kind, first[0], first[1], first[2], first[3], second.min(255) as u8]
        };
        let holder = 1 + self.objects.iter().map(|(number, _)| *number).max().unwrap_or(0);
        for (number, object) in &self.objects {
            if find(object, b"stream").is_some() {
                rows.push((*number, row(1, file.len(), 0)));
                file.extend([format!("{number} 0 obj\n").as_bytes(), object, b"\nendobj\n"].concat());
            } else {
                rows.push((*number, row(2, holder, count)));
                header.extend([number.to_string(), " ".into(), body.len().to_string(), " ".into()]);
                body.extend([object.as_slice(), b" "].concat());
                count += 1;
            }
        }
        rows.push((holder, row(1, file.len(), 0)));
        let dictionary = format!("/Type/ObjStm/N {count}/First {}/Filter/FlateDecode", header.len());
        let holding = bombs::stream(&dictionary, &pack(&[header.as_bytes(), &body].concat()));
        file.extend([format!("{holder} 0 obj\n").as_bytes(), &holding, b"\nendobj\n"].concat());
        let start = file.len();
        let index = rows.iter().map(|(number, _)| format!("{number} 1 ")).collect::<Vec<_>>().concat();
        // Each row stands as the difference to the one above it.
        let (mut above, mut data) = ([0; 6], Vec::new());
        for (_, row) in &rows {
            data.push(2);
            data.extend(row.iter().zip(above).map(|(value, above)| value.wrapping_sub(above)));
            above = *row;
        }
        let dictionary = format!(
            "/Type/XRef/W[1 4 1]/Index[{index}]/Size {holder}/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 6>>{}",
            self.trailer.replace("/Size", "/Was")
        );
        let table = bombs::stream(&dictionary, &pack(&data));
        file.extend([format!("{} 0 obj\n", holder + 1).as_bytes(), &table, b"\nendobj\n"].concat());
        file.extend(format!("startxref\n{start}\n%%EOF\n").bytes());
        file
    }

    /// One of the objects once more behind a file, as it would be saved again.
    fn appended(&self, file: &[u8], chance: &Chance) -> Vec<u8> {
        let (number, body) = &self.objects[chance.below(self.objects.len())];
        let before = file.windows(9).rposition(|part| part == b"startxref").unwrap_or(0);
        let before: String = file[before..]
            .iter()
            .skip(10)
            .take_while(|byte| byte.is_ascii_digit())
            .map(|byte| char::from(*byte))
            .collect();
        let mut out = file.to_vec();
        let at = out.len();
        out.extend([format!("{number} 0 obj\n").as_bytes(), body, b"\nendobj\n"].concat());
        let start = out.len();
        let trailer = self.trailer.replace("/Prev", "/Was");
        let table = format!(
            "xref\n{number} 1\n{at:010} 00000 n \ntrailer\n<<{trailer}/Prev {before}>>\nstartxref\n{start}\n%%EOF\n"
        );
        out.extend(table.bytes());
        out
    }
}

/// A body with something else in it, in its dictionary or in its stream.
fn altered(body: &[u8], chance: &Chance) -> Vec<u8> {
    let word = chance.pick(Pdf::WORDS).as_bytes();
    match chance.below(6) {
        0 => number(body, chance),
        1 => match find(body, b"<<") {
            Some(place) => [&body[..place + 2], word, &body[place + 2..]].concat(),
            None => [b"<<".as_slice(), word, body, b">>"].concat(),
        },
        2 => {
            let (open, close) = if chance.one_in(2) { ("[", "]") } else { ("<</A ", ">>") };
            let depth = chance.below(40);
            [open.repeat(depth).as_bytes(), body, close.repeat(depth).as_bytes()].concat()
        }
        3 => unpacked(body, chance).unwrap_or_else(|| number(body, chance)),
        _ => change(body, body, Pdf::WORDS, chance),
    }
}

/// A packed stream with something else in it, and a length that fits.
fn unpacked(body: &[u8], chance: &Chance) -> Option<Vec<u8>> {
    let start = find(body, b"stream\n")? + 7;
    let end = body.windows(9).rposition(|part| part == b"endstream").filter(|end| *end > start)?;
    let mut inside = Vec::new();
    let packed = ZlibDecoder::new(&body[start..end]).take(65_536).read_to_end(&mut inside).is_ok();
    let inside = if packed { inside } else { body[start..end].to_vec() };
    let inside = change(&inside, word_of(chance), Pdf::WORDS, chance);
    let data = if packed { pack(&inside) } else { inside };
    let head = String::from_utf8_lossy(&body[..start - 7]).into_owned();
    let (before, after) = head.split_once("/Length ")?;
    let after = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let head = format!("{before}/Length {}{after}stream\n", data.len());
    Some([head.as_bytes(), &data, b"\nendstream"].concat())
}

fn word_of(chance: &Chance) -> &'static [u8] {
    chance.pick(Pdf::WORDS).as_bytes()
}

/// From `<` to behind `>` of the first signature.
fn hole(file: &[u8]) -> Option<Range<usize>> {
    let open = find(file, b"/Contents<")? + 9;
    let close = find(&file[open..], b">")?;
    Some(open..open + close + 1)
}

/// With a range of bytes that fits the signature, if there is room for it.
fn mended(mut file: Vec<u8>) -> Vec<u8> {
    let Some(hole) = hole(&file) else { return file };
    let Some(start) = find(&file, b"/ByteRange[").map(|place| place + 10) else { return file };
    let Some(width) = find(&file[start..], b"]").map(|end| end + 1) else { return file };
    let range = format!("[0 {} {} {}]", hole.start, hole.end, file.len() - hole.end);
    if range.len() <= width {
        let range = format!("{range:<width$}");
        file.splice(start..start + width, range.into_bytes());
    }
    file
}

#[test]
fn no_file_but_the_one_that_we_made_is_valid() {
    run(&Pdf::new());
}
