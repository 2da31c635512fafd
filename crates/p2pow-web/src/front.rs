//! [`Front`]: what the handlers of the API share.

use crate::{Config, board::Board, desk::Desk, history::History, payments::Payments, told::Crier};
use nano_http::CancellationToken;
use std::sync::Arc;

/// What handlers share.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) config: Config,
    pub(crate) desk: Desk,
    pub(crate) board: Arc<Board>,
    pub(crate) history: Arc<History>,
    pub(crate) payments: Arc<Payments>,
    pub(crate) crier: Crier,
    pub(crate) closing: CancellationToken,
}
