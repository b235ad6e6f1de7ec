//! Turns the compiled browser half into files that a page can load: cuts the module at every `#[lazy]` function into parts
//! that are loaded on demand, and writes the JavaScript that connects the main part to the browser.
//!
//! ```text
//! bundle MODULE.wasm OUTPUT_FOLDER NAME
//! ```
//!
//! Writes `NAME.js`, `NAME.wasm`, the parts and their loader into the output folder. They refer to each other by relative
//! paths only, so the folder can be served under any path. `bundle --version` prints the version of wasm-bindgen.

use anyhow::{Context, Result, anyhow, bail};
use std::path::Path;
use std::{env, fs};
use wasm_bindgen_cli_support::Bindgen;

/// The version of wasm-bindgen that is built in. The build compares it with the one in the workspace's `Cargo.lock`.
const WASM_BINDGEN: &str = "0.2.130";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--version"] => {
            println!("bundle, wasm-bindgen {WASM_BINDGEN}");
            Ok(())
        }
        [module, output, name] => bundle(Path::new(module), Path::new(output), name),
        _ => bail!("usage: bundle MODULE.wasm OUTPUT_FOLDER NAME"),
    }
}

fn bundle(module: &Path, output: &Path, name: &str) -> Result<()> {
    let bytes = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    fs::create_dir_all(output).with_context(|| format!("cannot create {}", output.display()))?;

    // Splitting comes first: wasm-bindgen rewrites the main part and leaves the others alone.
    let main_part = module.with_file_name(format!("{name}.main.wasm"));
    let script = format!("./{name}.js");
    let mut options = wasm_split_cli_support::Options::new(&bytes);
    options.output_dir = output;
    options.main_out_path = &main_part;
    options.main_module = &script;
    options.link_name = "./parts.js";
    wasm_split_cli_support::transform(options).map_err(|error| anyhow!("cannot split the module: {error:?}"))?;

    Bindgen::new()
        .input_path(&main_part)
        .out_name(name)
        .web(true)?
        .typescript(false)
        // The parts link to the main part by the names that the linker gave.
        .keep_lld_exports(true)
        .demangle(false)
        .generate(output)
        .context("wasm-bindgen failed")?;
    fs::rename(output.join(format!("{name}_bg.wasm")), output.join(format!("{name}.wasm")))?;
    fs::remove_file(&main_part)?;
    Ok(())
}
