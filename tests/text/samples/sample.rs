//! A queue of parcels.
use crate::route::{self, Leg, Route as Way};
use std::collections::HashMap;
use std::fmt::{self, *};
pub use self::errors::Full;

mod errors;

pub const LIMIT: usize = 16;
static COUNT: u32 = 0;

/// What is sent.
#[derive(Debug, Clone)]
pub struct Parcel<T> {
    pub weight: u32,
    content: Option<T>,
}

#[derive(Debug)]
enum State {
    Waiting,
    Sent { by: String },
}

pub trait Carrier: fmt::Debug {
    const NAME: &'static str;
    type Cost;

    fn carry(&mut self, parcel: &Parcel<u8>, legs: usize) -> Result<Self::Cost, Full>;

    fn rest(&self) {
        log::info!("resting {}", self.describe());
    }
}

impl<T: Clone> Parcel<T> {
    /// A light one.
    #[inline]
    pub fn new(
        weight: u32,
        content: T,
    ) -> Self {
        Self { weight, content: Some(content) }
    }

    fn is_empty(&self) -> bool {
        self.content.as_ref().map(|_| false).unwrap_or(true)
    }
}

impl<T> fmt::Display for Parcel<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", weigh(self.weight))
    }
}

pub(crate) async fn weigh(grams: u32) -> String {
    fn pad(text: &str) -> String {
        format!("{text:>8}")
    }
    let way = Way::shortest::<Leg>(LIMIT);
    pad(&way.total(grams).to_string())
}

macro_rules! parcel {
    ($weight:expr) => {
        Parcel::new($weight, ())
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_empty() {
        let parcel: Parcel<()> = parcel!(3);
        assert!(parcel.is_empty());
    }
}
