//! Forms with one file, and its examination.

mod pieces;

use std::net::IpAddr;

use axum::extract::{FromRequest, Multipart, Request, multipart::Field};
use examiner::{Blocks, Refused};
use http::header;
use tokio::time::timeout;
use verify::pdf::Examined;

use crate::{
    App, Problem,
    kit::{
        access::Guard,
        admission::GivenTo,
        form::Fields,
        limits::{COME_AGAIN_SECONDS, FORM_BYTES_MAX, UPLOAD_BYTES_MAX, UPLOAD_TIME_MAX},
        shares::Share,
        upload::pieces::Pieces,
        visit::{self, SharedVisit},
    },
};

/// The file in the field `file`, and the other fields.
#[derive(Debug, Default)]
pub struct Upload {
    /// The file's bytes; empty when none was chosen.
    pub file: Blocks,
    /// All other fields.
    pub fields: Fields,
    /// The room that the file takes: given back when it was examined or its sender goes away.
    room: Option<Share>,
    /// Who sends it.
    client: Option<IpAddr>,
}

impl Upload {
    /// Has the file examined, away from this process.
    ///
    /// # Errors
    ///
    /// [`Problem::Busy`] when too many files wait already, [`Problem::Fault`] when there is nobody who examines.
    pub async fn examine(self, app: &App) -> Result<Examined, Problem> {
        let _place = app.shared.files.take(self.client, 1).map_err(|over| over.problem(COME_AGAIN_SECONDS))?;
        let _turn = app.shared.turns.turn(self.client).await;
        app.examiner.examine(self.client, self.file).await.map_err(|refused| match refused {
            Refused::Busy => Problem::Busy { retry_after_seconds: COME_AGAIN_SECONDS },
            Refused::Fault(fault) => Problem::Fault(fault),
        })
    }

    /// Takes room for what is held now, as far as it has none yet: many small pieces take no more than one large one.
    fn take_room(&mut self, app: &App, bytes: usize) -> Result<(), Problem> {
        let kilobytes = bytes.div_ceil(1024);
        let taken = match &mut self.room {
            Some(room) => room.grow(kilobytes.saturating_sub(room.amount())),
            None => app.shared.uploads.take(self.client, kilobytes).map(|room| self.room = Some(room)),
        };
        taken.map_err(|over| over.problem(COME_AGAIN_SECONDS))
    }

    /// Reads the file, no more than it may have, as far as there is room.
    async fn read_file(&mut self, app: &App, pieces: &mut Pieces, mut field: Field<'_>) -> Result<Blocks, Problem> {
        let mut file = Blocks::default();
        while let Some(chunk) = pieces.chunk(field.chunk()).await? {
            if file.len() + chunk.len() > UPLOAD_BYTES_MAX {
                return Err(Problem::TooLarge { max: UPLOAD_BYTES_MAX });
            }
            self.take_room(app, file.len() + chunk.len())?;
            file.add(&chunk);
        }
        Ok(file)
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
        let mut upload = Self { client: visit.client, ..Self::default() };
        let (mut text_bytes, mut has_file) = (0, false);
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
                // An empty one is one, too.
                if std::mem::replace(&mut has_file, true) {
                    return Err(Problem::DuplicateField(name));
                }
                upload.file = upload.read_file(app, &mut pieces, field).await?;
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
