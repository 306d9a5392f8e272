//! Forms with one file, and its examination.

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Request},
};
use base::Fault;
use http::header;
use tokio::sync::Semaphore;
use verify::pdf::{self, Examined};

use crate::{
    App, Problem,
    kit::{
        access::Guard,
        admission::GivenTo,
        form::Fields,
        limits::{FORM_BYTES_MAX, UPLOAD_BYTES_MAX},
        visit::{self, SharedVisit},
    },
};

/// Files examined at once: each keeps a core busy for milliseconds, a hostile one for longer.
const EXAMINATIONS_MAX: usize = 4;

static TURNS: Semaphore = Semaphore::const_new(EXAMINATIONS_MAX);

/// The file in the field `file`, and the other fields.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    /// The file's bytes; empty when none was chosen.
    pub file: Bytes,
    /// All other fields.
    pub fields: Fields,
}

impl Upload {
    /// Examines the file away from the threads that answer requests.
    ///
    /// # Errors
    ///
    /// [`Problem::Fault`] when the thread that does it was lost.
    pub async fn examine(self) -> Result<Examined, Problem> {
        let _turn = TURNS.acquire().await.map_err(Fault::broken)?;
        Ok(tokio::task::spawn_blocking(move || pdf::examine(&self.file)).await.map_err(Fault::broken)?)
    }
}

impl<W> GivenTo<W> for Upload {}

impl FromRequest<App> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let max = UPLOAD_BYTES_MAX + FORM_BYTES_MAX;
        let announced =
            request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: usize| length > max) {
            return Err(Problem::TooLarge { max: UPLOAD_BYTES_MAX });
        }
        let visit = request.extensions().get::<SharedVisit>().cloned().ok_or_else(visit::missing)?;
        let guarded = request.extensions().get::<Guard>() == Some(&Guard::Upload);
        let mut form = Multipart::from_request(request, app)
            .await
            .map_err(|_| Problem::MediaType { expected: "multipart/form-data" })?;
        let mut upload = Self::default();
        while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
            let name = field.name().unwrap_or_default().to_owned();
            // The token comes before the file, so that a forged form costs us nothing.
            if name == "file" && guarded && !visit.csrf_matches(app, upload.fields.text("csrf")) {
                return Err(Problem::Csrf);
            }
            // A file under another name is read past and not kept; whoever asked for `file` says what is missing.
            if name != "file" && field.file_name().is_some() {
                let mut field = field;
                while field.chunk().await.map_err(|error| unreadable(&error))?.is_some() {}
                upload.fields.add(name, String::new())?;
                continue;
            }
            let bytes = field.bytes().await.map_err(|error| unreadable(&error))?;
            if name == "file" {
                if bytes.len() > UPLOAD_BYTES_MAX {
                    return Err(Problem::TooLarge { max: UPLOAD_BYTES_MAX });
                }
                if !upload.file.is_empty() {
                    return Err(Problem::DuplicateField(name));
                }
                upload.file = bytes;
            } else {
                if bytes.len() > FORM_BYTES_MAX {
                    return Err(Problem::TooLarge { max: FORM_BYTES_MAX });
                }
                let text = String::from_utf8(bytes.to_vec()).map_err(|_| Problem::FormEncoding)?;
                upload.fields.add(name, text)?;
            }
        }
        if guarded && !visit.csrf_matches(app, upload.fields.text("csrf")) {
            return Err(Problem::Csrf);
        }
        Ok(upload)
    }
}

fn unreadable(error: &axum::extract::multipart::MultipartError) -> Problem {
    if error.status() == http::StatusCode::PAYLOAD_TOO_LARGE {
        Problem::TooLarge { max: UPLOAD_BYTES_MAX }
    } else {
        Problem::FormBroken
    }
}
