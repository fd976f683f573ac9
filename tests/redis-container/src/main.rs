//! Runs a Redis server in a container for as long as standard input stays open.
//!
//! It does what `tests/it/support/redis.sh` does, so that every test runs unchanged with
//! `BATON_REDIS_LAUNCHER` naming this program: its arguments are the server's, it prints the pid of
//! the server, ends when the server does, and leaves nothing behind. The container has the network,
//! the process ids, the user and the temporary directory of the host: ports, cluster buses, files and
//! signals are as with a process.

use std::{
    env,
    error::Error,
    fs,
    io::{self, Read, Write},
    os::unix::fs::MetadataExt,
    process::ExitCode,
    thread,
};

use tempfile::TempDir;
use testcontainers::{
    ContainerAsync, ContainerRequest, GenericImage, ImageExt, core::Mount, runners::AsyncRunner,
};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt},
    sync::oneshot,
};

/// Names another image, as `name:tag`.
const IMAGE: &str = "BATON_REDIS_IMAGE";
/// The image where none is named.
const DEFAULT_IMAGE: &str = "redis:7-alpine";
/// Names the label of the containers of one run, by which whoever started it counts what is left.
const RUN: &str = "BATON_REDIS_RUN";
/// The label.
const LABEL: &str = "baton.tests.run";
/// Prints the server's pid and becomes the server, whose own output would be kept by the engine.
const SERVER: &str = "server=$(command -v redis-server || command -v valkey-server) || exit 127; \
                      echo $$; exec \"$server\" \"$@\" >/dev/null 2>&1";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("baton-redis-container: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let files = TempDir::new()?;
    let container = request(&files)?.start().await?;
    let served = serve(&container).await;
    // Not left to its drop, which nobody would wait for: the port must be free afterwards.
    let removed = container.rm().await;
    served?;
    Ok(removed?)
}

fn request(files: &TempDir) -> Result<ContainerRequest<GenericImage>> {
    let image = env::var(IMAGE).unwrap_or_else(|_| DEFAULT_IMAGE.to_owned());
    let (name, tag) = image.rsplit_once(':').ok_or("the image has no tag")?;
    let directory = files.path().to_str().ok_or("the temporary directory has no readable name")?;
    let shared = env::temp_dir().to_str().ok_or("so has its parent")?.to_owned();
    let owner = fs::metadata(files.path())?;
    let script = ["-c", SERVER, "redis"].map(str::to_owned);
    let own = ["--dir", directory].map(str::to_owned);
    let words = script.into_iter().chain(env::args().skip(1)).chain(own);
    Ok(GenericImage::new(name, tag)
        .with_entrypoint("sh")
        .with_cmd(words)
        .with_network("host")
        .with_user(format!("{}:{}", owner.uid(), owner.gid()))
        .with_mount(Mount::bind_mount(&shared, &shared))
        .with_label(LABEL, env::var(RUN).unwrap_or_else(|_| "none".to_owned()))
        .with_host_config_modifier(|host| host.pid_mode = Some("host".to_owned())))
}

/// Tells the pid; returns when the server has ended, or nobody wants it any more.
async fn serve(container: &ContainerAsync<GenericImage>) -> Result<()> {
    let mut output = container.stdout(true);
    let mut line = String::new();
    output.read_line(&mut line).await?;
    let mut out = io::stdout();
    out.write_all(line.as_bytes())?;
    out.flush()?;
    tokio::select! {
        () = ended(output) => {}
        _ = input_ended() => {}
    }
    Ok(())
}

/// On a thread that nobody waits for: a read of tokio's would hold up the end of the program.
fn input_ended() -> oneshot::Receiver<()> {
    let (ended, heard) = oneshot::channel();
    thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        let _ = ended.send(());
    });
    heard
}

/// Nothing more is printed: the output ends, in whatever way, with the server.
async fn ended(mut output: impl AsyncBufRead + Unpin) {
    let mut rest = Vec::new();
    let _ = output.read_to_end(&mut rest).await;
}
