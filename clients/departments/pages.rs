//! The pages: plain forms and links, Chinese first, English below.

use crate::{
    config::{DepartmentConfig, Theme},
    visitors::SignedIn,
};

const MY_LICENCES: &str = "My licences";

pub(crate) const STYLE: &str = include_str!("style.css");

/// A disc in the application's colour.
pub(crate) fn icon(theme: Theme) -> String {
    let colour = match theme {
        Theme::Portal => "#0b5cad",
        Theme::Property => "#8a3b12",
        Theme::SocialInsurance => "#12693f",
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"8\" fill=\"{colour}\"/></svg>"
    )
}

pub(crate) fn home(config: &DepartmentConfig, signed_in: Option<&SignedIn>) -> String {
    let main = match signed_in {
        None => welcome(config),
        Some(signed_in) => inside(config, signed_in),
    };
    page(config, signed_in, &main)
}

pub(crate) fn signed_out(config: &DepartmentConfig) -> String {
    let main = format!(
        "<section><h1 id=\"signed-out\">您已退出登录</h1>\
         <p class=\"en\" lang=\"en\">You are signed out here and in the other applications.</p>{}</section>",
        enter("再次进入", "Enter again"),
    );
    page(config, None, &main)
}

pub(crate) fn error(config: &DepartmentConfig, (zh, en): (&str, &str)) -> String {
    let main = format!(
        "<section><h1 id=\"error\">{zh}</h1><p class=\"en\" lang=\"en\">{en}</p>{}</section>",
        enter("重新进入", "Enter again"),
    );
    page(config, None, &main)
}

fn welcome(config: &DepartmentConfig) -> String {
    format!(
        "<section><h1>{name}</h1><p class=\"en\" lang=\"en\">{name_en}</p>\
         <p>使用滨江市统一身份认证登录。已在其他部门登录过的，不必再次输入密码。</p>\
         <p class=\"en\" lang=\"en\">Sign in with the city's single sign-on. If you are signed in at another department, \
         you will not be asked again.</p>{enter}</section>{services}",
        name = escape(&config.name),
        name_en = escape(&config.name_en),
        enter = enter("进入", "Enter"),
        services = services(config, false),
    )
}

fn inside(config: &DepartmentConfig, signed_in: &SignedIn) -> String {
    let organisation = signed_in.organisation.as_deref().map_or_else(String::new, |organisation| {
        let organisation = escape(organisation);
        format!("<dt>单位 <span class=\"en\" lang=\"en\">Organisation</span></dt><dd id=\"org\">{organisation}</dd>")
    });
    let others = config
        .others
        .iter()
        .map(|other| {
            format!(
                "<a class=\"button\" id=\"to-{}\" href=\"{}/enter\">{}</a>",
                escape(&other.key),
                escape(&other.url),
                escape(&other.name),
            )
        })
        .collect::<Vec<_>>()
        .concat();
    format!(
        "<section><h1>您好，<span id=\"who\">{name}</span></h1>\
         <p class=\"en\" lang=\"en\">You are signed in.</p>\
         <dl><dt>姓名 <span class=\"en\" lang=\"en\">Name</span></dt><dd>{name}</dd>{organisation}</dl></section>\
         {services}<section><h2>其他部门 <span class=\"en\" lang=\"en\">Other departments</span></h2>\
         <div class=\"others\">{others}</div></section>",
        name = escape(&signed_in.name),
        services = services(config, true),
    )
}

/// What the department offers. Only the licences exist in the demonstration: they are the provider's own page, which
/// the visitor enters with the session that there is.
fn services(config: &DepartmentConfig, is_inside: bool) -> String {
    let list: &[(&str, &str)] = match config.theme {
        Theme::Portal => &[
            ("我的证照", MY_LICENCES),
            ("办事进度查询", "Progress of applications"),
            ("预约办事", "Make an appointment"),
            ("政策咨询", "Ask about a policy"),
        ],
        Theme::Property => &[
            ("不动产登记信息查询", "Search the register"),
            ("转移登记预约", "Transfer of ownership"),
            ("抵押登记", "Registration of a mortgage"),
            ("登记证明下载", "Download a certificate"),
        ],
        Theme::SocialInsurance => &[
            ("参保缴费查询", "Contributions"),
            ("社保关系转移", "Transfer of an account"),
            ("养老待遇测算", "Estimate of a pension"),
            ("参保证明打印", "Print a statement"),
        ],
    };
    let items = list
        .iter()
        .map(|(zh, en)| {
            let name = if is_inside && *en == MY_LICENCES {
                format!("<a id=\"to-licences\" href=\"{}/me/licences\">{zh}</a>", escape(&config.issuer))
            } else {
                (*zh).to_owned()
            };
            format!("<li>{name}<br><span class=\"en\" lang=\"en\">{en}</span></li>")
        })
        .collect::<Vec<_>>()
        .concat();
    format!(
        "<section><h2>可以办理 <span class=\"en\" lang=\"en\">Services</span></h2><ul class=\"services\">{items}</ul>\
         <p class=\"note\">没有链接的事项只列出名称。 <span lang=\"en\">Services without a link are only named.</span></p></section>"
    )
}

fn enter(zh: &str, en: &str) -> String {
    format!("<p><a class=\"button\" id=\"enter\" href=\"/enter\">{zh} <span lang=\"en\">{en}</span></a></p>")
}

fn page(config: &DepartmentConfig, signed_in: Option<&SignedIn>, main: &str) -> String {
    let person = signed_in.map_or_else(String::new, |signed_in| {
        format!(
            "<form class=\"person\" method=\"post\" action=\"/logout\"><span>{}</span>\
             <button id=\"logout\" type=\"submit\">退出 <span lang=\"en\">Sign out</span></button></form>",
            escape(&signed_in.name),
        )
    });
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{name}</title><link rel=\"stylesheet\" href=\"/style.css\"><link rel=\"icon\" href=\"/icon.svg\"></head>\
         <body class=\"{theme}\"><header><div class=\"wide\"><div><strong>{name}</strong>\
         <span class=\"en\" lang=\"en\">{name_en}</span></div>{person}</div></header>\
         <main><div class=\"wide\">{main}</div></main>\
         <footer><div class=\"wide\">演示应用，人物与单位均为虚构。 \
         <span lang=\"en\">A demonstration; all people and organisations are invented.</span></div></footer>\
         </body></html>",
        name = escape(&config.name),
        name_en = escape(&config.name_en),
        theme = match config.theme {
            Theme::Portal => "portal",
            Theme::Property => "property",
            Theme::SocialInsurance => "social_insurance",
        },
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_text_and_never_markup() {
        assert_eq!(escape("<b>\"张\"&'三'"), "&lt;b&gt;&quot;张&quot;&amp;&#39;三&#39;");
    }
}
