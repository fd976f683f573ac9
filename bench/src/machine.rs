//! On what a table was measured, without naming the machine.

use std::{fs, process::Command};

use crate::Result;

/// Date, processors, kernel and Redis, in one line.
pub(crate) fn describe() -> Result<String> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo")?;
    let models =
        cpuinfo.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = models.map(|(_, model)| model.trim()).next().unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let kernel = kernel.trim().split('-').next().unwrap_or_default().to_owned();
    let date = said("date", &["-u", "+%F"])?;
    let redis = said("redis-server", &["--version"])?;
    let redis = redis.split(' ').find_map(|word| word.strip_prefix("v=")).unwrap_or("?").to_owned();
    Ok(format!("{date}; {cores} cores of {model}, Linux {kernel}, Redis {redis}"))
}

fn said(program: &str, words: &[&str]) -> Result<String> {
    let output = Command::new(program).args(words).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
