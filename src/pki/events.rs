//! The kinds of events this crate records.

/// A certificate was issued.
pub const CERTIFICATE_ISSUED: &str = "pki.certificate.issued";
/// A certificate was revoked.
pub const CERTIFICATE_REVOKED: &str = "pki.certificate.revoked";
/// A revocation list was signed.
pub const CRL_SIGNED: &str = "pki.crl.signed";
/// The key files were bound to an envelope key.
pub const ENVELOPE_BOUND: &str = "pki.envelope.bound";
/// A key became the current one of its purpose.
pub const KEY_ACTIVATED: &str = "pki.key.activated";
/// A key was made.
pub const KEY_CREATED: &str = "pki.key.created";
/// A key signs no more; what it signed can still be checked.
pub const KEY_RETIRED: &str = "pki.key.retired";
/// A key must no longer be trusted.
pub const KEY_REVOKED: &str = "pki.key.revoked";

/// Every kind with its words in Chinese and English.
pub const ALL: &[(&str, &str, &str)] = &[
    (CERTIFICATE_ISSUED, "签发数字证书", "certificate issued"),
    (CERTIFICATE_REVOKED, "吊销数字证书", "certificate revoked"),
    (CRL_SIGNED, "签发证书吊销列表", "revocation list signed"),
    (ENVELOPE_BOUND, "绑定密钥文件保护密钥", "envelope key bound"),
    (KEY_ACTIVATED, "启用密钥", "key activated"),
    (KEY_CREATED, "生成密钥", "key created"),
    (KEY_RETIRED, "停用密钥", "key retired"),
    (KEY_REVOKED, "吊销密钥", "key revoked"),
];
