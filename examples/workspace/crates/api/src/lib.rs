//! What server and worker say to each other.

use serde::{Deserialize, Serialize};
use shop_catalog::Item;

/// Where the server says that it is well.
pub const HEALTH: &str = "/health";
/// Where it lists what is for sale.
pub const ITEMS: &str = "/items";

/// The answer at [`HEALTH`].
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub status: String,
    pub version: String,
}

/// The answer at [`ITEMS`].
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Items {
    pub items: Vec<Item>,
}
