//! What the shop sells.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something for sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub name: String,
    pub price: Cents,
    pub stock: u32,
}

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(pub u64);

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// The whole offer.
pub fn items() -> Vec<Item> {
    [("crab", 1250, 3), ("gear", 499, 40), ("crate", 899, 0)]
        .map(|(name, price, stock)| Item {
            name: name.to_owned(),
            price: Cents(price),
            stock,
        })
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::Cents;

    #[test]
    fn prices_have_two_decimals() {
        assert_eq!(Cents(1205).to_string(), "12.05");
        assert_eq!(Cents(7).to_string(), "0.07");
    }
}
