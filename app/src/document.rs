//! The document around the app, as the server sends it.

use crate::pages::App;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

/// Where the files are that every page needs: the build puts a hash of each into its name.
#[derive(Clone, Debug)]
pub struct Files {
    style: String,
    script: String,
    program: String,
}

impl Files {
    /// From the build's list of hashes, a line such as `css: aB3…` for each kind of file. A kind that it does not tell of has
    /// no hash in its name.
    ///
    /// ```
    /// let files = app::document::Files::listed("js: a1\ncss: b2");
    /// assert!(format!("{files:?}").contains("/pkg/yaksok.b2.css"));
    /// ```
    pub fn listed(hashes: &str) -> Self {
        let path = |kind: &str| {
            let listed = hashes.lines().filter_map(|line| line.split_once(':'));
            let hash = listed.filter(|(of, _)| of.trim() == kind).map(|(_, hash)| format!("{}.", hash.trim())).next();
            format!("/pkg/yaksok.{}{kind}", hash.unwrap_or_default())
        };
        Self { style: path("css"), script: path("js"), program: path("wasm") }
    }

    /// Loads the program once the page is drawn, so that nothing that is seen waits for it: until it runs, links and forms
    /// are the browser's own.
    fn start(&self) -> String {
        let Self { script, program, .. } = self;
        format!(
            "requestAnimationFrame(() => setTimeout(async () => {{\
                 const [script, program] = [import('{script}'), fetch('{program}')];\
                 const app = await script;\
                 await app.default({{ module_or_path: program }});\
                 app.hydrate();\
             }}));"
        )
    }
}

/// The document.
pub fn shell(files: &Files) -> impl IntoView + use<> {
    view! {
        <!DOCTYPE html>
        <html>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f8f5ee"/>
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#151311"/>
                <meta name="format-detection" content="telephone=no"/>
                <link rel="stylesheet" href=files.style.clone()/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="icon" href="/favicon.ico" sizes="32x32"/>
                <link rel="apple-touch-icon" href="/apple-touch-icon.png"/>
                <script type="module" nonce=use_nonce()>{files.start()}</script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}
