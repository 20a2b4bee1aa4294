//! `statut`, as an operator runs it beside the platform, and what an accident does to the platform.

use std::process::Stdio;

use crate::stack::Stack;

/// Where `cargo local test` says that `statut` is.
const TOOL: &str = "STATUT_ETUDIANT_TOOL";

/// What a command came to.
#[derive(Debug)]
pub struct Outcome {
    /// Whether it succeeded.
    pub success: bool,
    /// What it printed.
    pub output: String,
    /// What it said of errors.
    pub errors: String,
}

impl Stack {
    /// Runs a command of `statut`, which finds the platform of the checkout that the tests run in.
    ///
    /// # Panics
    ///
    /// When there is no such program.
    pub async fn tool(&self, arguments: &[&str]) -> Outcome {
        let program = std::env::var(TOOL)
            .unwrap_or_else(|_| panic!("{TOOL} is not set: run `cargo local test`"));
        let mut command = std::process::Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        let run = tokio::task::spawn_blocking(move || command.output());
        let output = run.await.expect("the command ends").expect("the command starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Outcome {
            success: output.status.success(),
            output: text(&output.stdout),
            errors: text(&output.stderr),
        }
    }

    /// Kills every process that runs a function, as a machine that fails would; says how many.
    ///
    /// # Panics
    ///
    /// Where there is no `/proc`.
    #[must_use]
    pub fn kill_function(&self, function: &str) -> usize {
        let name = self.output(&format!("{function}_function"));
        let wanted = format!("AWS_LAMBDA_FUNCTION_NAME={name}");
        let endpoint = format!("AWS_ENDPOINT_URL={}", self.output("endpoint_url"));
        let processes = std::fs::read_dir("/proc").expect("Linux tells its processes").flatten();
        let killed = processes.filter(|process| {
            let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
            let variables: Vec<_> = environment.split(|byte| *byte == 0).collect();
            // Of this platform alone: another checkout's has another address.
            let is_ours = [&wanted, &endpoint]
                .iter()
                .all(|variable| variables.contains(&variable.as_bytes()));
            let id = process.file_name().into_string().ok().and_then(|id| id.parse().ok());
            let id = id.filter(|_| is_ours).and_then(rustix::process::Pid::from_raw);
            id.is_some_and(|id| {
                rustix::process::kill_process(id, rustix::process::Signal::KILL).is_ok()
            })
        });
        killed.count()
    }
}
