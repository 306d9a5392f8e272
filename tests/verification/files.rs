//! Files: genuine, altered in every way we know, and not what they say they are.

use reqwest::{
    StatusCode,
    multipart::{Form, Part},
};
use serde_json::Value;
use tests::{browser::client, city::City};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub async fn verify(city: &City, token: &str, bytes: Vec<u8>) -> (StatusCode, Value) {
    let form =
        Form::new().part("file", Part::bytes(bytes).file_name("licence.pdf").mime_str("application/pdf").unwrap());
    let request = client().post(city.url("/api/v1/verifications")).bearer_auth(token).multipart(form);
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap_or(Value::Null))
}

fn failed(verdict: &Value) -> Vec<&str> {
    let checks = verdict["checks"].as_array().unwrap();
    checks.iter().filter(|check| check["result"] == "failed").map(|check| check["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_file_as_issued_is_valid_and_wholly_covered() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let (status, verdict) = verify(city, &token, city.file(city.licence("valid"))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(verdict["outcome"], "valid", "{verdict}");
    let signatures = verdict["signatures"].as_array().unwrap();
    assert_eq!(signatures.len(), 1);
    assert_eq!(signatures[0]["covers_whole_file"], true);
    assert_eq!(signatures[0]["indication"], "TOTAL-PASSED", "{verdict}");
    assert_eq!(failed(&verdict), Vec::<&str>::new());
}

#[tokio::test]
async fn a_genuine_file_of_a_licence_that_is_no_longer_in_force_is_invalid_for_that_reason() {
    let city = City::shared().await;
    let token = city.api_token().await;
    for state in ["suspended", "revoked", "expired", "superseded"] {
        let (_, verdict) = verify(city, &token, city.file(city.licence(state))).await;
        assert_eq!(verdict["outcome"], "invalid", "{state}: {verdict}");
        assert_eq!(verdict["licence"]["status"], state);
        assert_eq!(verdict["signatures"][0]["indication"], "TOTAL-PASSED", "the file itself is genuine: {verdict}");
    }
}

#[tokio::test]
async fn an_altered_file_is_invalid_and_never_taken_for_a_foreign_one() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let good = city.file(city.licence("valid"));
    let mut one_byte = good.clone();
    // In the middle of the page, not in the signature and not in what holds the file together.
    let place = find(&one_byte, b"stream\r\n").or_else(|| find(&one_byte, b"stream\n")).unwrap() + 40;
    one_byte[place] ^= 1;
    let other = city.file(city.licence("suspended"));
    for (name, bytes) in [
        ("one byte", one_byte),
        ("an appended revision", with_a_revision(&good)),
        ("another licence's signature", with_signature_of(&good, &other)),
        ("bytes after the end", [good.as_slice(), b"\n% more\n"].concat()),
    ] {
        let (status, verdict) = verify(city, &token, bytes).await;
        assert_eq!(status, StatusCode::OK, "{name}: {verdict}");
        assert_eq!(verdict["outcome"], "invalid", "{name}: {verdict}");
        assert!(failed(&verdict).contains(&"content_unaltered"), "{name}: {verdict}");
        assert!(!failed(&verdict).contains(&"issuer_trusted"), "{name}: {verdict}");
        assert_eq!(verdict["signatures"][0]["indication"], "TOTAL-FAILED", "{name}: {verdict}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_cannot_be_verified() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let good = city.file(city.licence("valid"));
    for (name, bytes, why) in [
        ("truncated", good[..good.len() / 2].to_vec(), "file_cut_off"),
        ("not a PDF", b"GIF89a, or so it says".to_vec(), "file_not_pdf"),
        ("noise", (0..50_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect(), "file_not_pdf"),
    ] {
        let (status, verdict) = verify(city, &token, bytes).await;
        assert_eq!((status, &verdict["outcome"]), (StatusCode::OK, &"unverifiable".into()), "{name}: {verdict}");
        assert_eq!(failed(&verdict), ["file_readable"], "{name}");
        let written = written(city, verdict["receipt"].as_str().unwrap()).await;
        let expected = ("unverifiable".to_owned(), Some(why.to_owned()), vec!["licence.verified".to_owned()]);
        assert_eq!(written, expected, "{name}");
    }
    let (status, problem) = verify(city, &token, Vec::new()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &"invalid_fields".into()), "{problem}");
    assert_eq!(problem["errors"][0]["pointer"], "/file");
}

#[tokio::test]
async fn an_upload_of_500_megabytes_is_refused_before_it_is_read() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let address = city.issuer.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v1/verifications HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: multipart/form-data; boundary=x\r\ncontent-length: 524288000\r\n\r\n\
         --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-1.7\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let sent = tokio::spawn(async move {
        let chunk = vec![b'x'; 1 << 20];
        let mut sent = 0_u64;
        while sent < 500 && writing.write_all(&chunk).await.is_ok() {
            sent += 1;
        }
        sent
    });
    let mut answer = vec![0; 4096];
    let length = reading.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    drop(reading);
    assert!(sent.await.unwrap() < 500, "the whole body was read");
    assert!(client().get(city.url("/healthz")).send().await.unwrap().status().is_success());
}

/// Sends a file under a key; the program draws a new boundary each time.
async fn verify_under(city: &City, token: &str, key: &str, bytes: Vec<u8>) -> (StatusCode, bool, Value) {
    let form = Form::new().part("file", Part::bytes(bytes).file_name("licence.pdf"));
    let request = client().post(city.url("/api/v1/verifications")).bearer_auth(token).header("idempotency-key", key);
    let answer = request.multipart(form).send().await.unwrap();
    let replayed = answer.headers().contains_key("idempotency-replayed");
    (answer.status(), replayed, answer.json().await.unwrap())
}

#[tokio::test]
async fn a_file_sent_again_under_its_key_has_one_receipt() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let good = city.file(city.licence("valid"));
    let (_, replayed, first) = verify_under(city, &token, "file-again", good.clone()).await;
    assert!(!replayed && first["outcome"] == "valid", "{first}");
    let at_once = async || verify_under(city, &token, "file-again", good.clone()).await;
    let (a, b, c) = tokio::join!(at_once(), at_once(), at_once());
    for again in [a, b, c] {
        assert_eq!(again, (StatusCode::OK, true, first.clone()));
    }
    let (outcome, reason, events) = written(city, first["receipt"].as_str().unwrap()).await;
    assert_eq!((outcome.as_str(), reason, events.len()), ("valid", None, 1));
    let other = city.file(city.licence("revoked"));
    let (status, _, problem) = verify_under(city, &token, "file-again", other).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &"idempotency_key_reused".into()));
}

/// What was written down about a verification: its row, and the kinds of its events.
pub(super) async fn written(city: &City, receipt: &str) -> (String, Option<String>, Vec<String>) {
    let database = records::Database::open(&city.database()).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let (outcome, reason): (String, Option<String>) = tx
        .one("select outcome, reason from verification where receipt_id = $1", records::args![receipt])
        .await
        .unwrap();
    let events: Vec<(String,)> = tx
        .all("select kind from event where data like $1 order by event_id", records::args![format!("%{receipt}%")])
        .await
        .unwrap();
    drop(tx);
    database.close().await;
    (outcome, reason, events.into_iter().map(|(kind,)| kind).collect())
}

/// The licence as its row says, from the first column to the last.
async fn row(city: &City, id: &str) -> (String, String, String, i64) {
    let database = records::Database::open(&city.database()).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let row = tx
        .one(
            "select l.identifier, l.status, f.sha256, l.changed_at
               from licence l
               join licence_file f on f.licence_id = l.licence_id
              where l.licence_id = $1",
            records::args![id],
        )
        .await
        .unwrap();
    drop(tx);
    database.close().await;
    row
}

/// The file with one run of bytes replaced by another of the same length: nothing else moves.
fn with(pdf: &[u8], what: &str, by: &str) -> Vec<u8> {
    assert_eq!(what.len(), by.len(), "{what}");
    let place = rfind(pdf, what.as_bytes()).unwrap_or_else(|| panic!("{what} is not in the file"));
    let mut made = pdf.to_vec();
    made[place..place + what.len()].copy_from_slice(by.as_bytes());
    made
}

/// The four numbers of the byte range, as they stand in the file.
fn range(pdf: &[u8]) -> String {
    let begin = rfind(pdf, b"/ByteRange").unwrap();
    let end = begin + pdf[begin..].iter().position(|byte| *byte == b']').unwrap();
    String::from_utf8(pdf[begin + "/ByteRange".len()..=end].to_vec()).unwrap()
}

fn padded(text: &str, length: usize) -> String {
    format!("{text}{}", " ".repeat(length - text.len()))
}

/// Attacks on one genuine file, by their numbers in the catalogue, with the answer that each must get.
fn attacks(good: &[u8], other: &[u8]) -> Vec<(&'static str, Vec<u8>, (&'static str, &'static str))> {
    let range = range(good);
    let numbers: Vec<&str> = range.trim_matches(['[', ']']).split_whitespace().collect();
    let ranged = |text: String| with(good, &range, &padded(&text, range.len()));
    let after = |more: &[u8]| [good, more].concat();
    let last_of_contents = {
        let begin = rfind(good, b"/Contents<").unwrap();
        begin + good[begin..].iter().position(|byte| *byte == b'>').unwrap() - 1
    };
    let mut padding = good.to_vec();
    padding[last_of_contents] = b'1';
    let mut content = good.to_vec();
    let place = find(good, b"stream\r\n").or_else(|| find(good, b"stream\n")).unwrap() + 40;
    content[place] ^= 1;
    let [altered, changed, broken] =
        ["content_altered", "changed_after_signing", "signature_broken"].map(|reason| ("invalid", reason));
    let foreign = ("unverifiable", "file_not_pdf");
    let mut locked = good.to_vec();
    let place = rfind(good, b"/Root").unwrap();
    locked.splice(place..place, b"/Encrypt 1 0 R ".iter().copied());
    let beyond = numbers[3].parse::<usize>().unwrap() + 4096;
    let mut bent = ranged(format!("[0 {} {} {beyond}]", numbers[1], numbers[2]));
    bent[find(good, b"stream\n").unwrap() + 40] ^= 1;
    let second =
        "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[0 100 200 100]/Contents<3000>>>";
    vec![
        ("245 a byte of the content", content, altered),
        ("246 a bit of the padding", padding, broken),
        ("247 no byte range", with(good, "/ByteRange", "/ByteRangE"), broken),
        ("247 an empty byte range", ranged("[]".to_owned()), broken),
        ("247 zeros", ranged("[0 0 0 0]".to_owned()), altered),
        ("247 three numbers", ranged(format!("[0 {} {}]", numbers[1], numbers[2])), broken),
        ("247 a negative number", ranged(format!("[0 -1 {} {}]", numbers[2], numbers[3])), broken),
        ("248 no value", with(good, "/Contents<", "/Contentz<"), broken),
        ("249 another kind", with(good, "/ETSI.CAdES.detached", "/adbe.pkcs7.detached"), altered),
        ("249 an unknown kind", with(good, "/ETSI.CAdES.detached", "/nobody.knows.detach"), altered),
        ("249 no kind", with(good, "/SubFilter", "/SubFiltre"), altered),
        ("250 a comment after the end", after(b"% more\n"), changed),
        ("250 an object after the end", after(b"9 0 obj\n<<>>\nendobj\n"), changed),
        ("251 a revision", with_a_revision(good), changed),
        ("252 another licence's signature", with_signature_of(good, other), altered),
        ("253 bytes before the header", [b"x".as_slice(), good].concat(), broken),
        ("254 a gap that is too wide", ranged(format!("[0 {} {} {}]", numbers[1], numbers[2], "1")), altered),
        ("254 a range beyond the end over altered content", bent, broken),
        ("258 a second signature", with_an_object(good, second), ("invalid", "several_signatures")),
        ("264 encrypted", locked, changed),
        ("264 a script", with_an_object(good, "<</S/JavaScript/JS(app.alert\\(1\\))>>"), changed),
        ("264 a program to start", with_an_object(good, "<</S/Launch/F(cmd.exe)>>"), changed),
        ("271 a page of the web around it", [b"<html>".as_slice(), good].concat(), broken),
        ("271 an archive behind it", after(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), changed),
        ("271 not a PDF", b"GIF89a".to_vec(), foreign),
    ]
}

#[tokio::test]
async fn each_attack_on_a_file_is_answered_written_down_and_changes_nothing() {
    let city = City::shared().await;
    let token = city.api_token().await;
    let licence = city.licence("valid");
    let id = licence["id"].as_str().unwrap();
    let good = city.file(licence);
    let before = row(city, id).await;
    for (name, bytes, (expected, why)) in attacks(&good, &city.file(city.licence("suspended"))) {
        assert_ne!(bytes, good, "{name}");
        let (status, verdict) = verify(city, &token, bytes).await;
        assert_eq!(status, StatusCode::OK, "{name}: {verdict}");
        assert_eq!(verdict["outcome"], expected, "{name}: {verdict}");
        // Never a stranger's file: it says which licence it pretends to be, or cannot be read at all.
        assert_eq!(verdict["licence"].is_null(), expected == "unverifiable", "{name}: {verdict}");
        let signatures = verdict["signatures"].as_array().unwrap();
        assert!(signatures.iter().all(|one| one["indication"] != "TOTAL-PASSED"), "{name}: {verdict}");
        let (outcome, reason, events) = written(city, verdict["receipt"].as_str().unwrap()).await;
        assert_eq!(outcome, expected, "{name}");
        assert_eq!((reason.as_deref(), events), (Some(why), vec!["licence.verified".to_owned()]), "{name}");
    }
    assert_eq!(row(city, id).await, before);
    // The twin: the file itself.
    let (_, verdict) = verify(city, &token, good).await;
    assert_eq!(verdict["outcome"], "valid", "{verdict}");
    let (outcome, reason, events) = written(city, verdict["receipt"].as_str().unwrap()).await;
    assert_eq!((outcome.as_str(), reason, events), ("valid", None, vec!["licence.verified".to_owned()]));
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn rfind(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|window| window == what)
}

/// An annotation, as any editor adds one.
fn with_a_revision(pdf: &[u8]) -> Vec<u8> {
    with_an_object(pdf, "<< /Type /Annot /Contents (changed) >>")
}

/// An incremental update as any editor makes it: one more object, one more table, one more end.
fn with_an_object(pdf: &[u8], object_text: &str) -> Vec<u8> {
    let start = rfind(pdf, b"startxref").unwrap();
    let text = String::from_utf8_lossy(&pdf[start + 9..]).into_owned();
    let previous: u64 = text.split_whitespace().next().unwrap().parse().unwrap();
    let mut made = pdf.to_vec();
    made.push(b'\n');
    let object = made.len();
    made.extend_from_slice(format!("9999 0 obj\n{object_text}\nendobj\n").as_bytes());
    let table = made.len();
    made.extend_from_slice(format!("xref\n9999 1\n{object:010} 00000 n \n").as_bytes());
    made.extend_from_slice(
        format!("trailer\n<< /Size 10000 /Prev {previous} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").as_bytes(),
    );
    made
}

/// The file with the signature of another one in its place.
fn with_signature_of(pdf: &[u8], other: &[u8]) -> Vec<u8> {
    let contents = |bytes: &[u8]| {
        let name = rfind(bytes, b"/Contents").unwrap();
        let begin = name + bytes[name..].iter().position(|byte| *byte == b'<').unwrap() + 1;
        let end = begin + bytes[begin..].iter().position(|byte| *byte == b'>').unwrap();
        (begin, end)
    };
    let (begin, end) = contents(pdf);
    let (from, to) = contents(other);
    let mut made = pdf.to_vec();
    let mut copied = other[from..to].to_vec();
    copied.resize(end - begin, b'0');
    made[begin..end].copy_from_slice(&copied);
    made
}
