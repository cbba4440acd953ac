//! What the server answers.

use axum::extract::Query;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use shop_api::{HEALTH, Health, ITEMS, Items};
use tower_http::trace::TraceLayer;

pub fn app() -> Router {
    Router::new()
        .route(HEALTH, get(health))
        .route(ITEMS, get(items))
        .layer(TraceLayer::new_for_http())
}

async fn health() -> Json<Health> {
    Json(Health {
        status: "ok".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

#[derive(Deserialize)]
struct Filter {
    #[serde(default)]
    in_stock: bool,
}

async fn items(Query(filter): Query<Filter>) -> Json<Items> {
    let mut items = shop_catalog::items();
    items.retain(|item| !filter.in_stock || item.stock > 0);
    Json(Items { items })
}
