//! Watches the shop's stock and says what has run out.

use std::error::Error;
use std::time::Duration;

use clap::Parser;
use reqwest::{Client, Url};
use shop_api::{ITEMS, Items};

#[derive(Parser)]
#[command(version, about)]
struct Args {
    /// The shop's server.
    #[arg(long, env = "SHOP_URL", default_value = "http://localhost:8080")]
    url: Url,
    /// Seconds between looks.
    #[arg(long, default_value_t = 60)]
    interval: u64,
    /// Look once, then end.
    #[arg(long)]
    once: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    shop_telemetry::init();
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("installed nowhere else");

    let client = Client::new();
    loop {
        report(&client, &args.url).await?;
        if args.once {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(args.interval)).await;
    }
}

async fn report(client: &Client, shop: &Url) -> Result<(), Box<dyn Error>> {
    let Items { items } = client.get(shop.join(ITEMS)?).send().await?.json().await?;
    tracing::info!(count = items.len(), "looked at the stock");
    for item in items.iter().filter(|item| item.stock == 0) {
        println!("sold out: {} ({})", item.name, item.price);
    }
    Ok(())
}
