//! Man pages and shell completions, from the arguments themselves: `cargo run --example manual -- FOLDER`.

use std::{error::Error, fs, path::Path};

use clap_complete::Shell;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: manual FOLDER")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder.join("man"))?;
    let mut duban = duban::cli::command();
    for (shell, name) in [(Shell::Bash, "duban.bash"), (Shell::Zsh, "_duban"), (Shell::Fish, "duban.fish")] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut duban, "duban", &mut script);
        fs::write(folder.join(name), script)?;
    }
    clap_mangen::generate_to(duban, folder.join("man"))?;
    Ok(())
}
