//! The effective settings as `baton check-config` prints them.

use super::settings::Cookie;
use super::settings::{CookieAttributes, Settings};

impl Settings {
    /// The effective configuration as TOML, in the order of the sections, secrets redacted.
    pub fn to_toml_redacted(&self) -> String {
        let public_url = self.public_url(self.listen);
        let mut shown = self.clone();
        shown.cobrowse.cookie =
            self.cobrowse.cookie.attributes(public_url.scheme() == "https").into();
        shown.node.internal_url = Some(self.internal_url(self.listen));
        shown.public_url = Some(public_url);
        // Text keys, numbers, texts and tables: nothing in it that TOML could not write.
        toml::to_string(&shown).unwrap_or_else(|error| format!("# cannot be shown: {error}\n"))
    }
}

impl From<CookieAttributes> for Cookie {
    fn from(effective: CookieAttributes) -> Self {
        Self {
            same_site: Some(effective.same_site),
            secure: Some(effective.secure),
            partitioned: Some(effective.partitioned),
        }
    }
}
