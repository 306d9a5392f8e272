//! A browser in a few words, so that people know their own devices again.

use http::{HeaderMap, header};

/// Browsers by what they say of themselves; the first match counts, because most claim to be others as well.
const BROWSERS: &[(&str, &str)] = &[
    ("MicroMessenger/", "微信"),
    ("AlipayClient/", "支付宝"),
    ("Edg/", "Edge"),
    ("HuaweiBrowser/", "Huawei Browser"),
    ("MiuiBrowser/", "Mi Browser"),
    ("QQBrowser/", "QQ Browser"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: &[(&str, &str)] = &[
    ("OpenHarmony", "HarmonyOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Android", "Android"),
    ("Linux", "Linux"),
];

/// The browser that sends these headers.
pub fn of(headers: &HeaderMap) -> String {
    describe(headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default())
}

/// `Chrome · Windows`; nothing of the header itself is kept, whatever it holds.
fn describe(user_agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|k| k.1);
    match (first(BROWSERS), first(SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart() {
        let check = |agent: &str, expected: &str| assert_eq!(describe(agent), expected);
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0 Safari/537.36";
        check(chrome, "Chrome · Windows");
        check(&format!("{chrome} Edg/90.0"), "Edge · Windows");
        check("Mozilla/5.0 (iPhone; CPU iPhone OS 15_0 like Mac OS X) Version/15.0 Safari/604.1", "Safari · iPhone");
        check("Mozilla/5.0 (Linux; Android 12) Chrome/86.0 MicroMessenger/8.0 Safari/537.36", "微信 · Android");
        check("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox · Linux");
        check("curl/8.0", "");
        check("<script>", "");
        check("", "");
    }
}
