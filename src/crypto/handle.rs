//! A key as its users have it: it is asked for signatures, and the private half stays where it lies.

use std::{
    fmt,
    future::{Future, Ready, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use base::Fault;

use crate::{
    public_key::PublicKey,
    sign::{SigningKey, to_der},
    suite::Suite,
};

/// Where a private key lies: in this process, or in a device that is asked.
pub trait Custodian: Send + Sync {
    /// Signs with the key's suite, in the encoding of JOSE. A custodian whose call blocks gives the call to a thread for
    /// that and answers [`Signing::Later`].
    fn sign<'a>(&'a self, message: &'a [u8]) -> Signing<'a>;
}

/// A signature on its way.
pub enum Signing<'a> {
    /// It is here: nothing was put on the heap to wait for it.
    Now(Ready<Result<Vec<u8>, Fault>>),
    /// It comes.
    Later(Pin<Box<dyn Future<Output = Result<Vec<u8>, Fault>> + Send + 'a>>),
}

impl Future for Signing<'_> {
    type Output = Result<Vec<u8>, Fault>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Now(signature) => Pin::new(signature).poll(context),
            Self::Later(signature) => signature.as_mut().poll(context),
        }
    }
}

impl Custodian for SigningKey {
    fn sign<'a>(&'a self, message: &'a [u8]) -> Signing<'a> {
        Signing::Now(ready(self.sign_jose(message)))
    }
}

/// A key that can be asked for signatures. Cloning it is cheap; it has no way to the private half.
#[derive(Clone)]
pub struct KeyHandle {
    suite: Suite,
    public: Arc<PublicKey>,
    custodian: Arc<dyn Custodian>,
}

impl fmt::Debug for KeyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyHandle({}, ..)", self.suite.name())
    }
}

impl From<SigningKey> for KeyHandle {
    fn from(key: SigningKey) -> Self {
        let (suite, public) = (key.suite(), key.public_key().clone());
        Self::new(suite, public, Arc::new(key))
    }
}

impl KeyHandle {
    /// A handle to a key that somebody holds.
    pub fn new(suite: Suite, public: PublicKey, custodian: Arc<dyn Custodian>) -> Self {
        Self { suite, public: Arc::new(public), custodian }
    }

    /// A key that is kept elsewhere, of which the public half is known: it signs nothing.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the bytes are no `SubjectPublicKeyInfo` that can be used.
    pub fn away(suite: Suite, spki_der: &[u8]) -> Result<Self, Fault> {
        let public = PublicKey::from_spki_der(spki_der).map_err(Fault::broken)?;
        Ok(Self::new(suite, public, Arc::new(Away)))
    }

    /// A key that means nothing and is written down nowhere: to rehearse a signature before a real key is asked.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the key cannot be made, as [`crate::sign::generate_pkcs8`].
    pub fn throw_away(suite: Suite) -> Result<Self, Fault> {
        SigningKey::generate(suite).map(Self::from)
    }

    /// What it signs with.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// A signature as JOSE has it.
    ///
    /// # Errors
    ///
    /// [`Fault`] when whoever holds the key does not sign.
    pub async fn sign_jose(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        self.custodian.sign(message).await
    }

    /// A signature as X.509 and CMS have it.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the key does not sign, as [`Self::sign_jose`].
    pub async fn sign_der(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        Ok(to_der(self.suite, self.sign_jose(message).await?))
    }
}

/// Nobody: the key is kept elsewhere.
struct Away;

impl Custodian for Away {
    fn sign<'a>(&'a self, _: &'a [u8]) -> Signing<'a> {
        Signing::Now(ready(Err(Fault::broken("the key is not on this machine"))))
    }
}

/// What a future gives that waits for nothing; panics when it waits.
#[cfg(test)]
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(std::task::Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_memory_signs_without_waiting() {
        let key = KeyHandle::throw_away(Suite::Es256).unwrap();
        let (jose, der) = (at_once(key.sign_jose(b"message")).unwrap(), at_once(key.sign_der(b"message")).unwrap());
        assert!(key.public_key().verify_jose(Suite::Es256, b"message", &jose));
        assert!(key.public_key().verify_der(Suite::Es256, b"message", &der));
    }

    #[test]
    fn a_handle_does_not_print_its_key() {
        assert_eq!(format!("{:?}", KeyHandle::throw_away(Suite::Es256).unwrap()), "KeyHandle(ES256, ..)");
    }
}
