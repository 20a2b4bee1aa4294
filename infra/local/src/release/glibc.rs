//! The C library that a program asks for. A package that was linked against a newer one than
//! Lambda's doesn't start there, and nothing says so before its first invocation.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use object::read::elf::{ElfFile64, FileHeader as _};
use object::{Endianness, elf};

/// glibc of Amazon Linux 2023, which `provided.al2023` is ("Building Lambda functions with Rust",
/// AWS Lambda Developer Guide; "glibc" of the AL2023 release notes).
pub(crate) const OF_LAMBDA: Version = Version { major: 2, minor: 34 };

/// A version of glibc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u16,
    minor: u16,
}

impl Version {
    /// Reads `GLIBC_2.28`, or `GLIBC_2.2.5` of which the last number says nothing here.
    fn parse(symbol_version: &str) -> Option<Self> {
        let mut numbers = symbol_version.strip_prefix("GLIBC_")?.split('.');
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.parse().ok()?;
        Some(Self { major, minor })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// The newest version that a program needs, which Lambda must have; refuses a program of another
/// processor than `machine` (`elf::EM_X86_64`, `elf::EM_AARCH64`).
pub(crate) fn needed(program: &Path, machine: elf::Machine) -> Result<Version> {
    let bytes =
        std::fs::read(program).with_context(|| format!("{} can't be read", program.display()))?;
    newest(&bytes, machine).with_context(|| program.display().to_string())
}

fn newest(bytes: &[u8], machine: elf::Machine) -> Result<Version> {
    let file: ElfFile64<'_, Endianness> = ElfFile64::parse(bytes)?;
    let (header, endian) = (file.elf_header(), file.endian());
    let built_for = header.e_machine(endian);
    if built_for != machine {
        bail!("built for another processor (ELF machine {} instead of {})", built_for.0, machine.0);
    }
    let sections = header.sections(endian, bytes)?;
    let (mut needs, strings) = sections
        .gnu_verneed(endian, bytes)?
        .map(|(needs, link)| {
            Ok::<_, anyhow::Error>((needs, sections.strings(endian, bytes, link)?))
        })
        .transpose()?
        .ok_or_else(|| anyhow!("needs no shared library: it isn't linked as Lambda's are"))?;
    let mut newest: Option<Version> = None;
    while let Some((_, mut versions)) = needs.next()? {
        while let Some(version) = versions.next()? {
            let name = version.name(endian, strings)?;
            newest = newest.max(Version::parse(&String::from_utf8_lossy(name)));
        }
    }
    let newest = newest.ok_or_else(|| anyhow!("asks for no version of glibc"))?;
    if newest > OF_LAMBDA {
        bail!("needs glibc {newest}, and Lambda has {OF_LAMBDA}");
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(Version::parse("GLIBC_2.4") < Version::parse("GLIBC_2.34"));
        assert_eq!(Version::parse("GLIBC_2.2.5"), Some(Version { major: 2, minor: 2 }));
        assert_eq!(Version::parse("GCC_3.0"), None);
        assert_eq!(Version::parse("GLIBC_PRIVATE"), None);
    }

    /// What runs this is a program of this machine: its processor is seen, and another is refused.
    #[test]
    fn the_processor_of_a_program_is_seen() {
        let own = std::env::current_exe().unwrap();
        let (machine, other) = if cfg!(target_arch = "x86_64") {
            (elf::EM_X86_64, elf::EM_AARCH64)
        } else {
            (elf::EM_AARCH64, elf::EM_X86_64)
        };
        let refused = format!("{:#}", needed(&own, other).unwrap_err());
        assert!(refused.contains("another processor"), "{refused}");
        // This machine's own C library may be newer than Lambda's.
        match needed(&own, machine) {
            Ok(version) => assert!(version <= OF_LAMBDA),
            Err(error) => assert!(format!("{error:#}").contains("and Lambda has 2.34")),
        }
    }

    #[test]
    fn what_is_no_program_is_refused() {
        assert!(newest(b"#!/bin/sh\n", elf::EM_X86_64).is_err());
    }
}
