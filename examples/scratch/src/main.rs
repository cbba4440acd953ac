//! Says what a program finds in a scratch image: itself, and the roots that TLS clients trust.

use std::error::Error;
use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

const CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";

fn main() -> Result<(), Box<dyn Error>> {
    let roots = CertificateDer::pem_file_iter(CA_FILE)?.collect::<Result<Vec<_>, _>>()?;
    if roots.is_empty() {
        return Err(format!("no certificate in {CA_FILE}").into());
    }
    println!("program: {}", std::env::current_exe()?.display());
    println!("certificate roots: {CA_FILE}");
    let shell = Path::new("/bin/sh");
    println!("shell: {}", if shell.exists() { "yes" } else { "none" });
    Ok(())
}
