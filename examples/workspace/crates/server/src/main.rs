//! Serves the shop's catalog.

mod health;
mod routes;

use std::net::SocketAddr;

use clap::{Parser, Subcommand};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(version, about)]
struct Args {
    /// Address to listen on.
    #[arg(long, env = "SHOP_LISTEN", default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Asks the server in this container whether it is well; for health checks in images without curl.
    Health,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let args = Args::parse();
    match args.command {
        Some(Command::Health) => health::check(args.listen.port()).await,
        None => serve(args.listen).await,
    }
}

async fn serve(address: SocketAddr) -> std::io::Result<()> {
    shop_telemetry::init();
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let mut terminate = signal(SignalKind::terminate())?;
    axum::serve(listener, routes::app())
        .with_graceful_shutdown(async move {
            terminate.recv().await;
        })
        .await
}
