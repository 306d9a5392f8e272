//! Which surface listens where.

use std::fmt;

use anyhow::Context;
use tokio::net::TcpListener;
use web::kit::access::Surface;

use crate::settings::{self, Setting, Settings};

/// Each surface with the setting that gives it a listener of its own.
const OWN: [(Surface, &Setting); 4] = [
    (Surface::SignIn, &settings::LISTEN_SIGN_IN),
    (Surface::Me, &settings::LISTEN_ME),
    (Surface::Staff, &settings::LISTEN_STAFF),
    (Surface::Public, &settings::LISTEN_PUBLIC),
];

/// A socket, and the surfaces that are answered there.
#[derive(Debug)]
pub struct Listener {
    pub socket: TcpListener,
    /// The surfaces; what is of others is not found there.
    pub surfaces: Vec<Surface>,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.surfaces.iter().map(|surface| surface.name()).collect();
        match self.socket.local_addr() {
            Ok(address) => write!(f, "{address} for {}", names.join(", ")),
            Err(_) => write!(f, "{}", names.join(", ")),
        }
    }
}

/// Listens on every address that the settings name, on each once.
///
/// # Errors
///
/// An address that cannot be listened on, with its setting.
pub async fn bind(settings: &Settings) -> anyhow::Result<Vec<Listener>> {
    let mut listeners = Vec::new();
    for (setting, surfaces) in places(settings) {
        let address = settings.text(setting);
        let socket = TcpListener::bind(address)
            .await
            .with_context(|| format!("listening on {address} (setting {})", setting.key))?;
        listeners.push(Listener { socket, surfaces });
    }
    Ok(listeners)
}

/// The surfaces by their addresses. Those without one of their own share `listen`.
fn places(settings: &Settings) -> Vec<(&'static Setting, Vec<Surface>)> {
    let mut places: Vec<(&'static Setting, Vec<Surface>)> = Vec::new();
    for (surface, own) in OWN {
        let setting = if settings.text(own).is_empty() { &settings::LISTEN } else { own };
        match places.iter_mut().find(|(other, _)| settings.text(other) == settings.text(setting)) {
            Some((_, surfaces)) => surfaces.push(surface),
            None => places.push((setting, vec![surface])),
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surfaces_share_a_listener_unless_they_have_addresses_of_their_own() {
        let check = |set: &[&str], expected: &[(&str, &[Surface])]| {
            let flags: Vec<String> = set.iter().map(|flag| (*flag).to_owned()).collect();
            let settings = Settings::load(None, std::iter::empty(), &flags).unwrap();
            let places = places(&settings);
            let told: Vec<_> =
                places.iter().map(|(setting, surfaces)| (settings.text(setting), surfaces.as_slice())).collect();
            assert_eq!(told, expected, "{set:?}");
        };
        let (sign_in, me, staff, public) = (Surface::SignIn, Surface::Me, Surface::Staff, Surface::Public);
        check(&["listen=a:1"], &[("a:1", &Surface::ALL)]);
        check(&["listen=a:1", "listen_staff=b:2"], &[("a:1", &[sign_in, me, public]), ("b:2", &[staff])]);
        check(
            &["listen=a:1", "listen_staff=b:2", "listen_me=b:2"],
            &[("a:1", &[sign_in, public]), ("b:2", &[me, staff])],
        );
        check(&["listen=a:1", "listen_public=a:1"], &[("a:1", &Surface::ALL)]);
        // Nobody is left for `listen`, so nothing listens there.
        check(
            &["listen_sign_in=a:1", "listen_me=a:2", "listen_staff=a:3", "listen_public=a:4"],
            &[("a:1", &[sign_in]), ("a:2", &[me]), ("a:3", &[staff]), ("a:4", &[public])],
        );
    }
}
