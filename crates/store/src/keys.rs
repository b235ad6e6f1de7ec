use crate::{StoreError, Tx};

/// # Errors
/// Every query fails where the database does.
impl Tx {
    /// Worker: keeps `sealed` for good, if nothing is kept yet, and answers what is. Of several who come first at the same
    /// time, the others wait for the one to commit.
    pub async fn keep_canary(&mut self, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        sqlx::query!("INSERT INTO keys VALUES ('canary', $1) ON CONFLICT DO NOTHING", sealed)
            .execute(self.connection())
            .await?;
        let kept = sqlx::query_scalar!("SELECT sealed FROM keys WHERE name = 'canary'");
        Ok(kept.fetch_one(self.connection()).await?)
    }

    /// Worker: keeps what was sealed anew.
    pub async fn reseal_canary(&mut self, sealed: &[u8]) -> Result<(), StoreError> {
        sqlx::query!("UPDATE keys SET sealed = $1 WHERE name = 'canary'", sealed).execute(self.connection()).await?;
        Ok(())
    }
}
