pub const HERE: &str = "here";
