//! `--fallback`: what works on a job that no worker delivers.

use nano_pow::{Backend, CpuBackend, Pool};
use nano_rpc::{Client, ClientBuilder};
use nano_work::RemoteBackend;
use p2pow_cli::{
    Failure,
    config::{Given, Layout, Table},
    values::{self, ValueError},
};

/// One thing that works on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Helper {
    /// Nothing.
    None,
    /// This computer's processor.
    Local,
    /// A server that answers `work_generate`.
    Server(String),
}

/// A table `[[work_server]]` of the file.
#[derive(Debug, clap::Args)]
struct ServerEntry {
    /// Which of the work servers of `fallback`, such as https://work.example.org
    #[arg(long, value_parser = values::http_url)]
    url: String,
}

/// The tables of the file for these.
pub(crate) fn in_file(layout: Layout) -> Layout {
    let about = "Headers that it wants to see";
    let server = Layout::new().options::<ServerEntry>().texts("headers", about, "X-API-Key");
    layout.list("work_server", "What a work server that `fallback` names wants to see", server)
}

/// Reads `none`, `local` or a URL.
pub(crate) fn helper(text: &str) -> Result<Helper, ValueError> {
    match text {
        "none" => Ok(Helper::None),
        "local" => Ok(Helper::Local),
        url => values::http_url(url).map(Helper::Server).map_err(|_| {
            ValueError::new("none, local, or URLs of work servers: http://… or https://…")
        }),
    }
}

/// All of them together, if there is any.
pub(crate) fn pool(helpers: &[Helper], file: &Table) -> Result<Option<Pool>, Failure> {
    let mut backends: Vec<Box<dyn Backend>> = Vec::new();
    for helper in helpers {
        match helper {
            Helper::None => {}
            Helper::Local => backends.push(Box::new(CpuBackend::all_cores())),
            Helper::Server(url) => {
                let client = with_headers(Client::builder(url), url, file)?
                    .build()
                    .map_err(|error| Failure::Usage(format!("--fallback: {error}")))?;
                backends.push(Box::new(RemoteBackend::new(&client)?));
            }
        }
    }
    Ok((!backends.is_empty()).then(|| Pool::new(backends)))
}

/// With what the file says that this server wants to see, and no other.
fn with_headers(
    mut client: ClientBuilder,
    url: &str,
    file: &Table,
) -> Result<ClientBuilder, Failure> {
    for table in file.tables("work_server") {
        let entry: ServerEntry = table.options(&Given::nothing())?;
        if entry.url == url {
            for (name, value) in &table.texts("headers") {
                client = client.header(name, value);
            }
        }
    }
    Ok(client)
}
