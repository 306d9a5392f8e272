//! The metadata of a licence, as XMP.

use base::Instant;

use crate::{Error, layout::is_metadata_name, limits};

/// The name space of the licence entries. Entries that GB/T 36903 knows bear its names.
pub(crate) const NAMESPACE: &str = "urn:guosuo:licence:1:";

/// What the metadata says.
pub(crate) struct Metadata<'a> {
    pub(crate) title: &'a str,
    pub(crate) creator: &'a str,
    pub(crate) at: Instant,
    pub(crate) entries: &'a [(&'a str, &'a str)],
}

/// The packet. It describes its own entries, as PDF/A asks of a name space that is not in its own list.
pub(crate) fn packet(facts: &Metadata<'_>) -> Result<Vec<u8>, Error> {
    if facts.entries.len() > limits::FIELDS_MAX * 2 {
        return Err(Error::TooLong { field: "metadata".to_owned() });
    }
    let mut out = String::with_capacity(4_096 + facts.entries.len() * 320);
    out.push_str(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n\
         <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" \
         xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\" \
         xmlns:pdfaExtension=\"http://www.aiim.org/pdfa/ns/extension/\" \
         xmlns:pdfaSchema=\"http://www.aiim.org/pdfa/ns/schema#\" \
         xmlns:pdfaProperty=\"http://www.aiim.org/pdfa/ns/property#\" xmlns:gs=\"",
    );
    out.push_str(NAMESPACE);
    out.push_str(
        "\">\n<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>\
         <pdf:Producer>Guosuo</pdf:Producer><xmp:CreatorTool>Guosuo</xmp:CreatorTool>\n<xmp:CreateDate>",
    );
    let date = date(facts.at);
    out.push_str(&date);
    out.push_str("</xmp:CreateDate><xmp:ModifyDate>");
    out.push_str(&date);
    out.push_str(
        "</xmp:ModifyDate>\n<dc:format>application/pdf</dc:format><dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">",
    );
    escape(&mut out, facts.title);
    out.push_str("</rdf:li></rdf:Alt></dc:title><dc:creator><rdf:Seq><rdf:li>");
    escape(&mut out, facts.creator);
    out.push_str("</rdf:li></rdf:Seq></dc:creator>\n");
    for (name, value) in facts.entries {
        if !is_metadata_name(name) {
            return Err(Error::MetadataName { name: (*name).to_owned() });
        }
        if value.chars().count() > limits::METADATA_CHARACTERS_MAX {
            return Err(Error::TooLong { field: (*name).to_owned() });
        }
        for part in ["<gs:", name, ">"] {
            out.push_str(part);
        }
        escape(&mut out, value);
        for part in ["</gs:", name, ">\n"] {
            out.push_str(part);
        }
    }
    describe(&mut out, facts.entries);
    out.push_str("</rdf:Description>\n</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>");
    Ok(out.into_bytes())
}

fn describe(out: &mut String, entries: &[(&str, &str)]) {
    out.push_str(
        "<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType=\"Resource\">\
         <pdfaSchema:schema>Licence</pdfaSchema:schema><pdfaSchema:namespaceURI>",
    );
    out.push_str(NAMESPACE);
    out.push_str("</pdfaSchema:namespaceURI><pdfaSchema:prefix>gs</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>\n");
    for (name, _) in entries {
        out.push_str("<rdf:li rdf:parseType=\"Resource\"><pdfaProperty:name>");
        out.push_str(name);
        out.push_str(
            "</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>\
             <pdfaProperty:category>external</pdfaProperty:category>\
             <pdfaProperty:description>field</pdfaProperty:description></rdf:li>\n",
        );
    }
    out.push_str("</rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>\n");
}

fn date(at: Instant) -> String {
    format!("{}+08:00", at.legal_text().replace(' ', "T"))
}

fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // XML has no way to write these.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push(' '),
            _ => out.push(character),
        }
    }
}
