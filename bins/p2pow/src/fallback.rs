//! `--fallback`: what works on a job that no worker delivers.

use nano_pow::{Backend, CpuBackend, Pool};
use nano_rpc::Client;
use nano_work::RemoteBackend;
use p2pow_cli::{
    Failure,
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
pub(crate) fn pool(helpers: &[Helper]) -> Result<Option<Pool>, Failure> {
    let mut backends: Vec<Box<dyn Backend>> = Vec::new();
    for helper in helpers {
        match helper {
            Helper::None => {}
            Helper::Local => backends.push(Box::new(CpuBackend::all_cores())),
            Helper::Server(url) => {
                let client = Client::new(url)
                    .map_err(|error| Failure::Usage(format!("--fallback: {error}")))?;
                backends.push(Box::new(RemoteBackend::new(&client)?));
            }
        }
    }
    Ok((!backends.is_empty()).then(|| Pool::new(backends)))
}
