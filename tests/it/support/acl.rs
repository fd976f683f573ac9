//! The users that `deploy/README.md` tells operators to make, made as it says.

use super::redis::RedisServer;

/// The user, and its password in tests.
pub(crate) const USER: &str = "baton:secret@";
/// What the prefixes of all tests begin with.
pub(crate) const PREFIXES: &str = "it-*";

/// The commands of a block of that name, for keys and channels whose names begin so.
pub(crate) fn block(name: &str, prefix: &str) -> Vec<Vec<String>> {
    let text = include_str!("../../../deploy/README.md");
    let (_, rest) = text.split_once(&format!("```acl {name}\n")).expect("a block of that name");
    let (lines, _) = rest.split_once("```").expect("an end of the block");
    let word = |word: &str| match word {
        ">PASSWORD" => ">secret".to_owned(),
        word => word.replace("baton:", &format!("{prefix}:")),
    };
    lines.lines().map(|line| line.split_whitespace().map(word).collect()).collect()
}

/// The commands that a block permits.
pub(crate) fn permitted(name: &str) -> Vec<String> {
    let words = block(name, "").concat();
    words.iter().filter_map(|word| word.strip_prefix('+')).map(str::to_owned).collect()
}

/// Makes the user on a server.
pub(crate) async fn make_user(server: &RedisServer, blocks: &[&str], prefix: &str) {
    for name in blocks {
        for words in block(name, prefix) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            server.cli(&words).await;
        }
    }
}
