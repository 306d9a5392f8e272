//! Files that are small and ask for much: deep, wide, long, shared and self-referring structures of every kind that the
//! reader knows. Each gets an answer within the time and the memory that one file may cost, and hurts nobody else.

use std::{
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};

use flate2::{Compression, write::ZlibEncoder};
use reqwest::StatusCode;
use serde_json::Value;
use tests::{browser::client, city::City, process::program};

use super::files::verify;

/// What one file may cost.
const MEMORY_KIB_MAX: u64 = 64 * 1024;
const CPU_SECONDS_MAX: f64 = 2.0;

/// A file of numbered objects with a table of cross-references.
fn pdf(objects: &[(usize, Vec<u8>)], trailer: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (number, body) in objects {
        places.push((*number, file.len()));
        file.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        file.extend_from_slice(body);
        file.extend_from_slice(b"\nendobj\n");
    }
    let start = file.len();
    file.extend_from_slice(b"xref\n");
    for (number, at) in &places {
        file.extend_from_slice(format!("{number} 1\n{at:010} 00000 n \n").as_bytes());
    }
    file.extend_from_slice(format!("trailer\n<<{trailer}>>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    file
}

/// A catalogue with this in it, and more objects.
fn with(catalogue: &str, more: Vec<(usize, Vec<u8>)>) -> Vec<u8> {
    let mut objects = vec![(1, format!("<</Type/Catalog{catalogue}>>").into_bytes())];
    objects.extend(more);
    pdf(&objects, "/Root 1 0 R")
}

fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("<<{dictionary}/Length {}>>\nstream\n", data.len());
    [head.as_bytes(), data, b"\nendstream"].concat()
}

fn pack(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A file whose objects 2 and 3 and so on stand in one stream of objects.
fn packed(header: &str, first: usize, count: usize, body: &[u8]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n".to_vec();
    let at = file.len();
    let data = pack(&[header.as_bytes(), body].concat());
    let dictionary = format!("/Type/ObjStm/N {count}/First {first}/Filter/FlateDecode");
    file.extend_from_slice(b"2 0 obj\n");
    file.extend_from_slice(&stream(&dictionary, &data));
    file.extend_from_slice(b"\nendobj\n");
    let start = file.len();
    let mut rows = vec![0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0, 1];
    rows.extend((at as u32).to_be_bytes());
    rows.push(0);
    for place in 0..count {
        rows.push(2);
        rows.extend(2_u32.to_be_bytes());
        rows.push(place.min(255) as u8);
    }
    let table = pack(&rows);
    let size = 3 + count;
    file.extend_from_slice(format!("{size} 0 obj\n").as_bytes());
    file.extend_from_slice(&stream(&format!("/Type/XRef/W[1 4 1]/Size {size}/Root 1 0 R/Filter/FlateDecode"), &table));
    file.extend_from_slice(format!("\nendobj\nstartxref\n{start}\n%%EOF\n").as_bytes());
    file
}

/// Trailers inside of each other: each holds a text in which the next section stands.
fn nested_trailers(sections: usize, payload: usize) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n".to_vec();
    let start = file.len();
    for place in 0..sections {
        let rows = if place == 0 { "1 1\n0000000009 00000 n \n" } else { "0 0\n" };
        let head = format!("xref\n{rows}trailer\n<</Root 1 0 R/Prev ");
        let next = file.len() + head.len() + 10 + 3;
        let rest = if place + 1 < sections { format!("{next:010}/X(") } else { format!("{:010}/X(", 0) };
        file.extend_from_slice(format!("{head}{rest}").as_bytes());
    }
    file.extend(vec![b'a'; payload]);
    file.extend(b")>>".repeat(sections));
    file.extend_from_slice(format!("\nstartxref\n{start}\n%%EOF\n").as_bytes());
    file
}

fn signature(contents: usize) -> Vec<u8> {
    let contents = "30".repeat(contents);
    format!("<</Type/Sig/Filter/F/SubFilter/S/ByteRange[0 1 2 3]/Contents<{contents}>>>").into_bytes()
}

fn many(one: &str, count: usize) -> Vec<u8> {
    one.repeat(count).into_bytes()
}

fn around(before: &str, inside: impl AsRef<[u8]>, after: &str) -> Vec<u8> {
    [before.as_bytes(), inside.as_ref(), after.as_bytes()].concat()
}

/// Objects, fields, signatures and sections; `n` says how large.
fn bombs_of_objects(n: usize) -> Vec<(&'static str, Vec<u8>)> {
    let name = "\\377".repeat(500);
    let nested_fields = |kids: usize| {
        let mut objects: Vec<(usize, Vec<u8>)> = (0..15)
            .map(|depth| (10 + depth, format!("<</FT/Sig/T({name})/Kids[{} 0 R]>>", 11 + depth).into_bytes()))
            .collect();
        objects.push((25, format!("<</FT/Sig/T({name})/Kids[{}]>>", "<<>> ".repeat(kids)).into_bytes()));
        with("/AcroForm<</Fields[10 0 R]>>", objects)
    };
    let lengths = |streams: usize, comment: usize| {
        let mut objects = vec![(2, [b"%".as_slice(), &vec![b'x'; comment], b"\n0"].concat())];
        objects.extend((0..streams).map(|place| (3 + place, b"<</Length 2 0 R>>stream\n\nendstream".to_vec())));
        with("", objects)
    };
    vec![
        ("kids of fields with long names", nested_fields(n * 200)),
        ("one list of kids for many fields", {
            let fields = many("<</FT/Sig/T(a)/Kids 10 0 R>>", n * 20);
            let kids = around("[", many("<<>> ", n * 100), "]");
            with("/AcroForm 9 0 R", vec![(9, around("<</Fields[", fields, "]>>")), (10, kids)])
        }),
        ("one field named many times", {
            let fields = around("<</Fields[", many("10 0 R ", n * 100), "]>>");
            with("/AcroForm 9 0 R", vec![(9, fields), (10, around("<</FT/Sig/Kids[", many("0 ", n * 200), "]>>"))])
        }),
        ("fields that are their own kids", {
            with("/AcroForm<</Fields[10 0 R]>>", vec![(10, around("<</Kids[", many("10 0 R ", n * 100), "]>>"))])
        }),
        ("signatures without number", {
            let fields = around("<</Fields[", many("<</FT/Sig/V<</ByteRange[0 1 2 3]>>>>", n * 20), "]>>");
            with("/AcroForm 9 0 R", vec![(9, fields)])
        }),
        ("signatures without size", with("", (0..16).map(|place| (10 + place, signature(n * 300))).collect())),
        ("lengths behind comments", lengths(n, n * 1_000)),
        ("trailers inside of trailers", nested_trailers(60, n * 1_000)),
        (
            "texts in dictionaries",
            with("", (0..10).map(|k| (2 + k, around("<<", many("/A()", n * 100), ">>"))).collect()),
        ),
        ("numbers in lists", with("", (0..10).map(|k| (2 + k, around("[", many("1 ", n * 150), "]"))).collect())),
        ("empty lists in lists", with("", (0..10).map(|k| (2 + k, around("[", many("[]", n * 150), "]"))).collect())),
        ("lists inside of each other", with("", vec![(2, around("", many("[", n * 1_000), ""))])),
        ("dictionaries inside of each other", with("", vec![(2, many("<</A", n * 1_000))])),
        ("a text that never ends", with("", vec![(2, many("(", n * 1_000))])),
        ("hexadecimal that never ends", with("", vec![(2, many("<4", n * 1_000))])),
        ("numbers behind comments", {
            let comment = format!("1 %{}\n", "x".repeat(1_000));
            with("", vec![(2, around("[", many(&comment, n * 5), "]"))])
        }),
        ("names of greatest length", {
            let entry = format!("/{}", "#41".repeat(127));
            with("", vec![(2, around("[", many(&entry, n * 10), "]"))])
        }),
        ("objects without number", with("", (0..n * 50).map(|place| (2 + place, b"<</A 1/B/C>>".to_vec())).collect())),
        ("objects inside of objects", {
            let heads: Vec<String> = (0..n * 2).map(|place| format!("{} 0 obj\n<</A ", 10 + place)).collect();
            with("", vec![(2, around("(", heads.concat().into_bytes(), ")"))])
        }),
        ("sections in a circle of their own", {
            let mut file = with("", vec![]);
            let at = file.len();
            for place in 0..n.min(2_000) {
                file.extend_from_slice(format!("xref\n0 0\ntrailer\n<</Root 1 0 R/Prev {}>>\n", at + place).as_bytes());
            }
            file.extend_from_slice(format!("startxref\n{at}\n%%EOF\n").as_bytes());
            file
        }),
    ]
}

/// More of them: what is packed, what is written beside the objects.
fn bombs_in_between(n: usize) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a stream of objects that unpacks to much", packed("3 0 ", 4, 1, &vec![b' '; n * 10_000])),
        ("packed objects at one place", {
            let header = (0..250).map(|place| format!("{} 0 ", 3 + place)).collect::<Vec<_>>().concat();
            let body = around("[", many("1 ", n * 1_000), "]");
            packed(&header, header.len(), 250, &body)
        }),
        ("metadata that unpacks to much", {
            let data = pack(&vec![b'<'; n * 10_000]);
            with("/Metadata 2 0 R", vec![(2, stream("/Filter/FlateDecode", &data))])
        }),
        ("metadata of openings", {
            let packet = around("xmlns:gs=\"https://guosuo.example/ns/licence/1\"", many("<gs:a>", n * 100), "");
            with("/Metadata 2 0 R", vec![(2, stream("", &packet))])
        }),
        ("identifiers everywhere", around("%PDF-1.7\n", many("1.2.156.3005.2.", n * 1_000), "startxref\n9\n%%EOF\n")),
        ("identifiers with something in between", {
            let units = many("1.2.156.3005.2.AAAA", n * 800);
            around("%PDF-1.7\n", units, "startxref\n9\n%%EOF\n")
        }),
        ("a text that ends late", with("", vec![(2, around("(", vec![b'a'; n * 19_000], ")"))])),
        (
            "a text of brackets",
            with("", vec![(2, around("(", [b"(".repeat(n * 9_000), b")".repeat(n * 9_000)].concat(), ")"))]),
        ),
        ("packed signatures of greatest size", {
            let one = format!("<</Type/Sig/ByteRange[0 1 2 3]/Contents<{}>>>", "30".repeat(n * 300));
            let header: Vec<String> = (0..12).map(|place| format!("{} {} ", 3 + place, place * one.len())).collect();
            let header = header.concat();
            packed(&header, header.len(), 12, &one.repeat(12).into_bytes())
        }),
        ("ends without number", [with("", vec![]), many("%%EOF\n", n * 1_000)].concat()),
        ("comments without number", [with("", vec![]), many("%\n", n * 5_000), b"%%EOF".to_vec()].concat()),
        (
            "catalogues that name each other",
            with("", (0..n * 10).map(|k| (2 + k, format!("{} 0 R", 3 + k).into_bytes())).collect()),
        ),
    ]
}

/// Every bomb, by its name; `n` says how large.
fn bombs(n: usize) -> Vec<(&'static str, Vec<u8>)> {
    [bombs_of_objects(n), bombs_in_between(n)].concat()
}

/// What the process that reads files answers, and what that cost: kilobytes at most, and seconds of a processor.
fn read_alone(name: &str, file: &[u8]) -> (Value, u64, f64) {
    let mut process = Command::new(program())
        .arg("examine")
        .env_clear()
        .envs([("MIMALLOC_ARENA_EAGER_COMMIT", "0"), ("MIMALLOC_EAGER_COMMIT", "0")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut questions, mut answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
    questions.write_all(&u32::try_from(file.len()).unwrap().to_be_bytes()).unwrap();
    questions.write_all(file).unwrap();
    let mut ready = [0; 6];
    answers.read_exact(&mut ready).unwrap();
    let mut head = [0; 4];
    assert!(answers.read_exact(&mut head).is_ok(), "{name}: the process ended");
    let mut message = vec![0; u32::from_be_bytes(head) as usize];
    answers.read_exact(&mut message).unwrap();
    let about = |what: &str| std::fs::read_to_string(format!("/proc/{}/{what}", process.id())).unwrap();
    let status = about("status");
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let most = most.trim().trim_end_matches(" kB").parse().unwrap();
    let stat = about("stat");
    let ticks: u64 =
        stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2).map(|n| n.parse::<u64>().unwrap()).sum();
    drop(questions);
    process.wait().unwrap();
    (serde_json::from_slice(&message).unwrap(), most, ticks as f64 / 100.0)
}

#[test]
fn no_bomb_costs_more_than_a_file_may() {
    for (name, file) in bombs(800) {
        assert!(file.len() < 16 * 1024 * 1024, "{name} is {} bytes", file.len());
        let (examined, most, seconds) = read_alone(name, &file);
        assert!(most <= MEMORY_KIB_MAX, "{name}: {most} KiB, {examined}");
        assert!(seconds <= CPU_SECONDS_MAX, "{name}: {seconds} s, {examined}");
    }
}

#[tokio::test]
async fn a_bomb_gets_its_verdict_and_the_service_goes_on() {
    let city = City::shared().await;
    let token = city.api_token().await;
    for (name, file) in bombs(300) {
        let (status, verdict) = verify(city, &token, file).await;
        assert_eq!(status, StatusCode::OK, "{name}: {verdict}");
        assert_ne!(verdict["outcome"], "valid", "{name}: {verdict}");
        assert_eq!(verdict["licence"], Value::Null, "{name}: {verdict}");
    }
    let (_, verdict) = verify(city, &token, city.file(city.licence("valid"))).await;
    assert_eq!(verdict["outcome"], "valid", "{verdict}");
    assert!(client().get(city.url("/healthz")).send().await.unwrap().status().is_success());
}

#[tokio::test]
async fn a_file_over_a_limit_is_told_which() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let (_, file) = bombs(300).into_iter().find(|(name, _)| *name == "texts in dictionaries").unwrap();
    let (_, verdict) = verify(city, &token, file).await;
    let check = &verdict["checks"][0];
    assert_eq!(check["code"], "file_readable", "{verdict}");
    assert!(check.to_string().contains("读取所需内存过多"), "{verdict}");
}
