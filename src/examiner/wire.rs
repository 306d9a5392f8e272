//! What goes through the pipe: a length of four bytes, the greatest first, and so many bytes.

/// What a process says once, before its first answer, when it has taken away from itself what it needs not.
pub(crate) const READY: [u8; 6] = *b"ready\n";

/// The length in front of a message.
pub(crate) fn head(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

/// The length that a head announces; none when it is over the limit.
pub(crate) fn length(head: [u8; 4], max: usize) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(head)).ok().filter(|length| *length <= max)
}
