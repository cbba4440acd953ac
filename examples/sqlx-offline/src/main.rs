//! Keeps a guest book in SQLite. The compiler checks the queries against what is in `.sqlx`.

use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;

#[tokio::main(flavor = "current_thread")]
async fn main() -> sqlx::Result<()> {
    // A database in memory lives as long as its connection.
    let url = std::env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite::memory:".to_owned());
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect(&url)
        .await?;
    sqlx::migrate!().run(&pool).await?;

    for name in std::env::args().skip(1) {
        sign(&pool, &name).await?;
    }
    for guest in sqlx::query!("SELECT id, name FROM guests ORDER BY id")
        .fetch_all(&pool)
        .await?
    {
        println!("{}. {}", guest.id, guest.name);
    }
    Ok(())
}

async fn sign(pool: &SqlitePool, name: &str) -> sqlx::Result<()> {
    sqlx::query!("INSERT INTO guests (name) VALUES (?)", name)
        .execute(pool)
        .await?;
    Ok(())
}
