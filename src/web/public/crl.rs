//! `/crl/1.crl`: the revocation lists that our certificates point at.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::header;

use crate::{App, Problem};

/// The newest list of an authority, from memory. It is signed, so any cache may keep it; ten minutes is how late
/// a revocation may then be seen.
pub async fn list(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Problem> {
    let number = name.strip_suffix(".crl").and_then(|number| number.parse().ok());
    let list = number.and_then(|number| app.custody.crl(number)).ok_or(Problem::NotFound)?;
    let headers = [(header::CONTENT_TYPE, "application/pkix-crl"), (header::CACHE_CONTROL, "public, max-age=600")];
    Ok((headers, list.der.clone()).into_response())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::{Request, StatusCode, header};
    use tower::ServiceExt;

    use crate::testing;

    #[tokio::test]
    async fn the_newest_list_is_served_to_anyone_and_nothing_else_is() {
        let fresh = records::testing::fresh_following(consequences::TABLE).await.unwrap();
        let app = testing::app(&fresh, "http://127.0.0.1:8080").await.unwrap();
        app.custody.ensure(records::testing::context(testing::NOW, 1)).await.unwrap();
        let get = async |path: &str| {
            let request = Request::get(path).header(header::HOST, "127.0.0.1:8080").body(Body::empty()).unwrap();
            testing::router(app.clone()).oneshot(request).await.unwrap()
        };
        let answer = get("/crl/2.crl").await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/pkix-crl");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "public, max-age=600");
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        assert_eq!(body, app.custody.crl(2).unwrap().der);
        for path in ["/crl/3.crl", "/crl/2", "/crl/-1.crl", "/crl/99999999999.crl", "/crl/.crl"] {
            assert_eq!(get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
