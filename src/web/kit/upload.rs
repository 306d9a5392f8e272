//! Forms with one file, and its examination.

mod pieces;

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Request, multipart::Field},
};
use base::Fault;
use bytes::BytesMut;
use examiner::Refused;
use http::header;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use verify::pdf::Examined;

use crate::{
    App, Problem,
    kit::{
        access::Guard,
        admission::GivenTo,
        form::Fields,
        limits::{FORM_BYTES_MAX, UPLOAD_BYTES_MAX, UPLOAD_TIME_MAX, UPLOADS_BYTES_MAX},
        upload::pieces::Pieces,
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

    /// Takes room for what is held now, as far as it has none yet: many small pieces take no more than one large one.
    fn take_room(&mut self, bytes: usize) -> Result<(), Problem> {
        let taken = self.room.as_ref().map_or(0, SemaphorePermit::num_permits);
        let kilobytes = u32::try_from(bytes.div_ceil(1024).saturating_sub(taken)).map_err(Fault::broken)?;
        if kilobytes == 0 {
            return Ok(());
        }
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
    async fn read_file(&mut self, pieces: &mut Pieces, mut field: Field<'_>) -> Result<Bytes, Problem> {
        let mut file = BytesMut::new();
        while let Some(chunk) = pieces.chunk(field.chunk()).await? {
            if file.len() + chunk.len() > UPLOAD_BYTES_MAX {
                return Err(Problem::TooLarge { max: UPLOAD_BYTES_MAX });
            }
            self.take_room(file.len() + chunk.len())?;
            file.extend_from_slice(&chunk);
        }
        Ok(file.freeze())
    }
}

impl<W> GivenTo<W> for Upload {}

impl FromRequest<App> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        // Whoever sends for so long holds room that others need.
        timeout(UPLOAD_TIME_MAX, Self::read(request, app)).await.map_err(|_| Problem::FormBroken)?
    }
}

impl Upload {
    async fn read(request: Request, app: &App) -> Result<Self, Problem> {
        let max = UPLOAD_BYTES_MAX + FORM_BYTES_MAX;
        let announced =
            request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: usize| length > max) {
            return Err(Problem::TooLarge { max: UPLOAD_BYTES_MAX });
        }
        let visit = request.extensions().get::<SharedVisit>().cloned().ok_or_else(visit::missing)?;
        let guarded = request.extensions().get::<Guard>() == Some(&Guard::Upload);
        let (head, body) = request.into_parts();
        let (mut pieces, body) = Pieces::of(body);
        let mut form = Multipart::from_request(Request::from_parts(head, body), app)
            .await
            .map_err(|_| Problem::MediaType { expected: "multipart/form-data" })?;
        let mut upload = Self::default();
        let mut text_bytes = 0;
        while let Some(mut field) = pieces.field(form.next_field()).await? {
            let name = field.name().unwrap_or_default().to_owned();
            // The token comes before the file, so that a forged form costs us nothing.
            if name == "file" && guarded && !visit.csrf_matches(app, upload.fields.text("csrf")) {
                return Err(Problem::Csrf);
            }
            // A file under another name is read past and not kept; whoever asked for `file` says what is missing.
            if name != "file" && field.file_name().is_some() {
                while pieces.chunk(field.chunk()).await?.is_some() {}
                upload.fields.add(name, String::new())?;
                continue;
            }
            if name == "file" {
                if !upload.file.is_empty() {
                    return Err(Problem::DuplicateField(name));
                }
                upload.file = upload.read_file(&mut pieces, field).await?;
            } else {
                let text = read_text(&mut pieces, field, FORM_BYTES_MAX - text_bytes).await?;
                text_bytes += text.len();
                upload.fields.add(name, String::from_utf8(text).map_err(|_| Problem::FormEncoding)?)?;
            }
        }
        if guarded && !visit.csrf_matches(app, upload.fields.text("csrf")) {
            return Err(Problem::Csrf);
        }
        Ok(upload)
    }
}

/// The bytes of a field that is no file, no more than are left for all of them.
async fn read_text(pieces: &mut Pieces, mut field: Field<'_>, left: usize) -> Result<Vec<u8>, Problem> {
    let mut text = Vec::new();
    while let Some(chunk) = pieces.chunk(field.chunk()).await? {
        if text.len() + chunk.len() > left {
            return Err(Problem::TooLarge { max: FORM_BYTES_MAX });
        }
        text.extend_from_slice(&chunk);
    }
    Ok(text)
}
