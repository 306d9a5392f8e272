//! Uploads.

use tokio::runtime::{Builder, Runtime};
use web::{
    App,
    testing::{self, Pairs, read_upload},
};

use crate::{
    chance::Chance,
    change::change,
    engine::{Target, run},
};

/// The line in front of an input says its content type; the body is all that follows.
const TYPE: &str = "multipart/form-data; boundary=guosuo";

struct Multipart {
    runtime: Runtime,
    app: App,
    /// Removed with it.
    _fresh: records::testing::Fresh,
}

/// What stands in front of a file.
const HEAD: &str = "--guosuo\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n";

impl Multipart {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (app, fresh) = runtime.block_on(async {
            let fresh = records::testing::fresh().await.unwrap();
            (testing::app(&fresh, "https://sso.example").await.unwrap(), fresh)
        });
        Self { runtime, app, _fresh: fresh }
    }

    fn upload(&self, content_type: &str, pieces: Vec<Vec<u8>>) -> Result<(Vec<u8>, Pairs), u16> {
        self.runtime.block_on(read_upload(&self.app, content_type, pieces))
    }
}

impl Target for Multipart {
    const NAME: &'static str = "multipart";
    const WORDS: &'static [&'static str] = &[
        "\r\n",
        "\r\n\r\n",
        "--guosuo",
        "--guosuo--",
        "\r\n--guosuo\r\n",
        "content-disposition: form-data; ",
        "name=\"file\"",
        "name=\"note\"",
        "filename=\"\"",
        "filename*=UTF-8''a",
        "content-type: text/plain",
        "content-transfer-encoding: base64",
        "boundary=",
        "boundary=\"\"",
        "charset=gbk",
        "\"",
        "\\\"",
        ";",
        "--",
        "\0",
    ];

    fn seeds(&self) -> Vec<Vec<u8>> {
        let note = "--guosuo\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\n窗口\r\n";
        [
            format!("{TYPE}\n{note}{HEAD}%PDF-1.7\r\n--guosuo--\r\n"),
            format!("{TYPE}\n{HEAD}%PDF-1.7\r\n{HEAD}%PDF-1.7\r\n--guosuo--\r\n"),
            format!("{TYPE}\n{}--guosuo--\r\n", note.repeat(3)),
            format!("multipart/form-data; boundary=\"a b\"\n{}", HEAD.replace("guosuo", "a b")),
        ]
        .map(String::into_bytes)
        .to_vec()
    }

    /// Changes one part.
    fn change(&self, input: &[u8], chance: &Chance) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(input).ok()?;
        let mut parts: Vec<Vec<u8>> = text.split("--guosuo").map(|part| part.as_bytes().to_vec()).collect();
        let (place, other) = (chance.below(parts.len()), chance.below(parts.len()));
        match chance.below(3) {
            0 => parts.swap(place, other),
            1 => parts.insert(place, parts[other].clone()),
            _ => parts[place] = change(&parts[place], &parts[other], Self::WORDS, chance),
        }
        Some(parts.join(b"--guosuo".as_slice()))
    }

    fn read(&self, input: &[u8]) -> String {
        let (head, body) = input.split_at(input.iter().position(|byte| *byte == b'\n').unwrap_or(0));
        let content_type = std::str::from_utf8(head).unwrap_or(TYPE);
        let body = body.get(1..).unwrap_or_default();
        let whole = self.upload(content_type, vec![body.to_vec()]);
        // However it comes: in pieces, it is the same upload.
        for size in [1 + body.len() / 3, 17] {
            let pieces = body.chunks(size.max(body.len() / 64)).map(<[u8]>::to_vec).collect();
            assert_eq!(self.upload(content_type, pieces), whole, "in pieces of {size} bytes it is another upload");
        }
        self.written(input);
        match whole {
            Ok((file, fields)) => format!("{} {}", file.len().min(2), fields.len().min(8)),
            Err(status) => status.to_string(),
        }
    }
}

impl Multipart {
    /// Whatever is in a file, it is read as it was sent.
    fn written(&self, input: &[u8]) {
        if input.windows(8).any(|part| part == b"--guosuo") {
            return;
        }
        let body = [HEAD.as_bytes(), input, b"\r\n--guosuo--\r\n"].concat();
        assert_eq!(self.upload(TYPE, vec![body]), Ok((input.to_vec(), vec![])));
    }
}

#[test]
fn an_upload_is_read_as_it_was_sent_in_whatever_pieces() {
    run(&Multipart::new());
}
