//! The document around the app, as the server sends it.

use crate::pages::App;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

/// What runs before anything is drawn, in the head and before the stylesheet.
///
/// - It learns the browser's time zone (the one that was chosen here before, else the device's) and keeps it in a cookie, so
///   that the server renders with it. Where this page was rendered with another zone (`data-zone`, see
///   [`Tag::Zone`](crate::components::head::Tag::Zone)), it is loaded once more before anything of it is seen; and with
///   the zone in its address where the browser keeps no cookies or the server does not know the zone.
/// - A page whose form was sent and that the browser has kept is loaded anew when it is shown again: what was sent may be
///   done.
const FIRST: &str = include_str!("document.js");

/// Where the files are that every page needs: the build puts a hash of each into its name.
#[derive(Clone, Debug)]
pub struct Files {
    style: String,
    script: String,
    program: String,
}

impl Files {
    /// From the build's list of hashes, see `scripts/bundle.mjs`: `css: aB3…` is in the name of the stylesheet,
    /// `program: c4…` is the folder of the program's files. Without a hash a file has its plain name.
    ///
    /// ```
    /// let files = app::document::Files::listed("css: b2\nprogram: a1");
    /// assert!(format!("{files:?}").contains("/pkg/yaksok.b2.css"));
    /// assert!(format!("{files:?}").contains("/pkg/a1/yaksok.js"));
    /// ```
    pub fn listed(hashes: &str) -> Self {
        let hash = |kind: &str, after: &str| {
            let mut listed = hashes.lines().filter_map(|line| line.split_once(':'));
            listed
                .find(|(of, _)| of.trim() == kind)
                .map(|(_, hash)| format!("{}{after}", hash.trim()))
                .unwrap_or_default()
        };
        let folder = hash("program", "/");
        Self {
            style: format!("/pkg/yaksok.{}css", hash("css", ".")),
            script: format!("/pkg/{folder}yaksok.js"),
            program: format!("/pkg/{folder}yaksok.wasm"),
        }
    }

    /// Loads the program once the page is drawn, so that nothing that is seen waits for it: until it runs, links and forms
    /// are the browser's own. Where it does not run, `data-failed` says so.
    fn start(&self) -> String {
        let Self { script, program, .. } = self;
        format!(
            "requestAnimationFrame(() => setTimeout(async () => {{\
                 try {{\
                     const [script, program] = [import('{script}'), fetch('{program}')];\
                     const app = await script;\
                     await app.default({{ module_or_path: program }});\
                     app.hydrate();\
                 }} catch (error) {{\
                     document.documentElement.dataset.failed = '';\
                     throw error;\
                 }}\
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
                <script nonce=use_nonce()>{FIRST}</script>
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
