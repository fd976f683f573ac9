//! The part of a page's address that the node may keep.

use url::Url;

/// The most characters that are kept: the rest of a longer address is cut off.
pub const ADDRESS_CHARS: usize = 200;

/// Host (with a port that is not the default) and path of an http or https URL; none for others.
///
/// Scheme, user, query and fragment often carry secrets; so do path parameters (`;jsessionid=`).
pub fn host_and_path(url: &str) -> Option<Box<str>> {
    let url = Url::parse(url).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let mut address = url.host_str()?.to_owned();
    if let Some(port) = url.port() {
        address.push_str(&format!(":{port}"));
    }
    for segment in url.path_segments()? {
        address.push('/');
        address.push_str(segment.split(';').next().unwrap_or_default());
    }
    if let Some((end, _)) = address.char_indices().nth(ADDRESS_CHARS) {
        address.truncate(end);
    }
    Some(address.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_host_and_path_remain() {
        for (url, kept) in [
            ("https://shop.test", "shop.test/"),
            ("https://shop.test/cart?card=4111#token", "shop.test/cart"),
            ("http://user:secret@shop.test:8080/a/b/?q", "shop.test:8080/a/b/"),
            ("https://shop.test:443/#/route?secret", "shop.test/"),
            ("https://shop.test/a;jsessionid=secret/b;x", "shop.test/a/b"),
            ("HTTPS://SHOP.test/Ünïcode", "shop.test/%C3%9Cn%C3%AFcode"),
            ("  https://shop.test/x\n", "shop.test/x"),
            ("https://[::1]:9/x", "[::1]:9/x"),
        ] {
            assert_eq!(host_and_path(url).as_deref(), Some(kept), "{url}");
        }
    }

    #[test]
    fn what_is_no_page_of_the_web_has_no_address() {
        for url in ["", "cart?secret", "file:///home/jane", "data:text/html,x", "about:blank"] {
            assert_eq!(host_and_path(url), None, "{url}");
        }
    }

    #[test]
    fn a_long_address_is_cut_off() {
        let url = format!("https://shop.test/{}", "x".repeat(5000));
        assert_eq!(host_and_path(&url).unwrap().chars().count(), ADDRESS_CHARS);
    }
}
