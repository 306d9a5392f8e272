//! A surface with an address of its own is answered there and nowhere else.

use std::net::SocketAddrV4;

use reqwest::{Client, Method, StatusCode, header};
use tests::{
    installation::Installation,
    process::{self, own_address},
    wait::soon,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The host of the public address: a proxy in front of all listeners passes it on.
const HOST: &str = "sso.example.gov.cn";

const SURFACES: [&str; 4] = ["sign_in", "me", "staff", "public"];

/// A route as `guosuo access` prints it.
struct Route {
    surface: String,
    method: Method,
    path: String,
}

/// The routes of the product, each under its surface's heading.
fn routes() -> Vec<Route> {
    let page = process::run(&["access"], "").out;
    let sections = page.split("\n## ").skip(1).filter_map(|section| section.split_once('\n'));
    let routes = sections.flat_map(|(surface, rows)| {
        rows.lines().filter_map(move |row| {
            let mut cells = row.split('|').map(str::trim).skip(1);
            let method = cells.next().filter(|cell| cell.chars().all(|c| c.is_ascii_uppercase()))?;
            let pattern = cells.next()?.trim_matches('`');
            let fill = |part: &str| if part.starts_with('{') { "x".to_owned() } else { part.to_owned() };
            let path = pattern.split('/').map(fill).collect::<Vec<_>>().join("/");
            Some(Route { surface: surface.to_owned(), method: method.parse().unwrap(), path })
        })
    });
    routes.collect()
}

/// An installation that gives each surface an address of its own.
fn apart() -> (Installation, Vec<(&'static str, SocketAddrV4)>) {
    let mut installation = Installation::on(None);
    let addresses: Vec<_> = SURFACES.into_iter().map(|surface| (surface, own_address())).collect();
    for (surface, address) in &addresses {
        installation.set(&format!("listen_{surface}"), &address.to_string());
    }
    installation.set("public_url", &format!("https://{HOST}"));
    installation.address = addresses[0].1;
    (installation, addresses)
}

#[tokio::test]
async fn a_listener_answers_every_route_of_its_surface_and_none_of_another() {
    let (installation, addresses) = apart();
    let server = installation.serve().await;
    let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let ask = async |method: &Method, address: SocketAddrV4, path: &str| {
        let request = http.request(method.clone(), format!("http://{address}{path}"));
        request.header(header::HOST, HOST).send().await.unwrap().status()
    };
    let routes = routes();
    for surface in SURFACES.into_iter().chain(["every surface"]) {
        assert!(routes.iter().any(|route| route.surface == surface), "{surface} has no route");
    }
    for Route { surface, method, path } in &routes {
        for (here, address) in &addresses {
            // A route that is there says which methods it has; what it would answer is another test's matter.
            let told = ask(&Method::PATCH, *address, path).await;
            if surface == here || surface == "every surface" {
                assert_eq!(told, StatusCode::METHOD_NOT_ALLOWED, "{path} on {here}");
            } else {
                assert_eq!(told, StatusCode::NOT_FOUND, "{path} of {surface} on {here}");
                assert_eq!(ask(method, *address, path).await, StatusCode::NOT_FOUND, "{method} {path} on {here}");
            }
        }
    }
    // Nobody is left for `listen`.
    assert_eq!(server.stop(), Some(0), "{}", installation.log_text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_finishes_the_requests_of_every_listener() {
    let (installation, addresses) = apart();
    let mut server = installation.serve().await;
    // Each of these reads its body before it answers.
    let acts = [("sign_in", "/sign-in", 403), ("me", "/me/sessions/close", 303), ("staff", "/desk", 303)];
    let mut begun = Vec::new();
    for (surface, path, status) in acts {
        let address = addresses.iter().find(|(name, _)| *name == surface).unwrap().1;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {HOST}\r\nexpect: 100-continue\r\ncontent-length: 6\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server asks for the body when the handler does: from then on the request is in flight.
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).await.unwrap();
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        begun.push((path, status, stream));
    }
    server.ask_to_stop();
    for (surface, address) in &addresses {
        soon(&format!("nobody to listen for {surface}"), async || TcpStream::connect(address).await.err()).await;
    }
    for (path, status, mut stream) in begun {
        stream.write_all(b"csrf=x").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
    assert_eq!(server.stop(), Some(0), "{}", installation.log_text());
}
