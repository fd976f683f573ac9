//! Tells cargo when the built front end changes; with `require-web`, that it must be there.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=web/dist");
    let required = std::env::var_os("CARGO_FEATURE_REQUIRE_WEB").is_some();
    if required && !Path::new("web/dist/cobrowse/visitor.js").exists() {
        println!("cargo::error=web/dist is missing: run `npm ci && npm run build` in web/ first");
    }
}
