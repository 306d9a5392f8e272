//! The colours of a page mean sRGB; PDF/A wants the profile that says so inside the file.

/// A version 2 display profile: the primaries and white of sRGB (adapted to D50) and its transfer curve.
pub(crate) fn srgb() -> Vec<u8> {
    let curve = curve();
    let white = xyz([0x0000_F6D6, 0x0001_0000, 0x0000_D32D]);
    let red = xyz([0x0000_6FA2, 0x0000_38F5, 0x0000_0390]);
    let green = xyz([0x0000_6299, 0x0000_B785, 0x0000_18DA]);
    let blue = xyz([0x0000_24A0, 0x0000_0F84, 0x0000_B6CF]);
    let (description, copyright) = (description(), copyright());
    let tags: [(&[u8; 4], &[u8]); 9] = [
        (b"desc", &description),
        (b"cprt", &copyright),
        (b"wtpt", &white),
        (b"rXYZ", &red),
        (b"gXYZ", &green),
        (b"bXYZ", &blue),
        (b"rTRC", &curve),
        (b"gTRC", &curve),
        (b"bTRC", &curve),
    ];
    let mut directory = (tags.len() as u32).to_be_bytes().to_vec();
    let mut data: Vec<u8> = Vec::new();
    let data_at = 128 + 4 + tags.len() * 12;
    let mut curve_at = None;
    for (tag, bytes) in tags {
        let shared = tag.ends_with(b"TRC").then_some(curve_at).flatten();
        let at = shared.unwrap_or(data_at + data.len());
        if shared.is_none() {
            data.extend_from_slice(bytes);
            data.resize(data.len().next_multiple_of(4), 0);
        }
        if tag.ends_with(b"TRC") {
            curve_at = Some(at);
        }
        directory.extend_from_slice(tag);
        directory.extend_from_slice(&(at as u32).to_be_bytes());
        directory.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    }
    let mut profile = header((data_at + data.len()) as u32);
    profile.extend_from_slice(&directory);
    profile.extend_from_slice(&data);
    profile
}

fn header(size: u32) -> Vec<u8> {
    let mut header = size.to_be_bytes().to_vec();
    header.extend_from_slice(&[0; 4]);
    header.extend_from_slice(&[2, 0x10, 0, 0]);
    header.extend_from_slice(b"mntrRGB XYZ ");
    // The day of the description, a constant: 2026-01-01.
    header.extend_from_slice(&[7, 0xEA, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    header.extend_from_slice(b"acsp");
    header.extend_from_slice(&[0; 28]);
    header.extend_from_slice(&xyz([0x0000_F6D6, 0x0001_0000, 0x0000_D32D])[8..]);
    header.resize(128, 0);
    header
}

fn xyz(values: [u32; 3]) -> [u8; 20] {
    let mut out = [0; 20];
    let parts = [u32::from_be_bytes(*b"XYZ "), 0, values[0], values[1], values[2]];
    for (target, part) in out.chunks_exact_mut(4).zip(parts) {
        target.copy_from_slice(&part.to_be_bytes());
    }
    out
}

/// 256 points of the transfer curve.
fn curve() -> Vec<u8> {
    let mut out = b"curv\0\0\0\0\0\0\x01\0".to_vec();
    for point in 0..256_u16 {
        let value = f64::from(point) / 255.0;
        let linear = if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
        out.extend_from_slice(&((linear * 65_535.0).round() as u16).to_be_bytes());
    }
    out
}

fn description() -> Vec<u8> {
    let name = b"sRGB\0";
    let mut out = b"desc\0\0\0\0".to_vec();
    out.extend_from_slice(&(name.len() as u32).to_be_bytes());
    out.extend_from_slice(name);
    // No Unicode and no Macintosh name.
    out.resize(out.len() + 4 + 4 + 2 + 1 + 67, 0);
    out
}

fn copyright() -> Vec<u8> {
    b"text\0\0\0\0No copyright, use freely\0".to_vec()
}
