//! `p2pow key inspect`.

use super::shown::Shown;
use nano_primitives::Account;
use p2pow_cli::{Failure, output, values};
use qrcode::{QrCode, render::unicode::Dense1x2};
use std::io::{self, IsTerminal};

pub(super) const HELP: &str = "\
The QR code is what wallets scan to pay to the account (nano:nano_…). It is shown where people look, and with --qr also \
     elsewhere.

Examples:
  p2pow key inspect nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo
  p2pow key inspect C008B814A7D269A1FA3C6528B19201A24D797912DB9996FF02A1FF356E45552B --json";

/// Options of `key inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct InspectArgs {
    /// An account (nano_…) or a public key in 64 hexadecimal digits
    #[arg(value_name = "KEY", value_parser = values::account)]
    key: Account,
    /// Show the account as a QR code even if nobody looks at a terminal
    #[arg(long, conflicts_with = "json")]
    qr: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(super) fn run(args: &InspectArgs) -> Result<(), Failure> {
    Shown::of(args.key).print(args.json)?;
    if args.qr || (!args.json && io::stdout().is_terminal()) {
        output::line(qr(args.key)?)?;
    }
    Ok(())
}

/// The account as wallets scan it. Light on dark, as terminals mostly are; scanners take both.
fn qr(account: Account) -> Result<String, Failure> {
    let code = QrCode::new(format!("nano:{account}"))?;
    let (dark, light) = (Dense1x2::Light, Dense1x2::Dark);
    Ok(code.render::<Dense1x2>().dark_color(dark).light_color(light).build())
}
