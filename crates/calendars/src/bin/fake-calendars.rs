//! Google Calendar and Microsoft Graph on this machine, for trying things out and for browser tests:
//!
//! ```sh
//! cargo run -p calendars --features fakes --bin fake-calendars -- 4801 4802
//! ```
//!
//! The first port is Google's, the second Microsoft's. It prints the environment that Yaksok wants for them.

#![allow(clippy::print_stdout, reason = "that is what it is for")]

use calendars::fakes::{CLIENT_ID, CLIENT_SECRET, Fake};
use calendars::remote::Provider;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ports: Vec<u16> = std::env::args().skip(1).map(|port| port.parse()).collect::<Result<_, _>>()?;
    let [google, microsoft] = ports[..] else { return Err("usage: fake-calendars GOOGLE_PORT MICROSOFT_PORT".into()) };
    let google = Fake::start(Provider::Google, ("127.0.0.1", google)).await?;
    let microsoft = Fake::start(Provider::Microsoft, ("127.0.0.1", microsoft)).await?;
    for (name, fake, api) in
        [("GOOGLE", &google, "GOOGLE_CALENDAR_API_URL"), ("MICROSOFT", &microsoft, "MICROSOFT_GRAPH_URL")]
    {
        let app = fake.app();
        println!("{name}_CLIENT_ID='{CLIENT_ID}'\n{name}_CLIENT_SECRET='{CLIENT_SECRET}'");
        println!(
            "{name}_AUTH_URL='{}'\n{name}_TOKEN_URL='{}'\n{api}='{}'",
            app.auth_url,
            app.token_url,
            fake.api_url()
        );
        if let Some(revoke) = app.revoke_url {
            println!("{name}_REVOKE_URL='{revoke}'");
        }
    }
    std::future::pending().await
}
