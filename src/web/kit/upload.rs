//! Forms with one file, and its examination.

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Request, multipart::Field},
};
use base::Fault;
use bytes::BytesMut;
use examiner::Refused;
use http::header;
use tokio::sync::{Semaphore, SemaphorePermit};
use verify::pdf::Examined;

use crate::{
    App, Problem,
    kit::{
        access::Guard,
        admission::GivenTo,
        form::Fields,
        limits::{FORM_BYTES_MAX, UPLOAD_BYTES_MAX, UPLOADS_BYTES_MAX},
        visit::{self, SharedVisit},
    },
};

/// What all uploads of this process may hold, in kilobytes: whoever comes when there is none left is told so, and what an
/// upload has is given back when it was examined or its sender goes away.
static KILOBYTES: Semaphore = Semaphore::const_new(UPLOADS_BYTES_MAX / 1024);

/// When to come again when there was no room.
const COME_AGAIN_SECONDS: u32 = 5;

/// The file in the field `file`, and the other fields.
#[derive(Debug, Default)]
pub struct Upload {
    /// The file's bytes; empty when none was chosen.
    pub file: Bytes,
    /// All other fields.
    pub fields: Fields,
    /// The room that the file takes.
    room: Option<SemaphorePermit<'static>>,
}

impl Upload {
    /// Has the file examined, away from this process.
    ///
    /// # Errors
    ///
    /// [`Problem::Busy`] when too many files wait already, [`Problem::Fault`] when there is nobody who examines.
    pub async fn examine(self, app: &App) -> Result<Examined, Problem> {
        app.examiner.examine(self.file).await.map_err(|refused| match refused {
            Refused::Busy => Problem::Busy { retry_after_seconds: COME_AGAIN_SECONDS },
            Refused::Fault(fault) => Problem::Fault(fault),
        })
    }

    /// Takes room for so many bytes more.
    fn take_room(&mut self, bytes: usize) -> Result<(), Problem> {
        let kilobytes = u32::try_from(bytes.div_ceil(1024)).map_err(Fault::broken)?;
        let room = KILOBYTES
            .try_acquire_many(kilobytes)
            .map_err(|_| Problem::Busy { retry_after_seconds: COME_AGAIN_SECONDS })?;
        match &mut self.room {
            Some(taken) => taken.merge(room),
            None => self.room = Some(room),
        }
        Ok(())
    }

    /// Reads the file, no more than it may have, as far as there is room.
    async fn read_file(&mut self, mut field: Field<'_>) -> Result<Bytes, Problem> {
        let mut file = BytesMut::new();
        while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
            if file.len() + chunk.len() > UPLOAD_BYTES_MAX {
                return Err(Problem::TooLarge { max: UPLOAD_BYTES_MAX });
            }
            self.take_room(chunk.len())?;
            file.extend_from_slice(&chunk);
        }
        Ok(file.freeze())
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
            if name == "file" {
                if !upload.file.is_empty() {
                    return Err(Problem::DuplicateField(name));
                }
                upload.file = upload.read_file(field).await?;
            } else {
                let bytes = field.bytes().await.map_err(|error| unreadable(&error))?;
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
