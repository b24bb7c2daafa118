use std::process::ExitCode;

fn main() -> ExitCode {
    duban::cli::main()
}
